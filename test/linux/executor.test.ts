/** Signals to real processes, all of them children of this test. */
import { execFileSync } from 'node:child_process';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SignalIntent } from '../../src/core/intent.ts';
import { ABSENT } from '../../src/core/units.ts';
import { hasExited, sendSignal } from '../../src/linux/executor.ts';
import { until } from '../report/pipe.ts';
import { removeNative } from '../support/native/build.ts';
import { needs } from '../support/native/skip.ts';
import { endSubjects, type Subject, startSubject, statusField } from '../support/native/subject.ts';
import { type CountingIo, createCountingIo } from './index/counting-io.ts';
import { choosing, indexOn, type TestIndex } from './index/index-on.ts';

const [EPERM, ESRCH, EMFILE] = [1, 3, 24];

let subject: Subject;
let io: CountingIo;
let index: TestIndex;
/** What the index holds descriptors of; empty: the slot is known only. */
let chosen: number[];

beforeEach(async () => {
  subject = await startSubject();
  io = createCountingIo();
  chosen = [subject.pid];
  index = indexOn(io, { choose: (table, slots) => choosing(...chosen)(table, slots) });
  index.settle();
});
afterEach(async () => {
  index.close();
  await endSubjects();
});
afterAll(removeNative);

const slot = (): number => index.slotOf(subject.pid);
const intent = (changes: Partial<SignalIntent> = {}): SignalIntent => ({
  ...{
    kind: 'signal',
    signal: 'KILL',
    slot: slot(),
    pid: subject.pid,
    dryRun: false,
    reason: '',
    company: '',
    companyOf: 0,
  },
  ...changes,
});
const send = (changes: Partial<SignalIntent> = {}) => sendSignal(io, index.slots, intent(changes));
const exited = (): boolean => hasExited(io, index.slots, slot());
/** Not reaped yet: a zombie of this process would be reaped by the event loop, which does not run meanwhile. */
const isZombie = (pid: number): boolean => statusField(pid, 'State').startsWith('Z');
const waitSync = (condition: () => boolean): void => {
  for (const end = performance.now() + 5000; !condition(); ) if (performance.now() > end) throw new Error('not in 5 s');
};
const unarmed = (): void => {
  chosen = [];
  index.settle();
  expect(index.slots.pidfd[slot()]).toBe(ABSENT);
};

describe.each(['armed', 'known only'])('a slot that is %s', (state) => {
  beforeEach(() => {
    if (state !== 'armed') unarmed();
  });

  it.each(['TERM', 'KILL'] as const)('gets SIG%s', async (signal) => {
    io.reset();
    expect(send({ signal })).toEqual({ sent: true, errno: 0 });
    expect(await subject.ended).toBe(`SIG${signal}`);
    // The shot opens nothing, or one pidfd.
    expect(io.counts()).toEqual({ preadAt0: 1, pidfdSendSignal: 1, ...(state === 'armed' ? {} : { pidfdOpen: 1 }) });
    expect(exited()).toBe(true);
  });

  it('gets signal 0 in a dry run, and lives', async () => {
    expect(send({ dryRun: true })).toEqual({ sent: false, errno: 0 });
    expect(send({ dryRun: true, signal: 'TERM' })).toEqual({ sent: false, errno: 0 });
    expect(await subject.tell('hold 1')).toBe('ok');
    expect(exited()).toBe(false);
  });

  it('whose process has gone answers ESRCH, twice', async () => {
    await subject.end();
    for (const dryRun of [false, true]) expect(send({ dryRun })).toEqual({ sent: false, errno: ESRCH });
    expect(exited()).toBe(state === 'armed');
  });

  it('of another pid than was meant answers ESRCH and is not shot', async () => {
    const other = await startSubject();
    expect(send({ pid: other.pid })).toEqual({ sent: false, errno: ESRCH });
    expect(await other.tell('hold 1')).toBe('ok');
    expect(await subject.tell('hold 1')).toBe('ok');
    expect(send()).toEqual({ sent: true, errno: 0 });
    expect(await subject.ended).toBe('SIGKILL');
    expect(await other.tell('hold 1')).toBe('ok');
  });
});

describe('a process that does not end at once', () => {
  it('is signalled again through the pidfd that it was signalled by first', async () => {
    unarmed();
    await subject.tell('deaf');
    expect(send({ signal: 'TERM' })).toEqual({ sent: true, errno: 0 });
    const pidfd = index.slots.pidfd[slot()];
    expect(await subject.tell('hold 1')).toBe('ok');
    expect(exited()).toBe(false);
    io.reset();
    expect(send()).toEqual({ sent: true, errno: 0 });
    expect(io.counts()['pidfdOpen']).toBeUndefined();
    expect(index.slots.pidfd[slot()]).toBe(pidfd);
    expect(await subject.ended).toBe('SIGKILL');
    expect(exited()).toBe(true);
    index.settle();
    expect(io.open().filter((what) => what.startsWith('pidfd'))).toEqual([]);
  });

  it('has exited when all threads have, reaped or not; until it is reaped it can be signalled, to no effect', async () => {
    const { pid } = subject;
    expect(send()).toEqual({ sent: true, errno: 0 });
    waitSync(() => exited());
    waitSync(() => isZombie(pid));
    expect(send({ dryRun: true })).toEqual({ sent: false, errno: 0 });
    expect(send()).toEqual({ sent: true, errno: 0 });
    index.scan();
    expect(index.flagsOf(pid)).toEqual(expect.arrayContaining(['NO_MM', 'ARMED']));
    expect(index.flagsOf(pid)).not.toContain('ZOMBIE_LEADER');
    await subject.ended;
    expect(send()).toEqual({ sent: false, errno: ESRCH });
    expect(exited()).toBe(true);
  });

  it('shows SIGKILL as pending from the shot to the reaping', () => {
    index.scan();
    expect(index.flagsOf(subject.pid)).not.toContain('SIGKILL_PENDING');
    expect(send()).toEqual({ sent: true, errno: 0 });
    index.scan();
    expect(index.flagsOf(subject.pid)).toContain('SIGKILL_PENDING');
    waitSync(() => isZombie(subject.pid));
    index.scan();
    expect(index.flagsOf(subject.pid)).toContain('SIGKILL_PENDING');
  });

  it('and leaves its threads behind has not exited', async () => {
    await subject.tell('leave');
    await until(() => isZombie(subject.pid));
    expect(exited()).toBe(false);
    await subject.tell('leave');
    expect(exited()).toBe(false);
    // The last thread: its end is that of the process.
    await subject.tell('leave');
    expect(await subject.ended).toBe(0);
    expect(exited()).toBe(true);
  });
});

it('hasExited is false for a slot without a pidfd', () => {
  unarmed();
  expect(exited()).toBe(false);
});

it('tells when no pidfd can be opened, and keeps nothing', () => {
  unarmed();
  const failing = { ...io, pidfdOpen: () => -EMFILE };
  expect(sendSignal(failing, index.slots, intent())).toEqual({ sent: false, errno: EMFILE });
  expect(index.slots.pidfd[slot()]).toBe(ABSENT);
});

/** Sends through the built executor as another user; prints outcomes as JSON. */
const SCRIPT = `
const [dist, pid] = process.argv.slice(1);
const load = (path) => import(new URL(path, dist).href);
const { createSlots, takeSlot } = await load('linux/index/slots.js');
const { sendSignal } = await load('linux/executor.js');
const libc = await load('linux/sys/libc.js');
const slots = createSlots(4);
const slot = takeSlot(slots, Number(pid), libc.openReadOnly('/proc/' + pid + '/oom_score'));
const send = (dryRun) => sendSignal(libc, slots, { kind: 'signal', signal: 'KILL', slot, pid: Number(pid), dryRun, reason: '' });
process.stdout.write(JSON.stringify([send(true), send(false)]));
`;

it('a missing permission shows as EPERM, in a dry run already', async (context) => {
  needs(context, process.getuid?.() === 0, 'only root can become another user');
  const dist = new URL('../../dist/', import.meta.url);
  const readable = ((): boolean => {
    try {
      const options = { uid: 65_534, gid: 65_534, stdio: 'ignore' } as const;
      execFileSync('test', ['-r', new URL('linux/executor.js', dist).pathname], options);
      return true;
    } catch {
      return false;
    }
  })();
  needs(context, readable, 'dist/ cannot be read by another user');
  const args = ['--input-type=module', '-e', SCRIPT, '--', dist.href, String(subject.pid)];
  const text = execFileSync(process.execPath, args, { uid: 65_534, gid: 65_534, encoding: 'utf8' });
  expect(JSON.parse(text)).toEqual([
    { sent: false, errno: EPERM },
    { sent: false, errno: EPERM },
  ]);
  expect(await subject.tell('hold 1')).toBe('ok');
});
