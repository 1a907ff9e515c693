/** Real processes whose first thread has exited while others hold the memory (kernel-facts 0.1). */
import { readFileSync, realpathSync } from 'node:fs';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { rowSizeKiB } from '../../../src/core/select/badness.ts';
import { ABSENT } from '../../../src/core/units.ts';
import { hasExited, sendSignal } from '../../../src/linux/executor.ts';
import { until } from '../../report/pipe.ts';
import { build, removeNative } from '../../support/native/build.ts';
import { endSubjects, type Subject, startSubject, statusField } from '../../support/native/subject.ts';
import { type CountingIo, createCountingIo } from './counting-io.ts';
import { choosing, indexOn, type TestIndex } from './index-on.ts';

const MIB = 64;
const [least, most] = [MIB * 1024, (MIB + 16) * 1024];

let subject: Subject;
let io: CountingIo;
let index: TestIndex;

beforeEach(async () => {
  subject = await startSubject();
  await subject.tell(`hold ${MIB}`);
  io = createCountingIo();
  index = indexOn(io, { choose: choosing(subject.pid), memTotalKiB: memTotalKiB() });
});
afterEach(async () => {
  index.close();
  await endSubjects();
});
afterAll(removeNative);

const memTotalKiB = (): number => Number(/^MemTotal:\s+(\d+)/m.exec(readFileSync('/proc/meminfo', 'latin1'))?.[1]);
/** Status files of threads that are kept open. */
const watched = (): string[] => io.open().filter((what) => what.includes('/task/'));
/**
 * Has the leader exit, or the thread that took over from it; returns when the kernel shows it. The zombie leader is one of
 * the threads that are left.
 */
const leave = async (left: number): Promise<void> => {
  await subject.tell('leave');
  await until(() => statusField(subject.pid, 'State').startsWith('Z'));
  await until(() => statusField(subject.pid, 'Threads') === String(left));
};
const rss = (): number => index.table.rssKiB[index.slotOf(subject.pid)] as number;

describe('a zombie leader with live threads', () => {
  it('from before it was known is armed by a thread and shows its true memory', async () => {
    await leave(3);
    expect(statusField(subject.pid, 'VmRSS')).toBe('');
    index.settle();
    expect(index.flagsOf(subject.pid)).toEqual(['ZOMBIE_LEADER', 'ARMED', 'IDENTIFIED', 'EXE_VERIFIED']);
    // Its own exe cannot be read any more; protection by executable must not end with the leader.
    expect(index.table.exe[index.slotOf(subject.pid)]).toBe(realpathSync(build('subject')));
    expect(rss()).toBeGreaterThan(least);
    expect(rss()).toBeLessThan(most);
    const tid = index.slots.liveTid[index.slotOf(subject.pid)] as number;
    expect(watched()).toEqual([`/proc/${subject.pid}/task/${tid}/status`]);
    expect(index.table.mmKey[index.slotOf(subject.pid)]).toBeGreaterThanOrEqual(0);
    index.scan();
    expect(rss()).toBeGreaterThan(least);
    expect(index.flagsOf(subject.pid)).not.toContain('NO_MM');
  });

  it('that became one after it was armed is ranked by oom_score at once and shows its memory after a round', async () => {
    index.settle();
    expect(rss()).toBeGreaterThan(least);
    await leave(3);
    index.scan();
    expect(index.flagsOf(subject.pid)).toEqual(expect.arrayContaining(['ZOMBIE_LEADER', 'ARMED']));
    expect(rss()).toBe(ABSENT);
    // To the resolution of oom_score, 0.15 % of all memory.
    const size = rowSizeKiB(index.table, index.slotOf(subject.pid));
    expect(Math.abs(size - MIB * 1024)).toBeLessThan(memTotalKiB() * 0.0035 + 16 * 1024);
    index.settle();
    expect(rss()).toBeGreaterThan(least);
    expect(rss()).toBeLessThan(most);
    index.scan();
    expect(rss()).toBeGreaterThan(least);
  });

  it('is not gone when the thread exits by which it was watched', async () => {
    await leave(3);
    index.settle();
    const before = watched();
    await leave(2);
    index.scan();
    expect(index.flagsOf(subject.pid)).toEqual(expect.arrayContaining(['ZOMBIE_LEADER', 'ARMED']));
    expect(index.flagsOf(subject.pid)).not.toContain('GONE');
    index.settle();
    expect(rss()).toBeGreaterThan(least);
    expect(watched()).toHaveLength(1);
    expect(watched()).not.toEqual(before);
  });

  it('is an ordinary process again after another thread has called exec', async () => {
    await leave(3);
    index.settle();
    expect(await subject.tell(`exec ${build('subject')}`)).toBe('ready');
    await subject.tell('hold 20');
    index.clock.nowMs += 10_000;
    index.settle();
    expect(index.flagsOf(subject.pid)).toEqual(['ARMED', 'IDENTIFIED', 'EXE_VERIFIED']);
    expect(rss()).toBeGreaterThan(20 * 1024);
    expect(rss()).toBeLessThan(least);
  });

  it('has exited only when the last thread has, and can be killed through the pidfd of its leader', async () => {
    index.settle();
    const slot = index.slotOf(subject.pid);
    await leave(3);
    expect(hasExited(io, index.slots, slot)).toBe(false);
    const intent = {
      kind: 'signal',
      signal: 'KILL',
      slot,
      pid: subject.pid,
      dryRun: false,
      reason: '',
      company: '',
      companyOf: -1,
    } as const;
    expect(sendSignal(io, index.slots, intent)).toEqual({ sent: true, errno: 0 });
    expect(await subject.ended).toBe('SIGKILL');
    expect(hasExited(io, index.slots, slot)).toBe(true);
    index.scan();
    expect(index.flagsOf(subject.pid)).toContain('GONE');
  });
});
