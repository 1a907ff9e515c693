/**
 * Whom the standby process may kill when control does not turn: the candidates of this moment with their company, whatever
 * their size: it looks at that itself, when they have grown.
 */
import type { Policy } from './policy.ts';
import type { ProcessTable } from './process-table.ts';
import { companyOf } from './select/company.ts';
import { type Ranking, rank } from './select/rank.ts';
import { scopeOf } from './selection.ts';
import type { State } from './state.ts';
import { ABSENT } from './units.ts';

export interface StandbyCandidate {
  readonly slot: number;
  /** Equal for those who die together: the index of the first of them in the list. */
  readonly group: number;
  /** May be chosen; otherwise it only goes along. */
  readonly isCandidate: boolean;
}

/** At most `limit`, best first, each followed by those who go along with it. Ranks into `ranking`. */
export const standbyCandidates = (
  ranking: Ranking,
  state: State,
  table: ProcessTable,
  policy: Policy,
  limit: number,
): StandbyCandidate[] => {
  rank(ranking, table, scopeOf(state, table, policy, 0, null));
  const list: StandbyCandidate[] = [];
  const listed = new Set<number>();
  for (let at = 0; at < ranking.count; at++) {
    const slot = ranking.order[at] as number;
    if (listed.has(slot)) continue;
    const company = companyOf(table, ranking, slot).filter((each) => !listed.has(each.slot));
    // All who die together or none: half of a group would free nothing.
    if (list.length + 1 + company.length > limit) continue;
    const group = company.length === 0 ? ABSENT : list.length;
    for (const each of [slot, ...company.map((companion) => companion.slot)]) {
      listed.add(each);
      list.push({ slot: each, group, isCandidate: ranking.exclusion[each] === ABSENT });
    }
  }
  return list;
};
