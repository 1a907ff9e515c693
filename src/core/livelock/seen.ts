/** Everything that a verdict is made of, and what a cause says of it. Both are plain data: a cause is a pure function. */
import type { CgroupRow } from '../cgroup-row.ts';
import type { Dying } from '../dying.ts';
import type { NoActionReason } from '../event.ts';
import type { Holder } from '../holder.ts';
import type { Confidence, LivelockCause } from '../livelock.ts';
import type { Sample } from '../sample.ts';
import type { StallSummary } from '../stall-summary.ts';
import type { SwapUse } from '../swap-use.ts';
import type { Baseline } from './baseline.ts';
import type { KernelSaid } from './kernel-said.ts';
import type { Motion } from './motion.ts';
import type { Signs } from './signs.ts';

export interface Seen {
  readonly nowMs: number;
  readonly sample: Sample;
  readonly signs: Signs;
  readonly motion: Motion;
  /** core/detect has found thrash, and for as long as its setting wants. */
  readonly isThrashing: boolean;
  /** Free pages are near the high watermarks: what stalls, stalls for memory of the host and not of a cgroup. */
  readonly isNearWatermark: boolean;
  /** What comes back from disk does so within cgroups at limits of their own. */
  readonly isWithinLimits: boolean;
  /** A mark of detect.term or detect.kill is reached. */
  readonly isShort: boolean;
  readonly stall: StallSummary;
  readonly cgroups: readonly CgroupRow[];
  readonly holders: readonly Holder[];
  /** Victims that should have gone by now. */
  readonly stuck: readonly Dying[];
  readonly baseline: Baseline;
  readonly kernel: KernelSaid;
  readonly swapUse: SwapUse;
  /** Why nobody is killed though memory is short; null: somebody is, or nothing is short. */
  readonly noAction: NoActionReason | null;
  /** Names of those whom we have killed in this episode, oldest first. */
  readonly killed: readonly string[];
  /** Processes that the kernel's killer does not see: children of vfork(2) that still run on the mm of their parent. */
  readonly hiddenProcesses: number;
}

export interface Finding {
  readonly cause: LivelockCause;
  readonly confidence: Confidence;
  readonly killHelps: boolean;
  readonly subject: string;
  readonly evidence: readonly string[];
}

/** Looks for one cause, or for those of one kind; null without evidence. */
export type Cause = (seen: Seen) => Finding | null;

/** "57 %". */
export const percent = (permyriad: number): string => `${Math.round(permyriad / 100)} %`;

const KIB_PER_MIB = 1024;
/** "412 MiB". */
export const mib = (kib: number): string => `${Math.round(kib / KIB_PER_MIB)} MiB`;
