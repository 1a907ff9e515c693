import { describe, expect, it } from 'vitest';
import { FLAG } from '../../../src/core/process-table.ts';
import { ABSENT } from '../../../src/core/units.ts';
import { hasExited, sendSignal } from '../../../src/linux/executor.ts';
import type { FakeProcess } from '../../support/fake-process.ts';
import { createFakeKernel, ESRCH, FAKE_ROOT, type FakeKernel } from './fake-kernel.ts';
import { choosing, indexOn, type TestIndex, type TestIndexOptions } from './index-on.ts';
import { faultsOf, shootAll } from './soundness.ts';

const FIRST: FakeProcess = { pid: 70, uid: 1, comm: 'first', rssKiB: 500_000, oomScore: 720 };
const SECOND: FakeProcess = { pid: 70, uid: 2, comm: 'second', rssKiB: 900_000, oomScore: 740, oomScoreAdj: -500 };
const THIRD: FakeProcess = { pid: 70, uid: 3, comm: 'third' };
const KERNEL_THREAD: FakeProcess = { pid: 70, ppid: 2, uid: 4, comm: 'kworker/0:1', rssKiB: null, oomScore: 0 };
const OTHERS: readonly FakeProcess[] = [
  { pid: 1, ppid: 0, uid: 101, comm: 'init' },
  { pid: 60, uid: 160, comm: 'before' },
  { pid: 80, uid: 180, comm: 'behind' },
];

const start = (first: FakeProcess, options: TestIndexOptions = {}): { kernel: FakeKernel; index: TestIndex } => {
  const kernel = createFakeKernel([...OTHERS, first]);
  const index = indexOn(kernel, { env: { procRoot: FAKE_ROOT }, capacity: 16, chosen: 16, ...options });
  return { kernel, index };
};
const replace = (kernel: FakeKernel, ...next: readonly FakeProcess[]): void => {
  for (const process of next) {
    kernel.vanish(process.pid);
    kernel.add(process);
  }
};
const kill = (slot: number, pid = 70) =>
  ({ kind: 'signal', signal: 'KILL', slot, pid, dryRun: false, reason: '', company: '', companyOf: -1 }) as const;

describe('a pid that is in use again', () => {
  it.each([
    ['armed', choosing(70)],
    ['known only', choosing()],
  ])('is not shown and not shot in the place of its former owner (%s)', (_, choose) => {
    const { kernel, index } = start(FIRST, { choose });
    index.settle(2);
    const slot = index.slotOf(70);
    replace(kernel, SECOND);
    index.scan();
    expect(index.flagsOf(70)).toContain('GONE');
    expect(index.table.oomScore[slot]).toBe(FIRST.oomScore);
    expect(index.table.rssKiB[slot]).not.toBe(SECOND.rssKiB);
    expect(sendSignal(kernel, index.slots, kill(slot))).toEqual({ sent: false, errno: ESRCH });
    expect(kernel.signals).toEqual([]);
    expect(faultsOf(kernel, index)).toEqual([]);
    index.settle(2);
    expect(index.flagsOf(70)).not.toContain('GONE');
    expect(index.table.oomScore[index.slotOf(70)]).toBe(SECOND.oomScore);
    expect(faultsOf(kernel, index)).toEqual([]);
  });

  it('leaves nothing of the other process behind in the slot that was shot at in vain', () => {
    const { kernel, index } = start(FIRST, { choose: choosing() });
    index.settle();
    const slot = index.slotOf(70);
    replace(kernel, SECOND);
    expect(sendSignal(kernel, index.slots, kill(slot)).errno).toBe(ESRCH);
    // The living newcomer must not pass for the victim that has not exited.
    expect(index.slots.pidfd[slot]).toBe(ABSENT);
    expect(hasExited(kernel, index.slots, slot)).toBe(false);
    expect(faultsOf(kernel, index)).toEqual([]);
  });

  it('and an intent of yesterday do not make a slot shoot somebody else later', () => {
    const { kernel, index } = start(FIRST, { choose: choosing() });
    index.settle();
    const slot = index.slotOf(70);
    const stale = kill(slot, 80);
    expect(sendSignal(kernel, index.slots, stale)).toEqual({ sent: false, errno: ESRCH });
    expect(sendSignal(kernel, index.slots, kill(slot))).toEqual({ sent: true, errno: 0 });
    expect(kernel.signals.map(({ life }) => life.pid)).toEqual([70]);
  });
});

describe('a process whose pid changes hands in the middle of a round, at any call', () => {
  const histories: readonly [string, FakeProcess, (kernel: FakeKernel) => void][] = [
    ['vanishes', FIRST, (kernel) => kernel.vanish(70)],
    ['is followed by another', FIRST, (kernel) => replace(kernel, SECOND)],
    ['is followed by two others', FIRST, (kernel) => replace(kernel, SECOND, THIRD)],
    ['is followed by a kernel thread', FIRST, (kernel) => replace(kernel, KERNEL_THREAD)],
    ['is a kernel thread, followed by a process', KERNEL_THREAD, (kernel) => replace(kernel, SECOND)],
    [
      'is a zombie leader, followed by another',
      { ...FIRST, state: 'Z', rssKiB: null, threads: 2, tasks: [{ tid: 71, rssKiB: 500_000, state: 'S' }] },
      (kernel) => replace(kernel, SECOND),
    ],
  ];

  it.each(histories)('%s', (_, first, change) => {
    let at = 0;
    let calls = Number.POSITIVE_INFINITY;
    for (; at < calls; at++) {
      const { kernel, index } = start(first);
      let left = at;
      kernel.intrude = () => {
        if (left-- === 0) change(kernel);
        return undefined;
      };
      index.settle();
      if (at === 0) calls = kernel.calls * 2;
      expect([at, faultsOf(kernel, index)]).toEqual([at, []]);
      expect([at, shootAll(kernel, index)]).toEqual([at, []]);
      // Even when the change came between two calls of an emergency.
      index.scan();
      expect([at, faultsOf(kernel, index)]).toEqual([at, []]);
      kernel.intrude = () => undefined;
      index.settle(2);
      expect([at, faultsOf(kernel, index)]).toEqual([at, []]);
      const present = kernel.lives.get(70);
      const uid = index.table.uid[index.slotOf(70)];
      if (present !== undefined && present.numbers !== KERNEL_THREAD)
        expect([at, uid]).toEqual([at, present.numbers.uid]);
      const kthread = ((index.table.flags[index.slotOf(70)] ?? 0) & FLAG.KTHREAD) !== 0;
      expect([at, kthread]).toEqual([at, present?.numbers === KERNEL_THREAD]);
      index.close();
      expect(kernel.open()).toEqual([]);
    }
    expect(at).toBeGreaterThan(30);
  });
});
