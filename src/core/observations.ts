/**
 * What was found out off the loop since the last turn: files and calls that may sleep, read by commands/daemon/watchers
 * only while something stalls. Arrays and records are made once and filled again; an empty one is the rule.
 */
import type { CgroupRow } from './cgroup-row.ts';
import type { Holder } from './holder.ts';
import type { Remedied } from './remedy.ts';
import type { Rescue } from './rescue.ts';
import { type SwapUse, unknownSwapUse } from './swap-use.ts';
import { createThreadFindings, type ThreadFindings } from './thread-readings.ts';

/** Who is in a cgroup and below it, for the one that core/cgroup asked about. */
export interface CgroupMembers {
  readonly path: string;
  readonly processes: number;
  /** At oom_score_adj -1000: the kernel kills none of them. */
  readonly unkillable: number;
  /** "pid 4711 (java) at -1000, ...": the largest few, not trusted. */
  readonly text: string;
  /** Every process of it is enrolled and identified; false where there are more than are looked at. */
  readonly isWhole: boolean;
}

/** One member for each watcher; control fills it, core/watch reads it. */
export interface Observations {
  /** Of the turn: nothing was found out when it equals the last one's. */
  serial: number;
  /** cgroups that are worth a look, and which reading of them it is. */
  cgroups: readonly CgroupRow[];
  cgroupSerial: number;
  /** The last answer; null before the first. */
  cgroupMembers: CgroupMembers | null;
  /** What a look that has ended since the last turn found, largest first; null when none has. */
  holders: readonly Holder[] | null;
  /** What the standby process did since the last turn, oldest first. */
  readonly rescues: Rescue[];
  /** Of threads, while something stalls (linux/tasks). */
  threads: ThreadFindings;
  /** What remedies came to. */
  readonly remedied: Remedied[];
  readonly swapUse: SwapUse;
}

export const emptyObservations = (): Observations => ({
  serial: 0,
  cgroups: [],
  cgroupSerial: 0,
  cgroupMembers: null,
  holders: null,
  rescues: [],
  threads: createThreadFindings(0),
  remedied: [],
  swapUse: unknownSwapUse(),
});
