/** Many small young children of one parent are ranked by what they have together. */
import { describe, expect, it } from 'vitest';
import { FLAG } from '../../src/core/process-table.ts';
import { createRanking, rank } from '../../src/core/select/rank.ts';
import { swarmVictim } from '../../src/core/swarm.ts';
import { ABSENT, GIB, MIB } from '../../src/core/units.ts';
import { defaultPolicy } from '../support/policy.ts';
import { aSample } from './support/samples.ts';
import { KNOWN, type Row, tableOf } from './support/tables.ts';

const { corrections } = defaultPolicy().select;
const NOBODY = (): boolean => false;
const DB: Partial<Row> = { pid: 20, rssKiB: 500 * MIB };
const young = (count: number, row: Partial<Row> = {}): Partial<Row>[] =>
  Array.from({ length: count }, (_, at) => ({ pid: 200 + at, ppid: 100, rssKiB: (30 + at) * MIB, ...row }));

/** Pid of the victim in a host that has lost `lostKiB` since calm. */
const victim = (rows: Partial<Row>[], lostKiB = GIB, calmArrivals = 150, availableKiB = 18 * GIB): number => {
  const table = tableOf(rows);
  const ranking = createRanking(table.capacity, 32);
  const scope = { onlyPid: ABSENT, narrowed: false, minimumKiB: 10 * MIB, admitsUnidentified: false };
  rank(ranking, table, { ...scope, corrections, isVictim: NOBODY, isRefused: NOBODY });
  const sample = aSample({ memAvailableKiB: 18 * GIB - lostKiB });
  const best = ranking.order[0] as number;
  return table.pid[swarmVictim(best, table, ranking, sample, { availableKiB, heldKiB: 0 }, calmArrivals)] as number;
};

describe('a swarm', () => {
  it('has its largest taken in place of a larger innocent', () => {
    expect(victim([DB, ...young(20)])).toBe(219);
  });

  it.each<[string, number]>([
    ['is smaller than the largest process', victim([{ ...DB, rssKiB: GIB }, ...young(20)])],
    ['has less than half of what was lost', victim([DB, ...young(20)], 1.6 * GIB)],
    ['is no more than three', victim([DB, ...young(3, { rssKiB: 400 * MIB })])],
    ['is old', victim([DB, ...young(20)], GIB, 300)],
    ['has a calm that is not known', victim([DB, ...young(20)], GIB, 150, ABSENT)],
    ['has an age that is not known', victim([DB, ...young(20)], GIB, ABSENT)],
    ['is there and nothing was lost', victim([DB, ...young(20)], 0)],
    ['has init for its parent', victim([DB, ...young(20, { ppid: 1 })])],
    ['was swapped out', victim([DB, ...young(20, { rssKiB: 4, swapKiB: 40 * MIB })])],
    ['may not be chosen', victim([DB, ...young(20, { protectRule: 0 })])],
  ])('is none when it %s', (_, pid) => expect(pid).toBe(20));

  it('is one of those whose parents are not known yet, beside one that has been as large in calm', () => {
    const orphans = young(3, { rssKiB: 499 * MIB }).map((row, at) => ({
      ...row,
      ppid: [100, ABSENT, ABSENT][at] as number,
    }));
    expect(victim([{ ...DB, calmKiB: 500 * MIB }, ...orphans])).toBe(200);
  });

  it.each<[string, Partial<Row>, number, number]>([
    ['three', { calmKiB: 480 * MIB }, 3, 200],
    ['two', { calmKiB: 480 * MIB }, 2, 200],
    ['one', { calmKiB: 480 * MIB }, 1, 20],
    ['three, when it has grown as well', { calmKiB: 300 * MIB }, 3, 20],
    ['three, when it has come with them', { calmKiB: 480 * MIB, arrival: 400 }, 3, 20],
  ])('beside one that has been as large in calm is %s', (_, row, count, expected) => {
    expect(victim([{ ...DB, ...row }, ...young(count, { rssKiB: 499 * MIB })])).toBe(expected);
  });

  it('is one where pids have begun anew, above which processes of before still live', () => {
    const wrapped = young(20).map((row, at) => ({ ...row, pid: 30 + at, arrival: 200 + at }));
    expect(victim([{ ...DB, pid: 4_000_000, arrival: 20 }, ...wrapped])).toBe(49);
  });

  it('is one by what oom_score tells of those who are not held', () => {
    const score = { rssKiB: ABSENT, swapKiB: ABSENT, oomScore: 670, flags: KNOWN & ~FLAG.ARMED };
    expect(victim([DB, ...young(20, score)])).toBeGreaterThanOrEqual(200);
  });

  it('is spared for a swapoff, which is the first choice whatever it has itself', () => {
    const swapoff = { pid: 30, rssKiB: 4, flags: KNOWN | FLAG.ORIGIN };
    expect(victim([DB, swapoff, ...young(20)])).toBe(30);
  });

  it('is the largest of several', () => {
    const other = young(10, { ppid: 101 }).map((row, at) => ({ ...row, pid: 300 + at }));
    expect(victim([DB, ...other, ...young(20)])).toBe(219);
  });
});
