import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { ABSENT } from '../../../src/core/units.ts';
import * as libc from '../../../src/linux/sys/libc.ts';
import type { FakeProcess } from '../../support/fake-process.ts';
import { removeNative } from '../../support/native/build.ts';
import { endSubjects, startSubject } from '../../support/native/subject.ts';
import { createCountingIo } from './counting-io.ts';
import {
  createFakeKernel,
  EACCES,
  EIO,
  EMFILE,
  ENOENT,
  ENOMEM,
  ESRCH,
  FAKE_ROOT,
  type FakeKernel,
} from './fake-kernel.ts';
import { choosing, indexOn, type TestIndex, type TestIndexOptions } from './index-on.ts';
import { faultsOf } from './soundness.ts';

afterEach(endSubjects);
afterAll(removeNative);

const on = (kernel: FakeKernel, options: TestIndexOptions = {}): TestIndex =>
  indexOn(kernel, { env: { procRoot: FAKE_ROOT }, capacity: 64, chosen: 16, ...options });

const O_CLOEXEC = 0o2000000;

/** Those of this process that could be an index's. Pipes to children come and go in their own time. */
const ownFds = (): string[] =>
  readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return /^\/proc|pidfd/.test(readlinkSync(`/proc/self/fd/${fd}`));
    } catch {
      return false;
    }
  });

/** Descriptors that rows hold. */
const heldBy = ({ slots }: TestIndex): number =>
  [slots.scoreFd, slots.statusFd, slots.adjFd, slots.pidfd].flatMap((fds) => [...fds].filter((fd) => fd !== ABSENT))
    .length;

const ZOO: readonly FakeProcess[] = [
  { pid: 1, uid: 101, ppid: 0, comm: 'init' },
  { pid: 2, uid: 102, ppid: 0, comm: 'kthreadd', rssKiB: null, oomScore: 0 },
  { pid: 3, uid: 103, ppid: 2, comm: 'kworker/0:0', rssKiB: null, oomScore: 0 },
  { pid: 10, uid: 110, comm: 'small' },
  { pid: 11, uid: 111, comm: 'big', rssKiB: 2_000_000, oomScore: 800 },
  { pid: 12, uid: 112, comm: 'zombie', state: 'Z', rssKiB: null, oomScore: 0 },
  {
    ...{ pid: 13, uid: 113, comm: 'leaderless', state: 'Z', rssKiB: null, threads: 2, oomScore: 700 },
    tasks: [{ tid: 14, rssKiB: 700_000, state: 'S' }],
  },
];

describe('descriptors', () => {
  it('are as many as the rows hold after 1,000 processes came and went, and none after close', () => {
    const kernel = createFakeKernel(ZOO);
    const index = on(kernel);
    for (let round = 0; round < 100; round++) {
      for (let pid = 100; pid < 110; pid++) {
        kernel.vanish(pid);
        kernel.add({ pid, uid: 1000 + round * 10 + pid, rssKiB: 1024 * (pid + round), oomScore: 700 });
      }
      index.settle();
      expect(kernel.open()).toHaveLength(1 + heldBy(index));
      expect(faultsOf(kernel, index)).toEqual([]);
    }
    expect(index.counts()).toMatchObject({ known: ZOO.length + 10, overflow: 0, rounds: 100 });
    for (const pid of [...kernel.lives.keys()]) kernel.vanish(pid);
    index.settle();
    expect(kernel.open()).toEqual([FAKE_ROOT]);
    expect(index.counts()).toMatchObject({ known: 0, armed: 0 });
    index.close();
    expect(kernel.open()).toEqual([]);
  });

  it('of real processes are those that this process has more, and close gives all back, once', async () => {
    const before = ownFds();
    const io = createCountingIo();
    const children: number[] = [];
    const index = indexOn(io, { choose: (table, chosen) => choosing(...children)(table, chosen) });
    for (let round = 0; round < 10; round++) {
      const subject = await startSubject();
      children.push(subject.pid);
      index.settle();
      expect(io.open()).toHaveLength(1 + heldBy(index));
      if (round % 2 === 0) await subject.end();
    }
    index.settle();
    expect(index.counts().armed).toBe(5);
    expect(io.open().filter((what) => what.startsWith('pidfd'))).toHaveLength(5);
    await endSubjects();
    index.settle();
    expect(index.counts().armed).toBe(0);
    index.close();
    // A second close must not close what has got those numbers since.
    index.close();
    expect(io.open()).toEqual([]);
    expect(ownFds()).toEqual(before);
  });

  it('are close-on-exec, every one', () => {
    const index = indexOn(libc, { choose: choosing(process.pid) });
    index.settle();
    const slot = index.slotOf(process.pid);
    expect(index.flagsOf(process.pid)).toContain('ARMED');
    const { slots } = index;
    for (const fds of [slots.scoreFd, slots.statusFd, slots.adjFd, slots.pidfd]) {
      const fd = fds[slot] as number;
      const flags = /^flags:\s+(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'))?.[1] ?? '0';
      expect(Number.parseInt(flags, 8) & O_CLOEXEC).toBe(O_CLOEXEC);
    }
    index.close();
  });
});

describe('a table that is full', () => {
  it.each([1, 2, 3])('of %i rows leaves no descriptor of those that did not fit', (capacity) => {
    const kernel = createFakeKernel(ZOO);
    const index = on(kernel, { capacity, chosen: 1 });
    index.settle(2);
    expect(index.counts().known).toBe(capacity);
    expect(faultsOf(kernel, index)).toEqual([]);
  });

  it('is counted and harmless, and takes the next one when a place is free', () => {
    const kernel = createFakeKernel(ZOO);
    const index = on(kernel, { capacity: 4, chosen: 4 });
    index.settle();
    expect(index.counts()).toMatchObject({ known: 4, overflow: ZOO.length - 4 });
    expect(faultsOf(kernel, index)).toEqual([]);
    index.scan();
    kernel.vanish(10);
    index.settle();
    expect(index.slotOf(11)).not.toBe(ABSENT);
    expect(index.counts().known).toBe(4);
    expect(faultsOf(kernel, index)).toEqual([]);
    index.close();
    expect(kernel.open()).toEqual([]);
  });
});

describe.each([
  ['EMFILE', EMFILE],
  ['ENOMEM', ENOMEM],
  ['EACCES', EACCES],
  ['ENOENT', ENOENT],
  ['ESRCH', ESRCH],
  ['EIO', EIO],
])('%s', (_, errno) => {
  const viewOf = (index: TestIndex): object =>
    Object.fromEntries(ZOO.map(({ pid }) => [pid, [index.flagsOf(pid), index.table.rssKiB[index.slotOf(pid)]]]));
  const undisturbed = (): object => {
    const index = on(createFakeKernel(ZOO));
    index.settle(2);
    expect(index.counts().armed).toBe(3);
    return viewOf(index);
  };
  /** A kernel thread whose status could not be read at its enrolment passes for a process without memory. */
  const isTold = (view: object): object => ({ ...view, 2: null, 3: null });

  it.each([
    ['at one call', (call: number, at: number) => call === at],
    ['at every call from one on', (call: number, at: number) => call >= at],
  ])('%s of any round leaks nothing, throws nothing, and is over when it is over', (_name, isHit) => {
    const expected = isTold(undisturbed());
    for (let at = 0; at < 120; at++) {
      const kernel = createFakeKernel(ZOO);
      let call = 0;
      kernel.intrude = (name) => (name !== 'lseek' && isHit(call++, at) ? errno : undefined);
      const index = on(kernel);
      index.settle(2);
      index.scan();
      expect([at, faultsOf(kernel, index)]).toEqual([at, []]);
      kernel.intrude = () => undefined;
      index.settle(2);
      index.clock.nowMs += 10_000;
      index.settle();
      expect([at, faultsOf(kernel, index)]).toEqual([at, []]);
      expect([at, isTold(viewOf(index))]).toEqual([at, expected]);
      index.close();
      expect(kernel.open()).toEqual([]);
    }
  });
});

describe('a failure that says nothing about the process', () => {
  const failing = (file: string, errno: number) => (_: string, what: string) =>
    what.endsWith(file) ? errno : undefined;

  it('does not make an armed candidate pass for gone in an emergency', () => {
    const kernel = createFakeKernel(ZOO);
    const index = on(kernel, { choose: choosing(11) });
    index.settle();
    const slot = index.slotOf(11);
    kernel.intrude = failing('11/oom_score', ENOMEM);
    index.scan();
    expect(index.flagsOf(11)).toEqual(['ARMED', 'IDENTIFIED']);
    expect(index.table.rssKiB[slot]).toBe(2_000_000);
    // The memory that cannot be read any more is not taken for what it was: oom_score ranks it.
    kernel.intrude = failing('11/status', ENOMEM);
    index.scan();
    expect(index.flagsOf(11)).toEqual(['ARMED', 'IDENTIFIED']);
    expect([index.table.rssKiB[slot], index.table.oomScore[slot]]).toEqual([ABSENT, 800]);
  });

  it('leaves no memory of yesterday in a row that could not be armed', () => {
    const kernel = createFakeKernel(ZOO);
    const index = on(kernel, { choose: choosing(11) });
    kernel.intrude = (call) => (call === 'pidfd_open' ? EMFILE : undefined);
    index.settle();
    expect(index.flagsOf(11)).toEqual(['IDENTIFIED']);
    expect(index.table.rssKiB[index.slotOf(11)]).toBe(ABSENT);
  });

  it.each(['cgroup', 'oom_score_adj'])('keeps an identity as it was when %s cannot be read', (file) => {
    const kernel = createFakeKernel([{ pid: 20, uid: 120, cgroup: '/system.slice/db.service', oomScoreAdj: -300 }]);
    const index = on(kernel, { choose: choosing(20) });
    index.settle();
    index.clock.nowMs += 10_000;
    kernel.intrude = (call, what) => (call === 'open' && what.endsWith(`20/${file}`) ? EMFILE : undefined);
    index.settle();
    const slot = index.slotOf(20);
    expect([index.table.unit[slot], index.table.oomScoreAdj[slot]]).toEqual(['db.service', -300]);
    expect(index.identifiedSlots).toEqual([slot]);
  });
});
