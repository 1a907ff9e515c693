/** What a shot needs is opened in calm times; an emergency scan makes one kind of system call. */
import { readlinkSync } from 'node:fs';
import { afterAll, afterEach, beforeEach, expect, it } from 'vitest';
import { FLAG } from '../../../src/core/process-table.ts';
import { removeNative } from '../../support/native/build.ts';
import { endSubjects, type Subject, startSubject } from '../../support/native/subject.ts';
import { type CountingIo, createCountingIo } from './counting-io.ts';
import { choosing, indexOn, type TestIndex } from './index-on.ts';

let io: CountingIo;
let index: TestIndex;
let subjects: Subject[];

beforeEach(async () => {
  subjects = await Promise.all([startSubject(), startSubject(), startSubject()]);
  io = createCountingIo();
  index = indexOn(io, { choose: choosing(...subjects.map(({ pid }) => pid)) });
  index.settle();
});
afterEach(async () => {
  index.close();
  await endSubjects();
});
afterAll(removeNative);

it('arming opens pidfd, status and oom_score_adj, and keeps nothing else', () => {
  for (const { pid } of subjects) {
    const own = io.open().filter((what) => what === `pidfd ${pid}` || what.startsWith(`/proc/${pid}/`));
    expect(own).toEqual([
      `/proc/${pid}/oom_score`,
      `/proc/${pid}/oom_score_adj`,
      `/proc/${pid}/status`,
      `pidfd ${pid}`,
    ]);
    const slot = index.slotOf(pid);
    const link = (fd: number | undefined): string => readlinkSync(`/proc/self/fd/${fd}`);
    expect(link(index.slots.statusFd[slot])).toBe(`/proc/${pid}/status`);
    expect(link(index.slots.adjFd[slot])).toBe(`/proc/${pid}/oom_score_adj`);
    expect(link(index.slots.pidfd[slot])).toMatch(/pidfd/);
  }
  expect(index.counts().armed).toBe(3);
});

/** What the next scan reads: one read a living process, two more for each that is armed. */
const readsToCome = (): number => {
  const { table } = index;
  let reads = 0;
  for (const slot of table.rows.subarray(0, table.count)) {
    const flags = table.flags[slot] as number;
    if ((flags & (FLAG.KTHREAD | FLAG.GONE)) === 0) reads += (flags & FLAG.ARMED) === 0 ? 1 : 3;
  }
  return reads;
};

it('a scan reads kept descriptors and does nothing else, also when processes come and go', async () => {
  for (let times = 0; times < 3; times++) {
    const expected = readsToCome();
    expect(expected).toBeGreaterThan(3 * 3);
    io.reset();
    index.scan();
    expect(io.counts()).toEqual({ preadAt0: expected });
  }
  await subjects[0]?.end();
  await startSubject();
  io.reset();
  index.scan();
  expect(Object.keys(io.counts())).toEqual(['preadAt0']);
  expect(index.flagsOf(subjects[0]?.pid ?? 0)).toContain('GONE');
  // What is known to be gone is not read again.
  const expected = readsToCome();
  io.reset();
  index.scan();
  expect(io.counts()).toEqual({ preadAt0: expected });
});

it('a scan shows what has changed since', async () => {
  const [grower] = subjects;
  const slot = index.slotOf(grower?.pid ?? 0);
  const before = index.table.rssAnonKiB[slot] as number;
  await grower?.tell('hold 30');
  index.scan();
  const growth = (index.table.rssAnonKiB[slot] as number) - before;
  expect(growth).toBeGreaterThanOrEqual(30 * 1024);
  expect(growth).toBeLessThan(32 * 1024);
});

it('a candidate that is let go keeps its oom_score alone, and is armed again when it is chosen again', () => {
  index.close();
  let chosen: readonly number[] = subjects.map(({ pid }) => pid);
  index = indexOn(io, { choose: (table, slots) => choosing(...chosen)(table, slots) });
  index.settle();
  const pid = subjects[1]?.pid ?? 0;
  chosen = [];
  index.settle();
  expect(index.counts().armed).toBe(0);
  const ofPid = () => io.open().filter((what) => what === `pidfd ${pid}` || what.startsWith(`/proc/${pid}/`));
  expect(ofPid()).toEqual([`/proc/${pid}/oom_score`]);
  chosen = [pid];
  index.settle();
  expect(ofPid()).toHaveLength(4);
});
