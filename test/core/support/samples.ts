/** Samples for tests: a calm host, and what differs from it. */
import { emptySample, type Sample } from '../../../src/core/sample.ts';
import { GIB } from '../../../src/core/units.ts';

/** A calm host with 24 GiB of RAM and no swap, of which only the basics were read. */
export const aSample = (differences: Partial<Sample> = {}): Sample => ({
  ...emptySample(),
  memTotalKiB: 24 * GIB,
  memFreeKiB: 14 * GIB,
  memAvailableKiB: 18 * GIB,
  swapTotalKiB: 0,
  swapFreeKiB: 0,
  memorySomeUs: 0,
  memoryFullUs: 0,
  ...differences,
});

/** Watermarks as zoneinfo shows them, free pages far above. */
export const CALM_ZONES: Partial<Sample> = {
  zoneFreePages: 410_000,
  zoneUsablePages: 400_000,
  zoneMinPages: 16_000,
  zoneLowPages: 20_000,
  zoneHighPages: 24_000,
  unreclaimableNodes: 0,
};
