/**
 * Whether reclaim achieves anything. Scanning alone is no progress, and neither is a page that is thrown out to be read in
 * again: what counts is what was taken less what came back (kernel-facts, Appendix A). Pages that nobody needs again are
 * what a stream leaves behind, or what a process that grows takes from the others: the host moves.
 */
import { ABSENT } from '../units.ts';
import type { Signs } from './signs.ts';

/** moves: reclaim wins memory. spins: what it takes is needed again. stands: it takes nothing. unknown: no counters. */
export type Motion = 'moves' | 'spins' | 'stands' | 'unknown';

/**
 * Below this share of what was taken, what stays taken is no gain: in a guest that thrashes 75 to 100 % come back, from a
 * stream hardly any, from the first passes of a growing heap at most a tenth.
 */
const GAIN_SHARE = 0.5;

/**
 * Pages a second that are next to nothing: 256 KiB. A host on which nothing moves still steals single pages of a cache that
 * is refilled (kernel-facts 2.4, kswapd behind a lock).
 */
const STANDS_PER_S = 64;

export const motionOf = ({ stolenPerS, refaultFilePerS, refaultAnonPerS }: Signs): Motion => {
  if (stolenPerS === ABSENT) return 'unknown';
  if (stolenPerS < STANDS_PER_S) return 'stands';
  const cameBack = Math.max(0, refaultFilePerS) + Math.max(0, refaultAnonPerS);
  return stolenPerS - cameBack >= stolenPerS * GAIN_SHARE ? 'moves' : 'spins';
};
