/**
 * MemAvailable and SwapFree against the term and kill marks. "and" follows earlyoom's lowmem_sig: with swap left the
 * kernel can still page out, so low memory alone is no emergency; without swap only memory counts.
 */

import { isReached } from '../mark.ts';
import type { LevelMarks, Policy } from '../policy.ts';
import type { Sample } from '../sample.ts';

export const REACHED = { MEM_AVAILABLE: 1, SWAP_FREE: 2 } as const;

/** Bits of REACHED that demand this level; 0 when the level is not reached. */
export const thresholdReached = (marks: LevelMarks, combine: Policy['detect']['combine'], sample: Sample): number => {
  const memory = isReached(marks.memAvailable, sample.memAvailableKiB, sample.memTotalKiB) ? REACHED.MEM_AVAILABLE : 0;
  if (sample.swapTotalKiB <= 0) return memory;
  const swap = isReached(marks.swapFree, sample.swapFreeKiB, sample.swapTotalKiB) ? REACHED.SWAP_FREE : 0;
  if (combine === 'or') return memory | swap;
  return memory !== 0 && swap !== 0 ? memory | swap : 0;
};
