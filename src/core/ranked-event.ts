/** A choice as it is told: who stood at the front and by what, who was taken, and who was not though it is large. */
import type { CorrectionFacts, Exclusion, ProcessFacts } from './event.ts';

/**
 * points: the first of the ranking that may die with all who go along. swarm: the largest of many that make the shortage
 * together. fork_storm: the parent that replaces its children. Either of these stands in the place of the first.
 */
export const CHOICES = ['points', 'swarm', 'fork_storm'] as const;
export type Choice = (typeof CHOICES)[number];

/** ULONG_MAX of oom_scan_process_thread(): more than any badness, and a number that can be compared and printed. */
export const FIRST_POINTS = Number.MAX_SAFE_INTEGER;

/** The rules of prefer and avoid that touch a process; both left out where none does. */
interface PolicyShare {
  /** Sum of their points, thousandths of all pages, as oom_score_adj counts. */
  policyPoints?: number;
  /** As the operator knows them: "select.avoid[2]". */
  rules?: readonly string[];
}

/** What is optional an older control does not say. */
export interface RankedFacts extends ProcessFacts, PolicyShare {
  /** Badness and policy, pages: what it was ranked by. FIRST_POINTS for one in swapoff or a KSM unmerge. */
  pointsPages?: number;
  /** 1 for the first; only of a chosen one behind the others of the list. 0: it was not eligible by itself. */
  place?: number;
  /** All of this would have died with it, and somebody in it must live. */
  keptBy?: 'cgroup' | 'unit';
}

/** Why one that is large was not taken: not eligible, refused to us by the kernel, or eligible with fewer points than the list has. */
export type PassedOverReason = Exclusion | 'refused' | 'outranked';

/** Behind mm_group: whoever must live, and so keeps all alive that have the same mm. */
export interface Sharer {
  pid: number;
  comm: string;
  /** Why it may not be killed itself. */
  why: PassedOverReason;
  /** kcmp(2) has said so; else they are of one program and of one size, and it has not been asked yet. */
  isCertain: boolean;
}

export interface PassedOver extends PolicyShare {
  pid: number;
  comm: string;
  unit: string;
  sizeKiB: number;
  oomScoreAdj: number;
  pointsPages: number;
  why: PassedOverReason;
  /** Of mm_group alone. An older control does not say. */
  sharesWith?: Sharer;
}

export interface RankedEvent {
  kind: 'ranked';
  episode: number;
  scanned: number;
  /** Best first; the chosen one behind them where it is none of them. */
  top: readonly RankedFacts[];
  /** The pid that was taken, and by which of the ways. An older control does not say. */
  chosen?: number;
  choice?: Choice;
  /** Of those who are half as large as the chosen one at least, the largest; without those in `top` and its company. */
  passedOver?: readonly PassedOver[];
  excluded: Readonly<Partial<Record<Exclusion, number>>>;
  /** The corrections that made a difference, at most ten. */
  corrections: readonly CorrectionFacts[];
  scanMs: number;
}
