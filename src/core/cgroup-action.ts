/**
 * What a rule for a cgroup has had done, and what became of it: victims of its own, which are judged by the memory of that
 * cgroup. One cgroup at a time: a watchdog that is wrong must be wrong slowly.
 */

import type { CgroupRuleOutcome } from './cgroup-event.ts';
import type { CgroupRow } from './cgroup-row.ts';
import type { CgroupRule } from './policy.ts';
import type { Sample } from './sample.ts';
import type { State } from './state.ts';
import { ABSENT } from './units.ts';
import type { Room } from './verify/return.ts';
import type { Victim } from './victim.ts';

export interface CgroupAction {
  /** What is being acted on; null: nothing. */
  rule: CgroupRule | null;
  path: string;
  readonly victims: Victim[];
  /** A scan has been asked for to choose within the cgroup. */
  selecting: boolean;
  /** Why nobody was signalled, as it was last told. */
  outcome: CgroupRuleOutcome | null;
  outcomeMs: number;
  /** When nobody could be chosen; ABSENT: somebody could. */
  nobodyMs: number;
}

export const createCgroupAction = (): CgroupAction => ({
  rule: null,
  path: '',
  victims: [],
  selecting: false,
  outcome: null,
  outcomeMs: ABSENT,
  nobodyMs: ABSENT,
});

/** The reason of a signal: "cgroup /app.slice by cgroups[0]". */
export const demandText = ({ rule, path }: CgroupAction): string => `cgroup ${path} by ${rule?.id ?? ''}`;

export const rowOf = (state: State, path: string): CgroupRow | undefined =>
  state.cgroups.find((row) => row.path === path);

/**
 * The room that the cgroup leaves, in the shape of a sample: what is not in it. A cgroup that has gone leaves all. Baselines
 * are differences, so it does not matter of how much it is taken.
 */
export const roomOf = (state: State, { memTotalKiB, swapTotalKiB }: Sample): Room => {
  const row = rowOf(state, state.cgroupAction.path);
  return {
    memAvailableKiB: Math.max(0, memTotalKiB - Math.max(0, row?.currentKiB ?? 0)),
    swapFreeKiB: Math.max(0, swapTotalKiB - Math.max(0, row?.swapKiB ?? 0)),
  };
};
