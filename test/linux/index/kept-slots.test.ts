/** Rows that are not armed on purpose, and rows whose descriptors must stay. */
import { beforeEach, describe, expect, it } from 'vitest';
import { ABSENT } from '../../../src/core/units.ts';
import { hasExited, sendSignal } from '../../../src/linux/executor.ts';
import type { FakeProcess } from '../../support/fake-process.ts';
import type { FakeKernel } from './fake-kernel.ts';
import { choosing, type TestIndex, type TestIndexOptions } from './index-on.ts';
import { armedPids, indexOfMany, many } from './many.ts';
import { faultsOf } from './soundness.ts';

let kernel: FakeKernel;
const on = (processes: readonly FakeProcess[], options: TestIndexOptions = {}): TestIndex => {
  const made = indexOfMany(processes, options);
  kernel = made.kernel;
  return made.index;
};

describe('a protected process', () => {
  const DB = 'select: { protect: [{ unit: "db.service", reason: "data" }] }\n';
  const processes: FakeProcess[] = [
    { pid: 100, uid: 1, cgroup: '/system.slice/db.service', rssKiB: 4_000_000, oomScore: 900 },
    { pid: 101, uid: 2, cgroup: '/system.slice/app.service', rssKiB: 1_000_000, oomScore: 750 },
  ];
  let index: TestIndex;
  beforeEach(() => {
    index = on(processes, { policy: DB });
    index.settle(2);
  });

  it('is identified again and again, and not armed', () => {
    expect(armedPids(kernel, index)).toEqual([101]);
    const slot = index.slotOf(100);
    for (let round = 0; round < 3; round++) {
      index.clock.nowMs += 10_000;
      index.settle();
      expect(index.flagsOf(100)).toEqual(['IDENTIFIED']);
      expect(index.slots.pidfd[slot]).toBe(ABSENT);
    }
    expect(index.identifiedSlots.filter((each) => each === slot)).toHaveLength(4);
  });

  it('is measured in a scan all the same: by its size it is told from a candidate of the same program', () => {
    expect(index.table.rssKiB[index.slotOf(100)]).toBe(4_000_000);
    kernel.change(100, { rssKiB: 5_000_000 });
    index.scan();
    expect(index.table.rssKiB[index.slotOf(100)]).toBe(5_000_000);
  });

  it('is let go of when others are chosen, and measured by its oom_score then', () => {
    let chosen = [100, 101];
    const few = on(processes, { policy: DB, choose: (...choice) => choosing(...chosen)(...choice) });
    few.settle();
    const slot = few.slotOf(100);
    expect(few.slots.statusFd[slot]).toBeGreaterThanOrEqual(0);
    chosen = [101];
    few.settle();
    expect([few.slots.statusFd[slot], few.table.rssKiB[slot]]).toEqual([ABSENT, ABSENT]);
  });

  it('is armed once it has become something else', () => {
    kernel.change(100, { cgroup: '/user.slice/user-1000.slice/session-1.scope' });
    index.clock.nowMs += 10_000;
    index.settle();
    expect(armedPids(kernel, index)).toEqual([100, 101]);
  });

  it('is let go when a new policy protects it, unless it is a victim that is being watched', () => {
    const free = on(processes, { policy: '' });
    free.settle();
    expect(armedPids(kernel, free)).toEqual([100, 101]);
    free.pinned.add(free.slotOf(100));
    free.setPolicy('select: { protect: [{ unit: "*.service", reason: "all" }] }\n');
    free.settle(2);
    expect(free.flagsOf(101)).not.toContain('ARMED');
    expect(free.flagsOf(100)).toContain('ARMED');
    const life = kernel.lives.get(100);
    if (life !== undefined) life.exited = true;
    expect(hasExited(kernel, free.slots, free.slotOf(100))).toBe(true);
    free.pinned.clear();
    free.settle();
    expect(armedPids(kernel, free)).toEqual([]);
    expect(faultsOf(kernel, free)).toEqual([]);
  });
});

describe('a pinned slot', () => {
  it('keeps its descriptors when it is not chosen any more, and when its process is gone', () => {
    const index = on(many(10), { chosen: 2 });
    index.settle();
    const slot = index.slotOf(109);
    index.pinned.add(slot);
    kernel.change(100, { oomScore: 1000 });
    index.settle();
    expect(armedPids(kernel, index)).toEqual([100, 109]);
    kernel.vanish(109);
    index.settle(2);
    expect(index.flagsOf(109)).toContain('GONE');
    expect(hasExited(kernel, index.slots, slot)).toBe(true);
    index.pinned.clear();
    index.settle();
    expect(index.slotOf(109)).toBe(ABSENT);
    expect(faultsOf(kernel, index)).toEqual([]);
  });

  it.each([
    ['is armed later', true],
    ['cannot be armed', false],
  ])('that was shot at unarmed keeps that pidfd, and no second one, when it %s', (_, works) => {
    let chosen: number[] = [];
    const index = on(many(3), { choose: (table, slots) => choosing(...chosen)(table, slots) });
    index.settle();
    const slot = index.slotOf(101);
    const intent = {
      kind: 'signal',
      signal: 'TERM',
      slot,
      pid: 101,
      dryRun: false,
      reason: '',
      company: '',
      companyOf: -1,
    } as const;
    expect(sendSignal(kernel, index.slots, intent)).toEqual({ sent: true, errno: 0 });
    index.pinned.add(slot);
    const pidfd = index.slots.pidfd[slot];
    chosen = [101];
    if (!works) kernel.intrude = (call, what) => (call === 'open' && what.endsWith('oom_score_adj') ? 24 : undefined);
    index.identify(slot);
    index.settle();
    expect(index.slots.pidfd[slot]).toBe(pidfd);
    expect(kernel.open().filter((what) => what === 'pidfd 101')).toHaveLength(1);
    expect(armedPids(kernel, index)).toEqual(works ? [101] : []);
    expect(faultsOf(kernel, index)).toEqual([]);
    index.close();
    expect(kernel.open()).toEqual([]);
  });
});
