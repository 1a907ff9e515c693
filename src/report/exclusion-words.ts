/** Why a process may not be chosen, in words: what `rank` and `explain` print and an incident tells afterwards. */
import type { Exclusion } from '../core/event.ts';
import { named } from './sentence.ts';

/** OOM_SCORE_ADJ_MIN of include/uapi/linux/oom.h. */
const OOM_SCORE_ADJ_MIN = -1000;

export const EXCLUSION_WORDS: Readonly<Record<Exclusion, string>> = {
  kernel_thread: 'kernel thread: has no memory of its own',
  init: 'pid 1: its death is a panic',
  self: 'oomwatchd itself',
  ancestor: 'parent of this oomwatchd: the session it was started from',
  gone: 'vanished while it was looked at',
  no_mm: 'zombie without memory',
  unidentified: 'could not be identified, so policy might protect it',
  oom_score_adj_min: `oom_score_adj is ${OOM_SCORE_ADJ_MIN}: out of bounds for the kernel and for us`,
  protected: 'protected',
  outside_scope: 'outside the scope that select.only gives',
  already_victim: 'SIGKILL is pending: dying already',
  exiting: 'exiting by itself: watched, and waited for no longer than a victim',
  mm_group: 'shares its memory with a process that may not be killed',
  hidden_from_kernel: 'oom_score is 0: the kernel has reaped it or it is a vfork child',
  below_minimum_size: 'too small: killing it would not help',
};

/**
 * mm_group with the name of whom it is about: "shares its memory with postgres (pid 81), which may not be killed: protected".
 * `why`: of that one, in words. comm may be any bytes, and is '' where it was never read.
 */
export const sharesWords = (sharer: { pid: number; comm: string }, isCertain: boolean, why: string): string => {
  const name = sharer.comm === '' ? `pid ${sharer.pid}` : named(sharer);
  return `${isCertain ? 'shares' : 'may share'} its memory with ${name}, which may not be killed: ${why}`;
};
