/**
 * Whom to hold descriptors of: the best candidates of the moment, and behind them those that are left out, which are looked
 * at again, because a process that has exec'ed into something else must not stay protected, or out of scope.
 */
import { EXCLUSIONS, type Exclusion } from '../event.ts';
import type { SelectPolicy } from '../policy.ts';
import type { ProcessTable } from '../process-table.ts';
import { rowSizeKiB } from './badness.ts';
import { hasScope } from './policy-match.ts';
import { type Ranking, rank } from './rank.ts';

const codes = (...reasons: Exclusion[]): number[] => reasons.map((reason) => EXCLUSIONS.indexOf(reason));
/**
 * Those whose company decides. vfork children and those at -1000 are as large as the candidate that they may share an mm
 * with, but what /proc shows of their size is nothing; until it was looked at once, one at -1000 passes for hidden. And
 * whoever is not eligible for sharing an mm: let go, it would pass for a process alone, and be eligible.
 */
const SHARERS = codes('hidden_from_kernel', 'oom_score_adj_min', 'mm_group');
const LEFT_OUT = codes('protected', 'outside_scope');

const never = (): boolean => false;

/** Fills `chosen` with slots, candidates first, and returns how many. */
export const chooseToArm = (
  ranking: Ranking,
  table: ProcessTable,
  policy: SelectPolicy,
  minimumKiB: number,
  chosen: Int32Array,
): number => {
  rank(ranking, table, {
    onlyPid: policy.onlyPid,
    narrowed: hasScope(policy),
    // Half of the minimum: what is about to grow over it is held before it does.
    minimumKiB: minimumKiB / 2,
    admitsUnidentified: true,
    corrections: policy.corrections,
    isVictim: never,
    isRefused: never,
  });
  let count = 0;
  for (; count < ranking.count && count < chosen.length; count++) chosen[count] = ranking.order[count] as number;
  /** Adds rows that are excluded for one of `reasons`, up to `limit` in all. */
  const add = (reasons: readonly number[], leastKiB: number, limit: number): void => {
    for (let row = 0; row < table.count && count < limit; row++) {
      const slot = table.rows[row] as number;
      if (!reasons.includes(ranking.exclusion[slot] as number) || rowSizeKiB(table, slot) < leastKiB) continue;
      chosen[count++] = slot;
    }
  };
  // Half of what is left: anybody can have as many vfork children as he likes.
  add(SHARERS, 0, count + Math.ceil((chosen.length - count) / 2));
  add(LEFT_OUT, minimumKiB, chosen.length);
  return count;
};
