import { describe, expect, it } from 'vitest';
import { ABSENT } from '../../../src/core/units.ts';
import type { FakeProcess } from '../../support/fake-process.ts';
import { FAKE_ROOT, type FakeKernel } from './fake-kernel.ts';
import { choosing, type TestIndex, type TestIndexOptions } from './index-on.ts';
import { armedPids, indexOfMany, many } from './many.ts';
import { faultsOf } from './soundness.ts';

let kernel: FakeKernel;
const on = (processes: readonly FakeProcess[], options: TestIndexOptions = {}): TestIndex => {
  const made = indexOfMany(processes, options);
  kernel = made.kernel;
  return made.index;
};

describe('a round in slices', () => {
  it('does one step when its budget is 0', () => {
    const index = on(many(50));
    index.settle();
    kernel.calls = 0;
    for (let step = 1; step <= 20; step++) {
      expect(index.refresh(0)).toBe(false);
      // Each step checks one row by one read.
      expect(kernel.calls).toBe(step);
    }
  });

  it('goes on where it stopped: every row is checked once, whatever the size of the slices', () => {
    for (const budgetMs of [0, 1, 3, 7, 1000]) {
      const index = on(many(40), { stepMs: 1, choose: choosing() });
      index.settle();
      const reads = new Map<string, number>();
      kernel.intrude = (call, what) => {
        if (call === 'pread') reads.set(what, (reads.get(what) ?? 0) + 1);
        return undefined;
      };
      let slices = 1;
      while (!index.refresh(budgetMs)) slices++;
      expect([...new Set(reads.values())]).toEqual([1]);
      expect(reads.size).toBe(40);
      expect(slices).toBeGreaterThanOrEqual(Math.floor(40 / (budgetMs + 1)));
    }
  });

  it('identifies who has come since first, then looks at the others again, both in the order of the choice', () => {
    const index = on(many(2), { choose: choosing(100, 101, 1100, 1101) });
    index.settle();
    index.identifiedSlots.length = 0;
    for (const { pid, ...rest } of many(2)) kernel.add({ ...rest, pid: 1000 + pid });
    // Longer than an identity is valid.
    index.clock.nowMs += 60_000;
    index.settle();
    expect(index.identifiedSlots.map((slot) => index.table.pid[slot])).toEqual([1100, 1101, 100, 101]);
  });

  it('skips no row when others vanish between the slices', () => {
    const index = on(many(40), { choose: choosing() });
    index.settle();
    const read = new Set<string>();
    kernel.intrude = (call, what) => {
      if (call === 'pread') read.add(what);
      return undefined;
    };
    // Those at the front have been checked already, those at the back take the places of the released.
    for (let step = 0; !index.refresh(0); step++) if (step % 3 === 0) kernel.vanish(100 + ((step * 7) % 40));
    for (const pid of kernel.lives.keys()) expect(read.has(`${FAKE_ROOT}/${pid}/oom_score`)).toBe(true);
    expect(faultsOf(kernel, index)).toEqual([]);
  });

  it('lists thousands of processes over several calls', () => {
    const index = on(many(4000));
    index.settle();
    expect(index.counts()).toMatchObject({ known: 4000, overflow: 0 });
    expect(faultsOf(kernel, index)).toEqual([]);
  });

  it('overruns its budget by no more than one step', () => {
    const index = on(many(100), { stepMs: 1 });
    index.settle();
    for (let slice = 0; slice < 50; slice++) {
      const before = index.clock.nowMs;
      index.refresh(5);
      // The clock is looked at before, and after each step; armSlot looks at it once more.
      expect(index.clock.nowMs - before).toBeLessThanOrEqual(5 + 4);
    }
  });
});

describe('who is identified and armed', () => {
  it('the largest, though nothing but their oom_score was known', () => {
    const index = on(many(40), { chosen: 8 });
    index.settle();
    expect(armedPids(kernel, index)).toEqual([136, 137, 138, 139]);
    expect(index.identifiedSlots.map((slot) => index.table.pid[slot]).sort()).toEqual([136, 137, 138, 139]);
    expect(index.flagsOf(100)).toEqual([]);
  });

  it('another one that has outgrown them, and the one that it pushed out is let go', () => {
    const index = on(many(40), { chosen: 8 });
    index.settle();
    kernel.change(100, { rssKiB: 4_000_000, oomScore: 1000 });
    index.settle();
    expect(armedPids(kernel, index)).toEqual([100, 137, 138, 139]);
    expect(index.flagsOf(136)).toEqual(['IDENTIFIED']);
    expect(index.table.rssKiB[index.slotOf(136)]).toBe(ABSENT);
    expect(faultsOf(kernel, index)).toEqual([]);
  });

  it('again after 1 s, when it may have called exec since its fork, and from then on every 10 s', () => {
    const index = on(many(1));
    index.settle();
    const slot = index.slotOf(100);
    const later = (ms: number): void => {
      index.clock.nowMs += ms;
      index.settle();
    };
    kernel.change(100, { comm: 'forked' });
    later(999);
    expect([index.table.comm[slot], index.identifiedSlots.length]).toEqual(['p0', 1]);
    later(1);
    expect([index.table.comm[slot], index.identifiedSlots.length]).toEqual(['forked', 2]);
    kernel.change(100, { comm: 'other', cgroup: '/system.slice/db.service' });
    later(9999);
    expect([index.table.comm[slot], index.identifiedSlots.length]).toEqual(['forked', 2]);
    later(1);
    expect([index.table.comm[slot], index.table.unit[slot]]).toEqual(['other', 'db.service']);
    expect(armedPids(kernel, index)).toEqual([100]);
  });

  it('soon again when the slot is that of another process', () => {
    const index = on(many(1));
    for (let times = 0; times < 3; times++) {
      index.clock.nowMs += 10_000;
      index.settle();
    }
    kernel.vanish(100);
    index.settle();
    kernel.add({ pid: 555, comm: 'fork', rssKiB: 1_000_000, oomScore: 750 });
    index.settle();
    kernel.change(555, { comm: 'execed' });
    index.clock.nowMs += 1000;
    index.settle();
    expect(index.table.comm[index.slotOf(555)]).toBe('execed');
  });

  it('at once when the loop asks for it', () => {
    const index = on(many(1), { choose: choosing() });
    index.settle();
    index.identify(index.slotOf(100));
    expect(index.flagsOf(100)).toEqual(['IDENTIFIED']);
    expect(index.identifiedSlots).toHaveLength(1);
    kernel.vanish(100);
    index.identify(index.slotOf(100));
    expect(index.identifiedSlots).toHaveLength(1);
  });
});
