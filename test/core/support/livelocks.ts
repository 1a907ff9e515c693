/** What a verdict is made of, for tests: a host of 24 GiB that is at ease, and what differs from it. */
import type { CgroupRow } from '../../../src/core/cgroup-row.ts';
import { newDying } from '../../../src/core/dying.ts';
import { type Baseline, createBaseline, type Spread } from '../../../src/core/livelock/baseline.ts';
import { createKernelSaid, type KernelSaid } from '../../../src/core/livelock/kernel-said.ts';
import { motionOf } from '../../../src/core/livelock/motion.ts';
import type { Seen } from '../../../src/core/livelock/seen.ts';
import { createSigns, type Signs } from '../../../src/core/livelock/signs.ts';
import type { Sample } from '../../../src/core/sample.ts';
import { emptyStallSummary, type StallSummary } from '../../../src/core/stall-summary.ts';
import { unknownSwapUse } from '../../../src/core/swap-use.ts';
import { GIB } from '../../../src/core/units.ts';
import { aRow } from '../cgroup/rows.ts';
import { aSample, CALM_ZONES } from './samples.ts';

const CALM_SIGNS: Signs = {
  ...createSigns(),
  spanMs: 5000,
  somePermyriad: 0,
  fullPermyriad: 0,
  ioFullPermyriad: 0,
  scannedPerS: 0,
  directPerS: 0,
  stolenPerS: 0,
  refaultFilePerS: 0,
  refaultAnonPerS: 0,
  restoresPerS: 0,
  swapInPerS: 0,
  swapOutPerS: 0,
  zswapInPerS: 0,
  stallsPerS: 0,
  throttledPerS: 0,
  kernelKillsPerS: 0,
  inflatedPerS: 0,
};

const CALM_SPREAD: Spread = {
  totalKiB: 24 * GIB,
  availableKiB: 18 * GIB,
  shmemKiB: 100,
  slabKiB: 100,
  hugetlbKiB: 0,
  mlockedKiB: 0,
  pageTablesKiB: 100,
  kernelStackKiB: 2000,
  unaccountedKiB: 0,
  balloonKiB: 0,
};

const aBaseline = (now: Partial<Spread> = {}): Baseline => {
  const baseline = createBaseline();
  Object.assign(baseline.calm, CALM_SPREAD);
  Object.assign(baseline.now, CALM_SPREAD, now);
  return baseline;
};

type Differences = Partial<Omit<Seen, 'signs' | 'sample' | 'stall' | 'kernel' | 'baseline' | 'motion'>> & {
  readonly signs?: Partial<Signs>;
  readonly sample?: Partial<Sample>;
  readonly stall?: Partial<StallSummary>;
  readonly kernel?: Partial<KernelSaid>;
  readonly now?: Partial<Spread>;
};

export const aSeen = ({ signs, sample, stall, kernel, now, ...rest }: Differences = {}): Seen => {
  const all = { ...CALM_SIGNS, ...signs };
  return {
    nowMs: 100_000,
    sample: aSample({ ...CALM_ZONES, ...sample }),
    signs: all,
    motion: motionOf(all),
    isThrashing: false,
    isNearWatermark: false,
    isWithinLimits: false,
    isShort: false,
    stall: { ...emptyStallSummary(), seen: 100, ...stall },
    cgroups: [],
    holders: [],
    stuck: [],
    baseline: aBaseline(now),
    kernel: { ...createKernelSaid(), ...kernel },
    swapUse: unknownSwapUse(),
    noAction: null,
    killed: [],
    hiddenProcesses: 0,
    ...rest,
  };
};

export const aCgroup = (differences: Partial<CgroupRow> = {}): CgroupRow =>
  aRow({ path: '/system.slice/db.service', currentKiB: 30 * 1024, ...differences });

/** A victim of ours, killed 6 s before the moment of aSeen(). */
export const aVictim = (differences: Partial<ReturnType<typeof newDying>> = {}): ReturnType<typeof newDying> => ({
  ...newDying(3, 4711, 'java', 'oomwatchd', GIB, 94_000),
  ...differences,
});

/** A host whose reclaim takes nothing, scanning all it has. */
export const STANDS = {
  isNearWatermark: true,
  signs: { fullPermyriad: 6000, scannedPerS: 50_000, directPerS: 40_000, stolenPerS: 3, stallsPerS: 40 },
} satisfies Parameters<typeof aSeen>[0];
