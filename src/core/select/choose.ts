/**
 * Whom to hold descriptors of: the best candidates of the moment, and behind them what policy leaves out, which is looked
 * at again, because a process that has exec'ed into something else must not stay protected, or out of scope.
 */
import { EXCLUSIONS } from '../event.ts';
import type { SelectPolicy } from '../policy.ts';
import type { ProcessTable } from '../process-table.ts';
import { rowSizeKiB } from './badness.ts';
import { hasScope } from './policy-match.ts';
import { type Ranking, rank } from './rank.ts';

const PROTECTED = EXCLUSIONS.indexOf('protected');
const OUTSIDE_SCOPE = EXCLUSIONS.indexOf('outside_scope');

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
  for (let row = 0; row < table.count && count < chosen.length; row++) {
    const slot = table.rows[row] as number;
    const exclusion = ranking.exclusion[slot] as number;
    if ((exclusion !== PROTECTED && exclusion !== OUTSIDE_SCOPE) || rowSizeKiB(table, slot) < minimumKiB) continue;
    chosen[count++] = slot;
  }
  return count;
};
