import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { type PsiTrigger, watchPsi } from '../../src/linux/psi-trigger.ts';
import * as libc from '../../src/linux/sys/libc.ts';
import { createPipe, until } from '../report/pipe.ts';
import { removeNative } from '../support/native/build.ts';
import { needs } from '../support/native/skip.ts';
import { endSubjects, startSubject } from '../support/native/subject.ts';

/** Take the place of poll(2) and eventfd(2) when a test sets them. */
let poll: typeof libc.pollPriority | undefined;
let eventFd: typeof libc.eventFd | undefined;
vi.mock('../../src/linux/sys/libc.ts', async (original) => {
  const real = await original<typeof libc>();
  return {
    ...real,
    pollPriority: ((...args) => (poll ?? real.pollPriority)(...args)) as typeof real.pollPriority,
    eventFd: () => (eventFd ?? real.eventFd)(),
  };
});

const [ENOENT, EISDIR, EMFILE] = [2, 21, 24];
const PSI = '/proc/pressure/memory';
const DIST = new URL('../../dist/', import.meta.url);
const folder = mkdtempSync(join(tmpdir(), 'oomwatchd-psi-'));
const file = join(folder, 'pressure');

afterEach(async () => {
  poll = undefined;
  eventFd = undefined;
  await endSubjects();
});
afterAll(() => {
  rmSync(folder, { recursive: true });
  removeNative();
});

const fdCount = (): number => readdirSync('/proc/self/fd').length;
const hasPsi = (): boolean => {
  const fd = libc.openReadWrite(PSI);
  if (fd >= 0) libc.close(fd);
  return fd >= 0;
};
const watching = (path: string, onStall: () => void = () => undefined): PsiTrigger => {
  const psi = watchPsi(path, onStall);
  if (typeof psi === 'number') throw new Error(`no trigger at ${path}: ${psi}`);
  return psi;
};

describe('watchPsi', () => {
  it.each([
    ['that is not there', '/proc/pressure/none', -ENOENT],
    ['that is a folder', folder, -EISDIR],
  ])('answers -errno for a file %s', (_, path, errno) => {
    const before = fdCount();
    expect(watchPsi(path, () => undefined)).toBe(errno);
    expect(fdCount()).toBe(before);
  });

  it('answers -errno for a file that takes no trigger', (context) => {
    needs(context, process.getuid?.() === 0, 'only root may open it for writing');
    const before = fdCount();
    expect(watchPsi('/proc/version', () => undefined)).toBeLessThan(0);
    expect(fdCount()).toBe(before);
  });

  const listeners = process.listenerCount('exit');
  it('writes one trigger, with the NUL that the kernel puts at its end, and closes everything', async () => {
    writeFileSync(file, '');
    const before = fdCount();
    const psi = watching(file);
    expect(readFileSync(file, 'latin1')).toBe('some 150000 1000000\0');
    expect(fdCount()).toBe(before + 2);
    psi.close();
    psi.close();
    await until(() => fdCount() === before);
    expect(process.listenerCount('exit')).toBe(listeners);
  });
  it('answers -errno and keeps nothing when there is no descriptor to be woken by', () => {
    writeFileSync(file, '');
    const before = fdCount();
    eventFd = () => -EMFILE;
    expect(watchPsi(file, () => undefined)).toBe(-EMFILE);
    expect(fdCount()).toBe(before);
  });

  it('calls at each event until it is closed', async () => {
    writeFileSync(file, '');
    const before = fdCount();
    const waiting: ((verdict: libc.PollVerdict) => void)[] = [];
    poll = (_fd, _wake, done) => void waiting.push(done);
    let stalls = 0;
    const psi = watching(file, () => stalls++);
    for (let times = 1; times <= 3; times++) {
      waiting.pop()?.('event');
      expect([stalls, waiting.length]).toEqual([times, 1]);
    }
    psi.close();
    // An event that came at the same moment counts no more.
    waiting.pop()?.('event');
    expect([stalls, waiting.length, fdCount()]).toEqual([3, 0, before]);
  });

  it('after a failure gives its descriptors back, and close does not write to their next owners', () => {
    writeFileSync(file, '');
    let fail: ((verdict: libc.PollVerdict) => void) | undefined;
    let wakeFd = -1;
    poll = (_fd, wake, done) => {
      fail = done;
      wakeFd = wake;
    };
    const before = fdCount();
    const psi = watching(file);
    fail?.('failed');
    expect(fdCount()).toBe(before);
    const pipes = [createPipe(), createPipe()];
    const next = pipes.find(({ writeFd }) => writeFd === wakeFd);
    psi.close();
    for (const { readFd } of pipes) expect(libc.isReadable(readFd)).toBe(false);
    for (const { readFd, writeFd } of pipes) for (const fd of [readFd, writeFd]) libc.close(fd);
    // Only then does this show anything: the number was given out again.
    expect(next !== undefined || pipes.some(({ readFd }) => readFd === wakeFd)).toBe(true);
  });
});

/** Runs a script that watches the real file in a process of its own; how it ended and after how many ms. */
const run = async (
  script: string,
  options: { uid?: number } = {},
): Promise<{ text: string; how: unknown; ms: number }> => {
  const code = `import { watchPsi } from ${JSON.stringify(new URL('linux/psi-trigger.js', DIST).href)};
const psi = watchPsi('${PSI}', () => {});
process.stdout.write(typeof psi + '\\n');
${script}`;
  const args = ['--input-type=module', '-e', code];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'], ...options });
  let text = '';
  let watchedMs = 0;
  child.stdout.on('data', (chunk) => {
    watchedMs = watchedMs || performance.now();
    text += chunk;
  });
  // Only so that a process that hangs fails the test instead of staying behind.
  const limit = setTimeout(() => child.kill('SIGKILL'), 5000);
  const [status, signal] = await once(child, 'close');
  clearTimeout(limit);
  return { text: text.trim(), how: signal ?? status, ms: performance.now() - watchedMs };
};

describe('a process that watches the real file', () => {
  it.for([
    ['once it is closed', 'psi.close();', 0],
    ['when it is closed later', 'setTimeout(() => psi.close(), 100);', 0],
    ['at process.exit()', 'setTimeout(() => process.exit(3), 50);', 3],
    ['at an exception that nobody catches', 'setTimeout(() => { throw new Error(); }, 50);', 1],
    ['by a signal', "setTimeout(() => process.kill(process.pid, 'SIGTERM'), 50);", 'SIGTERM'],
  ] as const)('ends at once %s', async ([, script, how], context) => {
    needs(context, hasPsi(), 'no PSI triggers here');
    const ended = await run(script);
    expect(ended).toMatchObject({ text: 'object', how });
    expect(ended.ms).toBeLessThan(1000);
  });

  it('needs no privilege: a window of 2 s is for everybody', async (context) => {
    needs(context, hasPsi() && process.getuid?.() === 0, 'no PSI here, or not root');
    const readable = ((): boolean => {
      try {
        execFileSync('test', ['-r', new URL('linux/psi-trigger.js', DIST).pathname], { uid: 65_534, stdio: 'ignore' });
        return true;
      } catch {
        return false;
      }
    })();
    needs(context, readable, 'dist/ cannot be read by another user');
    const { text, how } = await run('process.stdout.write(String(psi)); psi.close?.();', { uid: 65_534 });
    expect(how).toBe(0);
    // Before Linux 6.4 only root could; then the errno is told.
    expect(text).toMatch(/^object|^number\n-\d+$/);
  });
});

describe('a cgroup under pressure', () => {
  const top =
    ['/sys/fs/cgroup/unified', '/sys/fs/cgroup'].find((path) => existsSync(`${path}/cgroup.controllers`)) ?? '';
  const own = join(top, `oomwatchd-test-${process.pid}`);

  it('wakes the watcher, and its removal ends the watch', { timeout: 20_000 }, async (context) => {
    const problem = ((): string => {
      try {
        mkdirSync(own);
        return existsSync(`${own}/cpu.pressure`) ? '' : 'no PSI in cgroups';
      } catch (error) {
        return (error as Error).message;
      }
    })();
    if (problem !== '') rmSync(own, { force: true, recursive: true });
    needs(context, top !== '' && problem === '', `no cgroup of its own: ${problem}`);
    const before = fdCount();
    try {
      let stalls = 0;
      const psi = watching(`${own}/cpu.pressure`, () => stalls++);
      const subject = await startSubject();
      writeFileSync(`${own}/cgroup.procs`, String(subject.pid));
      // Three threads on one CPU: two of them wait at any time. For a second or so.
      await subject.tell('spin 3');
      await until(() => stalls > 0);
      await subject.end();
      rmdirSync(own);
      await until(() => fdCount() <= before);
      psi.close();
    } finally {
      await endSubjects();
      if (existsSync(own)) rmdirSync(own);
    }
  });
});
