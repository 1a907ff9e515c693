/**
 * How memory was spread when the host was last at ease: a shortage is made of what has changed since. Only what belongs to
 * no process, and what grows with their number.
 */
import type { Sample } from '../sample.ts';
import { ABSENT } from '../units.ts';

const KIB_PER_PAGE = 4;

export interface Spread {
  totalKiB: number;
  availableKiB: number;
  shmemKiB: number;
  slabKiB: number;
  hugetlbKiB: number;
  mlockedKiB: number;
  pageTablesKiB: number;
  kernelStackKiB: number;
  unaccountedKiB: number;
  balloonKiB: number;
}

export interface Baseline {
  /** ABSENT everywhere before the first calm reading. */
  readonly calm: Spread;
  readonly now: Spread;
}

const emptySpread = (): Spread => ({
  totalKiB: ABSENT,
  availableKiB: ABSENT,
  shmemKiB: ABSENT,
  slabKiB: ABSENT,
  hugetlbKiB: ABSENT,
  mlockedKiB: ABSENT,
  pageTablesKiB: ABSENT,
  kernelStackKiB: ABSENT,
  unaccountedKiB: ABSENT,
  balloonKiB: ABSENT,
});

export const createBaseline = (): Baseline => ({ calm: emptySpread(), now: emptySpread() });

/**
 * Memory that meminfo names nowhere: pages that drivers, file systems and a balloon have taken for themselves
 * (kernel-facts 4.8). What holds compressed memory is known where vmstat was read.
 */
const unaccountedKiB = (sample: Sample): number => {
  const named =
    sample.memFreeKiB +
    Math.max(0, sample.buffersKiB) +
    Math.max(0, sample.cachedKiB) +
    Math.max(0, sample.swapCachedKiB) +
    Math.max(0, sample.anonPagesKiB) +
    Math.max(0, sample.slabKiB) +
    Math.max(0, sample.pageTablesKiB) +
    Math.max(0, sample.kernelStackKiB) +
    Math.max(0, sample.secPageTablesKiB) +
    Math.max(0, sample.percpuKiB) +
    Math.max(0, sample.vmallocUsedKiB) +
    Math.max(0, sample.hugetlbKiB) +
    Math.max(0, sample.zspages) * KIB_PER_PAGE;
  return Math.max(0, sample.memTotalKiB - named);
};

/** Pages that a balloon has; by its counters where meminfo has no line for it (before 6.18). */
const balloonKiB = ({ balloonKiB: told, balloonInflate, balloonDeflate }: Sample): number => {
  if (told !== ABSENT || balloonInflate === ABSENT) return told;
  return Math.max(0, balloonInflate - Math.max(0, balloonDeflate)) * KIB_PER_PAGE;
};

export const readSpread = (spread: Spread, sample: Sample): void => {
  spread.totalKiB = sample.memTotalKiB;
  spread.availableKiB = sample.memAvailableKiB;
  spread.shmemKiB = sample.shmemKiB;
  spread.slabKiB = sample.slabUnreclaimableKiB;
  spread.hugetlbKiB = sample.hugetlbKiB;
  spread.mlockedKiB = sample.mlockedKiB;
  spread.pageTablesKiB = sample.pageTablesKiB;
  spread.kernelStackKiB = sample.kernelStackKiB;
  // zsmalloc's pages are in vmstat alone: without it they would look like those of a driver.
  if (sample.pgscanKswapd === ABSENT) return;
  spread.unaccountedKiB = unaccountedKiB(sample);
  spread.balloonKiB = balloonKiB(sample);
};

/** What has become available less since the host was at ease, KiB; 0 when that is not known. */
export const lostKiB = ({ calm, now }: Baseline): number =>
  calm.availableKiB === ABSENT ? 0 : Math.max(0, calm.availableKiB - now.availableKiB);

/** By how much one kind has grown since then, KiB; 0 when that is not known. */
export const grownKiB = ({ calm, now }: Baseline, kind: keyof Spread): number =>
  calm[kind] === ABSENT || now[kind] === ABSENT ? 0 : Math.max(0, now[kind] - calm[kind]);
