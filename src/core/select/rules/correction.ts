/** What the six corrections have in common: who they are, and what one says of a process. */
import type { Corrections } from '../../policy.ts';

/** What is true of a process as far as the corrections look at it; bits, so that judging a row allocates nothing. */
export const SITUATION = {
  /** Being killed already: TIF_MEMDIE in the series; SIGKILL pending or in our register here. */
  VICTIM: 1,
  /** oom_task_origin(): in swapoff(2) or in a KSM unmerge. */
  ORIGIN: 2,
  /** PF_EXITING with its memory still attached. */
  EXITING: 4,
  /** oom_score_adj is -1000. */
  UNKILLABLE: 8,
} as const;

/** What a correction, or the kernel without it, says of a row. The first that says anything counts. */
export const OPINION = {
  NONE: 0,
  /** Not selected: a victim already. */
  VICTIM: 1,
  /** Not selected: out of bounds. */
  UNKILLABLE: 2,
  /** Not selected, watched instead: it is about to give its memory back by itself. */
  EXITING: 3,
  /** Selected before all others. */
  FIRST: 4,
  /** The whole search ends without a victim: wait. */
  ABORT: 5,
} as const;

export interface Correction {
  /** Its number in the series. */
  readonly patch: 1 | 2 | 3 | 4 | 5 | 6;
  /** As the configuration calls it. */
  readonly id: string;
  readonly key: keyof Corrections;
  /** The subject line of the patch. */
  readonly title: string;
  readonly link: string;
  /** What happens without it. */
  readonly without: string;
}

/** One that judges a process. `on` is false where the policy switches it off: the kernel of 4.5 answers then. */
export interface RowCorrection extends Correction {
  readonly judge: (situation: number, on: boolean) => number;
  /** What its opinion means for the process, in words. */
  readonly effect: string;
}

/** Message ids of the series on the public archive. */
export const patchLink = (id: string): string => `https://lore.kernel.org/r/${id}@I-love.SAKURA.ne.jp`;
