/** Rows of cgroups for tests: a calm one, and what differs. */
import { type CgroupRow, emptyCgroupRow } from '../../../src/core/cgroup-row.ts';
import { MIB } from '../../../src/core/units.ts';

export const aRow = (differences: Partial<CgroupRow> = {}): CgroupRow => ({
  ...emptyCgroupRow('/app.slice/app.service'),
  currentKiB: 20 * MIB,
  swapKiB: 0,
  highPerS: 0,
  maxPerS: 0,
  oomPerS: 0,
  oomKillPerS: 0,
  somePermyriad: 0,
  fullPermyriad: 0,
  ...differences,
});

/** As measured in a guest: a leak into memory.high, and a limit whose members are all at -1000. */
export const throttled = (differences: Partial<CgroupRow> = {}): CgroupRow =>
  aRow({
    currentKiB: 41 * MIB,
    highKiB: 40 * MIB,
    highPerS: 30,
    somePermyriad: 4400,
    fullPermyriad: 4300,
    ...differences,
  });

export const unkillable = (differences: Partial<CgroupRow> = {}): CgroupRow =>
  aRow({ currentKiB: 30 * MIB, maxKiB: 30 * MIB, maxPerS: 900, oomPerS: 450, somePermyriad: 1500, ...differences });
