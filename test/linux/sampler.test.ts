import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { emptySample } from '../../src/core/sample.ts';
import { ABSENT } from '../../src/core/units.ts';
import { REAL_ROOTS } from '../../src/linux/root.ts';
import { createSampler, type Sampler } from '../../src/linux/sampler.ts';
import { type FakeProc, fakeProc, fixture } from '../support/fake-proc.ts';
import { createFileIo, type FileIo } from '../support/file-io.ts';

const [ENOENT, EINTR, EIO, ENOMEM, EBADF, EMSGSIZE, EOPNOTSUPP] = [2, 4, 5, 12, 9, 90, 95];

let proc: FakeProc;
let io: FileIo;
let sampler: Sampler;
const sample = emptySample();

const start = (tree: Parameters<typeof fakeProc>[0] = {}): void => {
  proc = fakeProc({ ...tree, files: { 'sys/vm/oom_kill_allocating_task': '0\n', ...tree.files } });
  io = createFileIo();
  sampler = createSampler(proc.roots, io);
};
const stateOf = (name: string) => {
  const found = sampler.sources.find((source) => source.name === name);
  if (found === undefined) throw new Error(name);
  return found;
};
const news = () =>
  sampler.sources
    .filter(({ isNews }) => isNews)
    .map((source) => {
      source.isNews = false;
      return `${source.name} ${source.isUp ? 'up' : 'down'}`;
    });

beforeEach(() => start());
afterEach(() => {
  sampler.close();
  proc.remove();
});

describe('createSampler', () => {
  it('reads what the files say now, through the same descriptors', () => {
    const opened = io.calls.open;
    proc.meminfo({ MemAvailable: 4711 });
    proc.pressure('memory', { someUs: 5, fullUs: 3 });
    proc.pressure('cpu', { someUs: 9 });
    proc.vmstat({ allocstall_dma: 2, allocstall_normal: 5 });
    sampler.readBasics(sample);
    sampler.readDetails(sample);
    expect(sample).toMatchObject({
      memAvailableKiB: 4711,
      memorySomeUs: 5,
      memoryFullUs: 3,
      cpuSomeUs: 9,
      allocstall: 7,
    });
    expect(sample.zoneFreePages).toBeGreaterThan(0);
    expect(io.calls.open).toBe(opened);
    expect(news()).toEqual([]);
  });

  it('needs two system calls for the basics, and blanks the details of an earlier tick', () => {
    sampler.readBasics(sample);
    sampler.readDetails(sample);
    io.calls.pread = 0;
    sampler.readBasics(sample);
    expect(io.calls.pread).toBe(2);
    expect(sample).toMatchObject({ allocstall: ABSENT, zoneFreePages: ABSENT, ioFullUs: ABSENT, cpuSomeUs: ABSENT });
    expect(sample.memTotalKiB).toBeGreaterThan(0);
  });

  it('knows vm.oom_kill_allocating_task in detailed ticks, and says nothing where it is not there', () => {
    sampler.close();
    proc.remove();
    start({ files: { 'sys/vm/oom_kill_allocating_task': null } });
    sampler.readBasics(sample);
    sampler.readDetails(sample);
    expect(sample.oomKillAllocatingTask).toBe(ABSENT);
    proc.file('sys/vm/oom_kill_allocating_task', '0\n');
    sampler.repair(60_000);
    sampler.readDetails(sample);
    expect(sample.oomKillAllocatingTask).toBe(0);
    proc.file('sys/vm/oom_kill_allocating_task', '1\n');
    sampler.readDetails(sample);
    expect(sample.oomKillAllocatingTask).toBe(1);
    sampler.readBasics(sample);
    expect(sample.oomKillAllocatingTask).toBe(ABSENT);
    proc.file('sys/vm/oom_kill_allocating_task', 'yes\n');
    sampler.readDetails(sample);
    expect(sample.oomKillAllocatingTask).toBe(ABSENT);
    expect(news()).toEqual([]);
  });

  it('asks files of /proc/sys for no more than they have: the kernel takes as much memory for the answer', () => {
    sampler.readDetails(sample);
    const asked = [...io.asked].filter(([path]) => path.includes('/sys/'));
    expect(asked).toHaveLength(1);
    for (const [path, length] of asked) expect(length, path).toBeLessThanOrEqual(64);
  });

  it('puts together files that the kernel gives out a page at a time', () => {
    proc.vmstat({ oom_kill: 99, pgmajfault: 98 });
    io.chunkBytes = 128;
    proc.meminfo({ MemFree: 5 });
    sampler.readDetails(sample);
    expect(sample).toMatchObject({ oomKill: 99, pgmajfault: 98 });
    expect(sample.zoneFreePages).toBe(3808 + 41_252 + 61_188);
  });

  it('closes every descriptor', () => {
    sampler.close();
    expect(io.openPaths()).toEqual([]);
  });
});

describe('a kernel without PSI', () => {
  beforeEach(() => {
    sampler.close();
    proc.remove();
    start({ pressure: null });
  });

  it('is told once, and everything else is read', () => {
    expect(news()).toEqual(['pressure/memory down', 'pressure/io down', 'pressure/cpu down']);
    expect(stateOf('pressure/memory')).toMatchObject({ isUp: false, errno: ENOENT });
    expect(sampler.sources.filter(({ hasBeenUp }) => !hasBeenUp).map(({ name }) => name)).toEqual([
      ...['pressure/memory', 'pressure/io', 'pressure/cpu'],
    ]);
    expect(stateOf('pressure/memory').detail).toMatch(/ENOENT \(this kernel does not offer it\)$/);
    for (let tick = 0; tick < 5; tick++) {
      sampler.readBasics(sample);
      sampler.readDetails(sample);
    }
    expect(news()).toEqual([]);
    expect(sample).toMatchObject({ memorySomeUs: ABSENT, ioSomeUs: ABSENT });
    expect(sample.memAvailableKiB).toBeGreaterThan(0);
  });

  it('is asked again ever less often, and found when it comes', () => {
    io.calls.open = 0;
    for (let nowMs = 0; nowMs < 60_000; nowMs += 100) sampler.repair(nowMs);
    expect(io.calls.open).toBeLessThanOrEqual(3 * 6);
    expect(io.calls.open).toBeGreaterThan(3);
    news();
    proc.pressure('memory', { someUs: 1 });
    sampler.repair(10 * 60_000);
    sampler.readBasics(sample);
    expect(news()).toEqual(['pressure/memory up']);
    expect(sample.memorySomeUs).toBe(1);
  });
});

describe('a source that fails', () => {
  it.each([
    ['PSI switched off', 'pressure/memory', EOPNOTSUPP, 'EOPNOTSUPP (switched off in this kernel)'],
    ['an I/O error', 'meminfo', EIO, 'EIO'],
    ['no kernel memory', 'vmstat', ENOMEM, 'ENOMEM'],
    ['a closed descriptor', 'zoneinfo', EBADF, 'EBADF'],
  ])('%s is down with its reason, its fields ABSENT, and up again later', (_, name, errno, reason) => {
    io.failRead.set(name, errno);
    sampler.readBasics(sample);
    sampler.readDetails(sample);
    expect(news()).toEqual([`${name} down`]);
    expect(stateOf(name).detail).toBe(`${proc.roots.proc}/${name}: ${reason}`);
    const fields = {
      meminfo: 'memFreeKiB',
      vmstat: 'oomKill',
      zoneinfo: 'zoneMinPages',
      'pressure/memory': 'memoryFullUs',
    };
    const field = fields[name as keyof typeof fields] as keyof typeof sample;
    expect(sample[field]).toBe(ABSENT);
    io.failRead.clear();
    sampler.readBasics(sample);
    sampler.readDetails(sample);
    expect(news()).toEqual([`${name} up`]);
    expect(sample[field]).toBeGreaterThanOrEqual(0);
  });

  it('is read once more after an interrupted call', () => {
    const { preadAt0 } = io;
    let calls = 0;
    io.preadAt0 = (fd, buf, length) => (++calls === 1 ? -EINTR : preadAt0(fd, buf, length));
    sampler.readBasics(sample);
    expect(sample.memFreeKiB).toBeGreaterThan(0);
    expect(news()).toEqual([]);
  });

  it('is down when it fails in the middle', () => {
    io.chunkBytes = 100;
    const { preadAt } = io;
    io.preadAt = (fd, buf, length, offset) => (offset > 0 ? -EIO : preadAt(fd, buf, length, offset));
    sampler.readDetails(sample);
    expect(news()).toEqual(['vmstat down', 'zoneinfo down']);
    expect(sample.oomKill).toBe(ABSENT);
  });

  it('keeps its old descriptor until a new one is open', () => {
    io.failRead.set('meminfo', EIO);
    sampler.readBasics(sample);
    io.failOpen.set('meminfo', ENOMEM);
    const before = io.openPaths().length;
    sampler.repair(2000);
    expect(io.openPaths()).toHaveLength(before);
    io.failOpen.clear();
    io.failRead.clear();
    sampler.readBasics(sample);
    expect(sample.memFreeKiB).toBeGreaterThan(0);
  });

  it('is not opened by reading, and by repair once a second at most', () => {
    io.failRead.set('vmstat', EIO);
    io.calls.open = 0;
    for (let tick = 0; tick < 20; tick++) {
      sampler.readBasics(sample);
      sampler.readDetails(sample);
    }
    expect(io.calls.open).toBe(0);
    for (let nowMs = 5000; nowMs < 6000; nowMs += 10) sampler.repair(nowMs);
    expect(io.calls.open).toBe(1);
    expect(io.openPaths()).toHaveLength(7);
  });

  it('says what is wrong with a text that makes no sense, and recovers', () => {
    proc.file('meminfo', 'MemTotal: lots kB\n');
    sampler.readBasics(sample);
    sampler.readBasics(sample);
    expect(news()).toEqual(['meminfo down']);
    expect(stateOf('meminfo')).toMatchObject({
      errno: 0,
      detail: 'meminfo: MemTotal not as the kernel prints it: "MemTotal: lots kB"',
    });
    expect(sample).toMatchObject({ memTotalKiB: ABSENT, memFreeKiB: ABSENT });
    proc.meminfo({});
    sampler.readBasics(sample);
    expect(news()).toEqual(['meminfo up']);
  });
});

describe('a file longer than the buffer', () => {
  const node = (number: number) =>
    fixture('zoneinfo-6.18')
      .toString()
      .replace(/^Node 0,/gm, `Node ${number},`);
  const nodes = (count: number) => Array.from({ length: count }, (_, number) => node(number)).join('');

  it('at start makes the buffer grow', () => {
    sampler.close();
    proc.remove();
    start({ zoneinfo: nodes(100) });
    sampler.readDetails(sample);
    expect(news()).toEqual([]);
    expect(sample.zoneFreePages).toBeGreaterThan(0);
  });

  it('later is down until repair has made room', () => {
    sampler.readDetails(sample);
    const one = sample.zoneFreePages;
    proc.file('zoneinfo', nodes(20));
    sampler.readDetails(sample);
    expect(stateOf('zoneinfo')).toMatchObject({ isUp: false, errno: EMSGSIZE });
    expect(sample.zoneFreePages).toBe(ABSENT);
    sampler.repair(1000);
    sampler.readDetails(sample);
    expect(news()).toEqual(['zoneinfo up']);
    expect(sample.zoneFreePages).toBeGreaterThan(one);
  });
});

it('no content of any file makes it throw or leaves a field below ABSENT', () => {
  const name = fc.constantFrom(
    'meminfo',
    'vmstat',
    'zoneinfo',
    'pressure/memory',
    'pressure/io',
    'pressure/cpu',
    'sys/vm/oom_kill_allocating_task',
  );
  const text = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes).toString('latin1'));
  fc.assert(
    fc.property(name, text, (path, content) => {
      proc.file(path, content);
      sampler.readBasics(sample);
      sampler.readDetails(sample);
      return Object.values(sample).every((value) => value >= ABSENT);
    }),
  );
});

describe('on this host', () => {
  it('reads the real /proc', () => {
    const real = createSampler(REAL_ROOTS, createFileIo());
    real.readBasics(sample);
    real.readDetails(sample);
    expect(sample.memTotalKiB).toBeGreaterThan(sample.memAvailableKiB);
    expect(sample.zoneFreePages).toBeGreaterThan(0);
    expect(sample.pgmajfault).toBeGreaterThan(0);
    const path = '/proc/sys/vm/oom_kill_allocating_task';
    expect(sample.oomKillAllocatingTask).toBe(existsSync(path) ? Number(readFileSync(path, 'latin1')) : ABSENT);
    real.close();
  });

  it('allocates next to nothing a tick', () => {
    // Texts in memory: node:fs would allocate on its own account.
    const texts = ['meminfo', 'pressure-memory', 'vmstat', 'zoneinfo', 'pressure-io', 'pressure-cpu'].map((file) =>
      fixture(`${file}-6.18`),
    );
    texts.push(Buffer.from('0\n'));
    let opened = 0;
    const memory = createSampler(REAL_ROOTS, {
      openReadOnly: () => opened++,
      preadAt0: (fd, buf) => {
        const text = texts[fd] as Buffer;
        buf.set(text);
        return text.length;
      },
      preadAt: () => 0,
      close: () => 0,
    });
    // Compiling allocates too, and a collection frees: the steady state is the smallest of several rounds that grew.
    const bytesPerTick = (tick: () => void): number => {
      const rounds = Array.from({ length: 9 }, () => {
        const before = process.memoryUsage().heapUsed;
        for (let i = 0; i < 500; i++) tick();
        return (process.memoryUsage().heapUsed - before) / 500;
      });
      return Math.min(...rounds.filter((bytes) => bytes >= 0));
    };
    expect(bytesPerTick(() => memory.readBasics(sample))).toBeLessThan(128);
    // One view of the buffer for the end of each of the two files that are read in pieces.
    expect(bytesPerTick(() => memory.readDetails(sample))).toBeLessThan(900);
  });
});
