/**
 * How long to sleep before the next tick. earlyoom's sleep_time_ms: no longer than the fastest filler needs to reach the
 * mark, between a floor (so that we never burn a CPU) and a ceiling (so that slow leaks and clocks stay fresh).
 */

import type { PacePolicy } from './policy.ts';
import { ABSENT } from './units.ts';
import { LEVEL, type Verdict } from './verdict.ts';

/**
 * While thrash is being judged, PSI and refaults are read at this interval: fifteen readings in a one-second window. The
 * window skips readings closer than a sixteenth of it (62.5 ms), so a shorter pause would throw every other one away.
 */
const JUDGE_MS = 65;

/** A host may live near its marks for ever: the index stays fresh enough for a leak at four looks a second. */
const APPROACH_MS = 250;

/**
 * Milliseconds to sleep. `dueMs` is the time to the next checkpoint that something waits for (ABSENT: none);
 * `lossKiBPerMs` the present slope.
 */
export const paceMs = (
  verdict: Verdict,
  lossKiBPerMs: number,
  stalls: boolean,
  dueMs: number,
  pace: PacePolicy,
): number => {
  let sleep = pace.maxMs;
  // Half of the way: the next look still has time to act before the mark even when the fill rate doubles.
  if (lossKiBPerMs > 0) sleep = Math.min(sleep, Math.max(0, verdict.headroomKiB) / lossKiBPerMs / 2);
  sleep = Math.min(sleep, Math.max(0, verdict.headroomKiB) / pace.fillKiBPerMs);
  if (stalls) sleep = Math.min(sleep, JUDGE_MS);
  else if (verdict.level === LEVEL.APPROACH) sleep = Math.min(sleep, APPROACH_MS);
  if (dueMs !== ABSENT) sleep = Math.min(sleep, dueMs);
  return Math.max(pace.minMs, Math.floor(sleep));
};
