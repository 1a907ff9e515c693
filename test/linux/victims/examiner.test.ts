/** Examinations over a /proc of plain files, where a FIFO is a file that does not answer. */
import { execFileSync } from 'node:child_process';
import { closeSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Examined, newDying } from '../../../src/core/dying.ts';
import { ABSENT } from '../../../src/core/units.ts';
import { createExaminer, type Examiner, READ_LIMIT_MS } from '../../../src/linux/victims/examiner.ts';
import { until } from '../../report/pipe.ts';
import { type FakeProc, fakeProc } from '../../support/fake-proc.ts';

let fake: FakeProc;
let nowMs: number;
let results: Examined[];
let examiner: Examiner;

beforeEach(() => {
  fake = fakeProc();
  nowMs = 1000;
  results = [];
  examiner = createExaminer(
    fake.roots,
    () => nowMs,
    () => ({ isGone: false, reap: 'released', sharers: [] }),
    results,
  );
});
afterEach(() => fake.remove());

const dyingOf = (pid: number) => newDying(ABSENT, pid, 'victim', 'oomwatchd', ABSENT, nowMs);
const enter = (pid: number, files: Readonly<Record<string, string>> = {}): void => {
  fake.add({ pid, state: 'D', threads: 1 });
  for (const [name, text] of Object.entries({ wchan: 'io_schedule', ...files })) {
    fake.file(`${pid}/task/${pid}/${name}`, text);
  }
};
const fifo = (path: string): string => {
  const full = join(fake.roots.proc, path);
  rmSync(full, { force: true });
  execFileSync('mkfifo', [full]);
  return full;
};
const examine = (pid: number): void => examiner.examine(dyingOf(pid), 3);
const next = (): Promise<Examined> => until(() => results.shift());

const MOUNTINFO = [
  '30 1 0:25 / /proc rw - proc proc rw',
  '40 1 0:42 / /mnt/my\\040share rw,nosuid shared:9 - fuse.sshfs host:/ rw',
  '41 1 0:43 / /mnt/idle rw - fuse me rw',
  '42 1 0:44 / /sys/fs/fuse/connections rw - fusectl fusectl rw',
  '',
].join('\n');

it('names the FUSE connections that it may be, and where fusectl is mounted the busy one', async () => {
  enter(7, { wchan: 'request_wait_answer', mountinfo: MOUNTINFO });
  examine(7);
  expect(await next()).toEqual({
    pid: 7,
    reason: 'fuse',
    detail:
      'thread 7 (D) in request_wait_answer; 2 of 3 threads have exited; ' +
      'fuse connection 42 (/mnt/my share) or fuse connection 43 (/mnt/idle)',
    // It may be either: nothing is cut off by guessing.
    blockers: [],
  });
  fake.file('../sys/fs/fuse/connections/42/waiting', '3\n');
  fake.file('../sys/fs/fuse/connections/43/waiting', '0\n');
  examine(7);
  const { detail, blockers } = await next();
  expect(detail).toMatch(/; fuse connection 42 \(\/mnt\/my share\)$/);
  expect(blockers).toEqual([{ kind: 'fuse', object: '42', place: '/mnt/my share', tid: 7 }]);
});

it('a thread that waits for a page is told of a busy FUSE connection, not of an idle one', async () => {
  enter(7, { wchan: 'folio_wait_bit_common', mountinfo: MOUNTINFO });
  examine(7);
  expect((await next()).detail).toMatch(/exited$/);
  fake.file('../sys/fs/fuse/connections/42/waiting', '1\n');
  examine(7);
  expect(await next()).toMatchObject({ reason: 'device', detail: expect.stringContaining('; fuse connection 42 (') });
});

it('names the device that is suspended', async () => {
  enter(7);
  for (const [name, suspended] of [
    ['dm-0', '0'],
    ['dm-3', '1'],
  ] as const) {
    fake.file(`../sys/block/${name}/dm/suspended`, `${suspended}\n`);
    fake.file(`../sys/block/${name}/dm/name`, `volume-${name}\n`);
  }
  fake.file('../sys/block/sda/size', '1\n');
  examine(7);
  const { reason, detail } = await next();
  expect(reason).toBe('device');
  expect(detail).toMatch(/; device volume-dm-3 \(dm-3\) is suspended$/);
});

it.each([
  ['FROZEN', 'frozen_v1'],
  ['FREEZING', 'frozen_v1'],
  ['THAWED', 'unknown'],
])('a v1 freezer cgroup that is %s: %s', async (state, reason) => {
  enter(7, { wchan: 'futex_do_wait', cgroup: '6:freezer:/docker/a:b\n0::/x\n', cmdline: 'victim' });
  fake.file('../sys/fs/cgroup/freezer/docker/a:b/freezer.state', `${state}\n`);
  examine(7);
  const examined = await next();
  expect(examined.reason).toBe(reason);
  if (reason === 'frozen_v1') expect(examined.detail).toContain('freezer cgroup /docker/a:b');
});

it('takes the stack where wchan says nothing', async () => {
  enter(7, { wchan: '0', stack: '[<0>] schedule_x+0x1/0x2\n[<0>] nfs_wait_bit_killable+0x1/0x2 [nfs]\n' });
  examine(7);
  expect(await next()).toMatchObject({ reason: 'nfs', detail: expect.stringContaining('in nfs_wait_bit_killable') });
});

it('a process that is not there any more is unknown', async () => {
  examine(7);
  expect(await next()).toEqual({ pid: 7, reason: 'unknown', detail: '', blockers: [] });
});

describe('a file that does not answer', () => {
  it('is told after a second, blocks nobody, and has the others examined by what cannot hang', async () => {
    enter(7, { wchan: 'x' });
    enter(8, { wchan: 'request_wait_answer' });
    enter(9);
    const wchan = fifo('7/task/7/wchan');
    const stuck = dyingOf(7);
    examiner.examine(stuck, 3);
    examiner.examine(stuck, 3);
    examine(8);
    // The pool has it in hand by then.
    await new Promise((resolve) => setTimeout(resolve, 100));
    nowMs += READ_LIMIT_MS - 1;
    examiner.pump(nowMs);
    expect(results).toEqual([]);
    expect(examiner.isWaiting()).toBe(true);
    nowMs += 1;
    examiner.pump(nowMs);
    const first = await next();
    expect(first).toMatchObject({ pid: 7, reason: 'unknown' });
    expect(first.detail).toMatch(/^thread 7 \(D\); .*task\/7\/wchan does not answer$/);
    expect(await next()).toMatchObject({
      pid: 8,
      reason: 'unknown',
      detail: expect.stringMatching(/^thread 8 \(D\); /),
    });
    nowMs += 60_000;
    examiner.pump(nowMs);
    expect(results).toEqual([]);
    // Asked again, it is still the same.
    examiner.examine(stuck, 3);
    expect(results.shift()).toEqual(first);
    // It comes back, says no more, and the next one is examined in full.
    closeSync(openSync(wchan, 'w'));
    await until(() => !examiner.isWaiting());
    expect(results).toEqual([]);
    examine(9);
    expect(await next()).toMatchObject({ pid: 9, reason: 'device' });
  });

  it('shows mmap_lock as held when it is cmdline, while status answers', async () => {
    enter(7, { wchan: '0', cmdline: '' });
    const cmdline = fifo('7/task/7/cmdline');
    examine(7);
    await new Promise((resolve) => setTimeout(resolve, 100));
    nowMs += READ_LIMIT_MS;
    examiner.pump(nowMs);
    expect(await next()).toMatchObject({ reason: 'mmap_lock', detail: expect.stringContaining('/cmdline does not') });
    closeSync(openSync(cmdline, 'w'));
    await until(() => !examiner.isWaiting());
  });
});

it('cmdline is not read when the reason is known without it', async () => {
  enter(7, { cmdline: '' });
  fifo('7/task/7/cmdline');
  examine(7);
  expect(await next()).toMatchObject({ reason: 'device' });
  expect(examiner.isWaiting()).toBe(false);
});
