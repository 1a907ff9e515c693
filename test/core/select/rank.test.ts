import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EXCLUSIONS } from '../../../src/core/event.ts';
import { FLAG, type ProcessTable } from '../../../src/core/process-table.ts';
import { factsOf } from '../../../src/core/select/facts.ts';
import { createRanking, rank, sharerBehind } from '../../../src/core/select/rank.ts';
import { ABSENT, GIB, MIB } from '../../../src/core/units.ts';
import { SCOPE } from '../support/scope.ts';
import { KNOWN, type Row, TOTAL_PAGES, tableOf } from '../support/tables.ts';

const ranked = (table: ProcessTable, depth = table.capacity, scope = SCOPE): number[] => {
  const ranking = createRanking(table.capacity, depth);
  rank(ranking, table, scope);
  return Array.from(ranking.order.subarray(0, ranking.count), (slot) => table.pid[slot] as number);
};

const size = (gib: number): Partial<Row> => ({ rssKiB: gib * GIB });

/** Processes of all kinds, few enough sizes and start times that ties are frequent; pids are unique as on a host. */
const rows = fc
  .array(
    fc.record({
      rssKiB: fc.constantFrom(ABSENT, 0, 32 * MIB, 64 * MIB, GIB, 2 * GIB),
      oomScore: fc.constantFrom(0, 667, 700, 900),
      oomScoreAdj: fc.constantFrom(-1000, -999, -500, 0, 500, 1000),
      startTimeTicks: fc.constantFrom(ABSENT, 100, 200),
      flags: fc.constantFrom(
        KNOWN,
        KNOWN,
        KNOWN,
        0,
        KNOWN | FLAG.KTHREAD,
        KNOWN | FLAG.SELF,
        KNOWN | FLAG.SIGKILL_PENDING,
      ),
      protectRule: fc.constantFrom(ABSENT, ABSENT, ABSENT, 0),
      policyPoints: fc.constantFrom(0, 0, 300, -300),
    }),
    { minLength: 1, maxLength: 40 },
  )
  .map((list) => list.map((row, index) => ({ ...row, pid: 100 + index })));

it.each<[string, Partial<Row>, number]>([
  ['nobody, where all may die', {}, ABSENT],
  ['whoever of them is protected', { protectRule: 0 }, 1],
])('behind those who share an mm is %s', (_, other, expected) => {
  const table = tableOf([{ mmGroup: 0 }, { mmGroup: 0, ...other }, { mmGroup: 3, protectRule: 0 }]);
  const ranking = createRanking(table.capacity, table.capacity);
  rank(ranking, table, SCOPE);
  expect(sharerBehind(ranking, table, 0, () => false)).toBe(expected);
});

describe('ranking', () => {
  it('puts the process with the most badness first', () => {
    expect(ranked(tableOf([size(1), size(3), size(2)]))).toEqual([1001, 1002, 1000]);
  });

  it('takes the younger of equals, and the higher pid where the age is equal too', () => {
    const table = tableOf([
      { pid: 10, startTimeTicks: 50 },
      { pid: 11, startTimeTicks: 70 },
      { pid: 13, startTimeTicks: 60 },
      { pid: 12, startTimeTicks: 60 },
    ]);
    expect(ranked(table)).toEqual([11, 13, 12, 10]);
  });

  it('counts policy points in thousandths of all memory', () => {
    // 300 thousandths of 24 GiB are 7.2 GiB.
    expect(ranked(tableOf([size(8), { ...size(1), policyPoints: 300 }]))).toEqual([1001, 1000]);
    expect(ranked(tableOf([size(8), { ...size(0.7), policyPoints: 300 }]))).toEqual([1000, 1001]);
    expect(ranked(tableOf([size(8), { ...size(1), policyPoints: -300 }]))).toEqual([1000, 1001]);
  });

  it('chooses nobody who is protected, however much he is preferred', () => {
    const hog = { ...size(20), policyPoints: 1000, oomScoreAdj: 1000, protectRule: 0 };
    expect(ranked(tableOf([hog, size(0.1)]))).toEqual([1001]);
  });

  it('passes over who shares its mm with one that may not be signalled: its death would free nothing', () => {
    const mate = { ...size(5), mmGroup: 0 };
    const table = tableOf([mate, mate, size(1)]);
    expect(ranked(table)).toEqual([1001, 1000, 1002]);
    expect(ranked(table, table.capacity, { ...SCOPE, isRefused: (slot) => slot === 0 })).toEqual([1002]);
  });

  it('ranks a zombie leader with live threads by its oom_score', () => {
    const leader = { rssKiB: ABSENT, oomScore: 900, flags: KNOWN | FLAG.ZOMBIE_LEADER };
    expect(ranked(tableOf([size(4), leader, size(9)]))).toEqual([1002, 1001, 1000]);
  });

  it('can choose a process of negative badness when there is no other, as the kernel does', () => {
    expect(ranked(tableOf([{ ...size(1), oomScoreAdj: -999 }]))).toEqual([1000]);
  });

  it('counts every excluded process once, under its reason', () => {
    const table = tableOf([
      size(1),
      { flags: KNOWN | FLAG.INIT },
      { oomScoreAdj: -1000 },
      { oomScoreAdj: -1000 },
      size(0),
    ]);
    const ranking = createRanking(table.capacity, 10);
    rank(ranking, table, SCOPE);
    const counts = Object.fromEntries(EXCLUSIONS.map((reason, index) => [reason, ranking.excluded[index]]));
    expect(counts).toMatchObject({ init: 1, oom_score_adj_min: 2, below_minimum_size: 1 });
    expect(Array.from(ranking.exclusion, (index) => EXCLUSIONS[index] ?? 'candidate')).toEqual([
      'candidate',
      'init',
      'oom_score_adj_min',
      'oom_score_adj_min',
      'below_minimum_size',
    ]);
  });

  it('is made anew each time', () => {
    const ranking = createRanking(4, 4);
    rank(ranking, tableOf([size(1), size(2), { oomScoreAdj: -1000 }]), SCOPE);
    rank(ranking, tableOf([size(3)]), SCOPE);
    expect([ranking.count, ranking.order[0], ranking.excluded.reduce((sum, count) => sum + count, 0)]).toEqual([
      1, 0, 0,
    ]);
  });

  it('keeps the best and not the first when there are more than it has room for', () => {
    const sizes = [1, 9, 3, 7, 5, 8, 2, 6, 4];
    expect(ranked(tableOf(sizes.map(size)), 3)).toEqual([1001, 1005, 1003]);
  });

  it('is the beginning of the full order at any depth', () => {
    fc.assert(
      fc.property(rows, fc.integer({ min: 1, max: 40 }), (list, depth) => {
        const table = tableOf(list);
        expect(ranked(table, depth)).toEqual(ranked(table).slice(0, depth));
      }),
    );
  });

  it('does not depend on the order of the rows', () => {
    const shuffled = rows.chain((list) =>
      fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length, maxLength: list.length })),
    );
    fc.assert(
      fc.property(shuffled, ([list, other]) => {
        expect(ranked(tableOf(other))).toEqual(ranked(tableOf(list)));
      }),
    );
  });

  it('is the same between two processes whoever else is there', () => {
    fc.assert(
      fc.property(rows, (list) => {
        const all = ranked(tableOf(list));
        for (const [a, b] of all.slice(1).map((pid, index) => [all[index], pid])) {
          expect(ranked(tableOf(list.filter(({ pid }) => pid === a || pid === b)))).toEqual([a, b]);
        }
      }),
    );
  });

  it('never lowers a candidate that has grown', () => {
    fc.assert(
      fc.property(rows, fc.nat(), fc.integer({ min: 4, max: 4 * GIB }), (list, pick, growth) => {
        const before = ranked(tableOf(list));
        fc.pre(before.length > 0);
        const pid = before[pick % before.length] as number;
        fc.pre(list.some((row) => row.pid === pid && row.rssKiB !== ABSENT));
        const grown = list.map((row) => (row.pid === pid ? { ...row, rssKiB: row.rssKiB + growth } : row));
        expect(ranked(tableOf(grown)).indexOf(pid)).toBeLessThanOrEqual(before.indexOf(pid));
      }),
    );
  });

  it('never contains an excluded process', () => {
    fc.assert(
      fc.property(rows, (list) => {
        for (const pid of ranked(tableOf(list))) {
          const row = list.find((each) => each.pid === pid);
          expect(row).toMatchObject({ protectRule: ABSENT, flags: KNOWN });
          expect(row?.oomScoreAdj).not.toBe(-1000);
        }
      }),
    );
  });
});

it('tells a row as plain facts', () => {
  const table = tableOf([{ pid: 7, swapKiB: MIB, pageTablesKiB: 40, oomScoreAdj: 10 }]);
  expect(factsOf(table, 0)).toEqual({
    pid: 7,
    comm: 'app',
    startTimeTicks: 500,
    uid: 1000,
    unit: 'app.service',
    exe: '/usr/bin/app',
    rssKiB: GIB,
    swapKiB: MIB,
    pageTablesKiB: 40,
    oomScoreAdj: 10,
    badnessPages: 262_144 + 256 + 10 + 10 * Math.floor(TOTAL_PAGES / 1000),
  });
});
