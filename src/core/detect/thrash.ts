/**
 * Thrashing: pages that are needed come back from disk as fast as reclaim throws them out, while MemAvailable counts
 * them as available. PSI memory "full" alone rises just as high for the limit of a single memcg, so a verdict needs signs
 * that only a shortage of the whole host gives. Measured in a guest of 469 MiB (6.1, disk of 40 MiB/s; per second):
 *
 *                                   full %   pgscan   restores   free / high watermark
 *     file-page thrash, onset           24    21,000        750   1.0-2.3
 *     file-page thrash, settled         76    10,000      2,400   1.0-1.9
 *     one stream, four streams         2-5    10,000       1-60   1.0-1.9
 *     thrash in a memcg's limit         68         0      1,900   80
 *     leak into memory.high             80         0          0   90
 *
 * On cores half as fast the same thrash reads full 17 to 31 % and some 95 to 98 % for as long as it lasts: reclaim itself
 * keeps a core busy, and whose page has just come is running. Hence the second judgement, by both together. The others:
 *
 *  - pgscan_kswapd + pgscan_direct count global reclaim only, never a memcg's (mm/vmscan.c);
 *  - restores: pages of the working set that were reclaimed and needed again (mm/workingset.c), which a stream lacks;
 *  - free pages near the high watermarks: kswapd has no lead left.
 */
import { isReached } from '../mark.ts';
import type { ThrashPolicy } from '../policy.ts';
import type { Sample } from '../sample.ts';
import { ABSENT, WHOLE_PERMYRIAD } from '../units.ts';
import { ratePerSecond, sumOfPresent, type WindowState } from '../window.ts';

/** What the signs are made of. */
export const THRASH_COUNTERS = ['memorySomeUs', 'memoryFullUs', 'pgscanKswapd', 'pgscanDirect', 'restores'] as const;
export type ThrashWindow = WindowState<(typeof THRASH_COUNTERS)[number]>;

const US_PER_S = 1_000_000;

/** A turn that was held up between its clock and its reading sees more stall time than there was time for. */
const toPermyriad = (usPerS: number): number =>
  usPerS === ABSENT ? ABSENT : Math.min(WHOLE_PERMYRIAD, Math.floor((usPerS * WHOLE_PERMYRIAD) / US_PER_S));

/**
 * Free pages swing between the low and three times the high watermark while kswapd feeds a thrash (6.12; 6.1 to twice).
 * Beside a memcg at its limit a host that is at ease has eighty times.
 */
const NEAR_HIGH = 4;

/** With some task waiting all the time, half of the mark on full is enough: three times of what four streams read. */
const FULL_OF_SOME = 2;
/**
 * And a sixth where MemAvailable is within twice the term mark: a hog that takes the last of the page cache runs itself, and so
 * full reads 5 to 15 % while everybody else waits (some 100 %, 1,500 restores a second).
 */
const FULL_NEAR_MARK = 6;

export interface ThrashSigns {
  /** Share of the window in which some task waited for memory, permyriad; ABSENT without PSI, and while `full` is too low. */
  somePermyriad: number;
  /** Share of the window in which all tasks waited for memory, permyriad; ABSENT without PSI. */
  fullPermyriad: number;
  restoresPerS: number;
  scannedPerS: number;
  nearWatermark: boolean;
}

export const createSigns = (): ThrashSigns => ({
  somePermyriad: ABSENT,
  fullPermyriad: ABSENT,
  restoresPerS: ABSENT,
  scannedPerS: ABSENT,
  nearWatermark: false,
});

const isFullEnough = ({ fullPermyriad }: ThrashSigns, policy: ThrashPolicy, share: number): boolean =>
  fullPermyriad * share >= policy.fullPermyriad;

/** Near the mark "some" is asked of half of the window: a hog is at the end of memory before the whole one has passed. */
const NEAR_MARK_WINDOW = 0.5;

/** Works the signs out of the window and the newest sample into `signs`. `isNearMark`: as isThrashingBusily() has it. */
export const readSigns = (
  signs: ThrashSigns,
  window: ThrashWindow,
  sample: Sample,
  policy: ThrashPolicy,
  isNearMark: boolean,
  nowMs: number,
): void => {
  const someMs = isNearMark ? policy.windowMs * NEAR_MARK_WINDOW : policy.windowMs;
  signs.fullPermyriad = toPermyriad(ratePerSecond(window, 'memoryFullUs', nowMs, policy.windowMs));
  // Asked for only where it can decide: in a quiet tick each rate is an object under the interpreter.
  signs.somePermyriad = isFullEnough(signs, policy, FULL_NEAR_MARK)
    ? toPermyriad(ratePerSecond(window, 'memorySomeUs', nowMs, someMs))
    : ABSENT;
  signs.restoresPerS = ratePerSecond(window, 'restores', nowMs, policy.windowMs);
  signs.scannedPerS = sumOfPresent(
    ratePerSecond(window, 'pgscanKswapd', nowMs, policy.windowMs),
    ratePerSecond(window, 'pgscanDirect', nowMs, policy.windowMs),
  );
  signs.nearWatermark = sample.zoneUsablePages !== ABSENT && sample.zoneUsablePages <= sample.zoneHighPages * NEAR_HIGH;
};

/** What there is besides stalls. */
const isReclaimedInVain = (signs: ThrashSigns, sample: Sample, policy: ThrashPolicy): boolean =>
  signs.nearWatermark &&
  signs.scannedPerS > 0 &&
  signs.restoresPerS >= policy.restoresPerS &&
  isReached(policy.memAvailable, sample.memAvailableKiB, sample.memTotalKiB);

/**
 * Whether all signs are there now. Without PSI (kernel without CONFIG_PSI or psi=0) a late tick of ours stands in for
 * the stall time: something that only wants to run did not get to.
 */
export const isThrashing = (signs: ThrashSigns, sample: Sample, policy: ThrashPolicy, lateMs: number): boolean => {
  if (!policy.enabled) return false;
  const stalled =
    signs.fullPermyriad === ABSENT ? sample.tickLateMs >= lateMs : signs.fullPermyriad >= policy.fullPermyriad;
  return stalled && isReclaimedInVain(signs, sample, policy);
};

/**
 * Whether some task waits nearly all the time, and all of them for a good part of it: a thrash on busy cores. `isNearMark`:
 * MemAvailable is within twice the term mark.
 */
export const isThrashingBusily = (
  signs: ThrashSigns,
  sample: Sample,
  policy: ThrashPolicy,
  isNearMark: boolean,
): boolean =>
  policy.enabled &&
  signs.somePermyriad >= policy.somePermyriad &&
  isFullEnough(signs, policy, isNearMark ? FULL_NEAR_MARK : FULL_OF_SOME) &&
  isReclaimedInVain(signs, sample, policy);
