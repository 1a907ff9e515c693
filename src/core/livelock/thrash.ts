/**
 * Pages that are needed come back as fast as reclaim throws them out: from files, from swap on a disk, from memory that is
 * compressed. Measured a second (kernel-facts Appendix A; t10 and t13 on 6.1):
 *
 *                            full %   io full %   refault file   refault anon   pswpin
 *     file pages                 12       30-41          7,500              0        0
 *     swap on zram               57           0            low          9,000    9,000
 *     swap on a disk          5- 60       10-30              0          1,000    1,000   (all that 1,000 IO/s give)
 */
import { ABSENT } from '../units.ts';
import { type Finding, mib, percent, type Seen } from './seen.ts';

/** Below this nothing is thrashed: a disk of 100 reads a second still gives as many (detect.thrash.restores). */
const REFAULTS_PER_S = 100;

const rate = (perS: number, what: string): string => `${perS} ${what}/s`;

const shared = ({ signs, sample }: Seen): string[] => [
  `memory full ${percent(signs.fullPermyriad)}`,
  `${signs.stolenPerS} of ${signs.scannedPerS} scanned pages/s taken`,
  `MemAvailable ${mib(sample.memAvailableKiB)}`,
];

/** Whether what is swapped lies in memory; null where neither the areas nor the counters tell. */
const isCompressed = ({ swapUse, signs }: Seen): boolean | null => {
  // zswap answers before the device does, and then pswpin does not move.
  if (signs.zswapInPerS > Math.max(0, signs.swapInPerS)) return true;
  const { onDiskKiB, onZramKiB } = swapUse;
  return onDiskKiB + onZramKiB > 0 ? onZramKiB > onDiskKiB : null;
};

export const thrashCause = (seen: Seen): Finding | null => {
  const { signs, sample, isThrashing } = seen;
  if (!isThrashing && seen.motion !== 'spins') return null;
  const file = Math.max(0, signs.refaultFilePerS);
  const anon = Math.max(0, signs.refaultAnonPerS, signs.swapInPerS, signs.zswapInPerS);
  if (file + anon < REFAULTS_PER_S) return null;
  const confidence = isThrashing ? 'high' : 'medium';
  const evidence = shared(seen);
  if (file >= anon) {
    const refaults = rate(signs.refaultFilePerS, 'file pages read again');
    return { cause: 'file_thrash', confidence, killHelps: true, subject: '', evidence: [refaults, ...evidence] };
  }
  const refaults = rate(anon, 'anonymous pages brought in again');
  evidence.push(`SwapFree ${mib(sample.swapFreeKiB)} of ${mib(sample.swapTotalKiB)}`);
  const compressed = isCompressed(seen);
  if (compressed === null) {
    return { cause: 'swap_thrash', confidence: 'low', killHelps: true, subject: '', evidence: [refaults, ...evidence] };
  }
  if (signs.ioFullPermyriad !== ABSENT) evidence.push(`io full ${percent(signs.ioFullPermyriad)}`);
  const cause = compressed ? 'zram_thrash' : 'swap_thrash';
  return { cause, confidence, killHelps: true, subject: '', evidence: [refaults, ...evidence] };
};
