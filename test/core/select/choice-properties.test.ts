/** What holds of every choice, with those who go along: nobody who may not be killed, and no difference by order of rows. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Corrections } from '../../../src/core/policy.ts';
import { FLAG, type ProcessTable } from '../../../src/core/process-table.ts';
import { companyOf } from '../../../src/core/select/company.ts';
import { createRanking, type Ranking, rank } from '../../../src/core/select/rank.ts';
import { ABSENT, GIB, MIB } from '../../../src/core/units.ts';
import type { Companion } from '../../../src/core/victim.ts';
import { defaultPolicy } from '../../support/policy.ts';
import { KNOWN, type Row, tableOf } from '../support/tables.ts';

const { corrections: ALL_ON } = defaultPolicy().select;
const NEVER = FLAG.KTHREAD | FLAG.INIT | FLAG.SELF | FLAG.ANCESTOR | FLAG.NO_MM | FLAG.GONE;

const flags = fc.oneof(
  { weight: 5, arbitrary: fc.constant<number>(KNOWN) },
  { weight: 1, arbitrary: fc.constantFrom<number>(0, FLAG.ARMED) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(...Object.values(FLAG)).map((flag) => KNOWN | flag),
  },
);

const rows: fc.Arbitrary<Partial<Row>[]> = fc.array(
  fc.record({
    rssKiB: fc.constantFrom(ABSENT, 0, 64 * MIB, GIB, 2 * GIB),
    oomScore: fc.constantFrom(0, 667, 700, 900),
    oomScoreAdj: fc.constantFrom(-1000, 0, 0, 0, 500),
    startTimeTicks: fc.constantFrom(100, 200),
    flags,
    protectRule: fc.constantFrom(ABSENT, ABSENT, ABSENT, 0),
    policyPoints: fc.constantFrom(0, 0, 300, -300),
    mmGroup: fc.constantFrom(ABSENT, ABSENT, 0, 1),
    oomGroup: fc.constantFrom('', '', '/a', '/b'),
  }),
  // As many rows as there are numbers of groups at the least.
  { minLength: 2, maxLength: 24 },
);

const corrections = fc.record<Corrections>({
  excludeVictims: fc.boolean(),
  exitingDoesNotAbort: fc.boolean(),
  originAndVictim: fc.boolean(),
  originAndUnkillable: fc.boolean(),
  timers: fc.boolean(),
  waitAllocatingTask: fc.boolean(),
});

const judged = (table: ProcessTable, on: Corrections): Ranking => {
  const ranking = createRanking(table.capacity, table.capacity);
  rank(ranking, table, {
    ...{ corrections: on, onlyPid: ABSENT, narrowed: false, minimumKiB: 64 * MIB, admitsUnidentified: false },
    ...{ isVictim: (slot) => slot % 7 === 6, isRefused: () => false },
  });
  return ranking;
};

const pids = (company: readonly Companion[]): number[] => company.map(({ pid }) => pid).toSorted((a, b) => a - b);

/** Everybody who would die, were each candidate chosen in turn. */
const doomed = (table: ProcessTable, ranking: Ranking): Set<number> => {
  const order = Array.from(ranking.order.subarray(0, ranking.count));
  return new Set(order.flatMap((slot) => [slot, ...companyOf(table, ranking, slot).map((each) => each.slot)]));
};

it('no ineligible or protected process is ever a candidate or goes along with one', () => {
  fc.assert(
    fc.property(rows, (list) => {
      const table = tableOf(list);
      for (const slot of doomed(table, judged(table, ALL_ON))) {
        const bits = table.flags[slot] as number;
        expect(bits & (NEVER | FLAG.SIGKILL_PENDING | FLAG.EXITING)).toBe(0);
        expect(bits & FLAG.IDENTIFIED).not.toBe(0);
        expect([table.oomScoreAdj[slot] === -1000, table.protectRule[slot], slot % 7 === 6]).toEqual([
          false,
          ABSENT,
          false,
        ]);
      }
    }),
    { numRuns: 2000 },
  );
});

it('nor with any corrections off, but for a swapoff at -1000 without patch 4, and for victims without 1 and 3', () => {
  fc.assert(
    fc.property(rows, corrections, (list, on) => {
      const table = tableOf(list);
      for (const slot of doomed(table, judged(table, on))) {
        const bits = table.flags[slot] as number;
        expect([bits & NEVER, table.protectRule[slot]]).toEqual([0, ABSENT]);
        const isOrigin = (bits & FLAG.ORIGIN) !== 0;
        if (table.oomScoreAdj[slot] === -1000) expect([isOrigin, on.originAndUnkillable]).toEqual([true, false]);
        const isVictim = slot % 7 === 6 || (bits & FLAG.SIGKILL_PENDING) !== 0;
        if (isVictim) expect(isOrigin ? on.originAndVictim && on.excludeVictims : on.excludeVictims).toBe(false);
      }
    }),
    { numRuns: 2000 },
  );
});

it('the order of rows changes nothing: neither who is first nor who goes along', () => {
  const shuffled = rows.chain((list) => {
    const slots = list.map((_, slot) => slot);
    return fc.tuple(fc.constant(list), fc.shuffledSubarray(slots, { minLength: list.length, maxLength: list.length }));
  });
  fc.assert(
    fc.property(shuffled, corrections, ([list, slots], on) => {
      const [one, other] = [tableOf(list), tableOf(list)];
      other.rows.set(slots);
      const [a, b] = [judged(one, on), judged(other, on)];
      expect(b.order.subarray(0, b.count)).toEqual(a.order.subarray(0, a.count));
      expect([b.exclusion, b.excluded, b.abortedBy === ABSENT]).toEqual([
        a.exclusion,
        a.excluded,
        a.abortedBy === ABSENT,
      ]);
      for (const slot of a.order.subarray(0, a.count)) {
        const [here, there] = [companyOf(one, a, slot), companyOf(other, b, slot)];
        expect(pids(there)).toEqual(pids(here));
        // Of two who share one mm, the first counts: how many count is the same.
        const counted = (company: readonly Companion[]): number =>
          company.filter((each) => each.company === 'oom_group').length;
        expect(counted(there)).toBe(counted(here));
      }
    }),
    { numRuns: 1000 },
  );
});
