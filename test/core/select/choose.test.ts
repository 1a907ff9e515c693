import { describe, expect, it } from 'vitest';
import { FLAG, type ProcessTable } from '../../../src/core/process-table.ts';
import { chooseToArm } from '../../../src/core/select/choose.ts';
import { createRanking } from '../../../src/core/select/rank.ts';
import { ABSENT, GIB, MIB } from '../../../src/core/units.ts';
import { defaultPolicy } from '../../support/policy.ts';
import { KNOWN, tableOf } from '../support/tables.ts';

const armed = (table: ProcessTable, room = 8, yaml = '', depth = 8): number[] => {
  const chosen = new Int32Array(room);
  const ranking = createRanking(table.capacity, depth);
  const count = chooseToArm(ranking, table, defaultPolicy(yaml).select, 64 * MIB, chosen);
  expect(count).toBeLessThanOrEqual(room);
  return Array.from(chosen.subarray(0, count), (slot) => table.pid[slot] as number);
};

describe('whom to hold descriptors of', () => {
  it('are the best candidates, best first', () => {
    expect(armed(tableOf([{ rssKiB: GIB }, { rssKiB: 3 * GIB }, { flags: FLAG.KTHREAD }]))).toEqual([1001, 1000]);
  });

  it('includes processes that nobody has looked at yet', () => {
    expect(armed(tableOf([{ flags: 0, rssKiB: ABSENT, oomScore: 900 }]))).toEqual([1000]);
  });

  it('includes what may soon grow over the minimum size', () => {
    expect(armed(tableOf([{ rssKiB: 32 * MIB }, { rssKiB: 32 * MIB - 1 }]))).toEqual([1000]);
  });

  it('looks at large protected processes again, behind the candidates', () => {
    const table = tableOf([
      { pid: 1, protectRule: 0, rssKiB: 9 * GIB },
      { pid: 2, protectRule: 0, rssKiB: MIB },
      { pid: 3, rssKiB: GIB },
    ]);
    expect(armed(table)).toEqual([3, 1]);
  });

  it('takes no more than there is room for', () => {
    const table = tableOf([{ protectRule: 0 }, {}, {}, {}]);
    expect(armed(table, 2)).toEqual([1003, 1002]);
    expect(armed(table, 3, '', 2)).toEqual([1003, 1002, 1000]);
    expect(armed(table, 0)).toEqual([]);
  });

  it('puts the "only" list first, and looks again at what is large outside of it', () => {
    const table = tableOf([{ rssKiB: 9 * GIB }, { onlyRule: 0 }]);
    expect(armed(table, 8, 'select: { only: [{ unit: "app.service" }] }')).toEqual([1001, 1000]);
  });

  it('leaves out who has been killed already', () => {
    expect(armed(tableOf([{ flags: KNOWN | FLAG.SIGKILL_PENDING }]))).toEqual([]);
  });

  it('looks at those whose size the kernel hides, vfork children and -1000, before the protected ones', () => {
    const table = tableOf([
      { pid: 1, protectRule: 0, rssKiB: 9 * GIB },
      { pid: 2, flags: 0, rssKiB: ABSENT, oomScore: 0 },
      { pid: 3, oomScoreAdj: -1000, rssKiB: ABSENT, oomScore: 0 },
      { pid: 4, rssKiB: GIB },
    ]);
    expect(armed(table)).toEqual([4, 2, 3, 1]);
  });

  it('keeps hold of who is not eligible for sharing an mm with a protected one', () => {
    const table = tableOf([
      { pid: 1, protectRule: 0, rssKiB: MIB, mmGroup: 0 },
      { pid: 2, rssKiB: 9 * GIB, mmGroup: 0 },
      { pid: 3, rssKiB: GIB },
    ]);
    expect(armed(table)).toEqual([3, 2]);
  });

  it('gives those no more than half of the room that candidates leave', () => {
    const hidden = Array.from({ length: 9 }, (_, at) => ({ pid: 10 + at, flags: 0, rssKiB: ABSENT, oomScore: 0 }));
    const table = tableOf([{ pid: 1, protectRule: 0, rssKiB: 9 * GIB }, { pid: 4, rssKiB: GIB }, ...hidden]);
    expect(armed(table)).toEqual([4, 10, 11, 12, 13, 1]);
  });
});
