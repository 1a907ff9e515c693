import { describe, expect, it } from 'vitest';
import {
  createSigns,
  isThrashing,
  isThrashingBusily,
  readSigns,
  THRASH_COUNTERS,
  type ThrashSigns,
} from '../../../src/core/detect/thrash.ts';
import type { ThrashPolicy } from '../../../src/core/policy.ts';
import type { Sample } from '../../../src/core/sample.ts';
import { ABSENT, GIB } from '../../../src/core/units.ts';
import { createWindow, pushReading } from '../../../src/core/window.ts';
import { aSample, CALM_ZONES } from '../support/samples.ts';

const POLICY: ThrashPolicy = {
  enabled: true,
  windowMs: 1000,
  fullPermyriad: 2000,
  somePermyriad: 8000,
  restoresPerS: 200,
  memAvailable: { kib: ABSENT, permyriad: 5000 },
  holdMs: 1000,
};
const LATE_MS = 500;

/** All signs of a host that thrashes with a quarter of its memory "available". */
const SIGNS: ThrashSigns = {
  somePermyriad: 9500,
  fullPermyriad: 4000,
  restoresPerS: 2400,
  scannedPerS: 10_000,
  nearWatermark: true,
};
const SAMPLE = aSample({ memAvailableKiB: 6 * GIB });

const judged = (signs: Partial<ThrashSigns>, sample: Partial<Sample> = {}, policy = POLICY): boolean =>
  isThrashing({ ...SIGNS, ...signs }, { ...SAMPLE, ...sample }, policy, LATE_MS);

describe('thrashing', () => {
  it('is all signs together', () => {
    expect(judged({})).toBe(true);
  });

  it('is each sign at its threshold', () => {
    expect(judged({ fullPermyriad: 2000, restoresPerS: 200, scannedPerS: 0.1 })).toBe(true);
  });

  it.each<[string, Partial<ThrashSigns>]>([
    ['one memcg at its limit, 40 % full, while reclaim of the host scans nothing', { scannedPerS: 0 }],
    ['a leak into memory.high', { fullPermyriad: 8000, scannedPerS: 0, restoresPerS: 0, nearWatermark: false }],
    ['a big stream, which restores nothing', { fullPermyriad: 2500, restoresPerS: 60 }],
    ['stalls below the threshold', { fullPermyriad: 1999 }],
    ['free pages far from the watermarks', { nearWatermark: false }],
    ['restores that could not be read', { restoresPerS: ABSENT }],
    ['scans that could not be read', { scannedPerS: ABSENT }],
  ])('is not %s', (_, signs) => {
    expect(judged(signs)).toBe(false);
  });

  it('is not where more than half of memory is available', () => {
    expect(judged({}, { memAvailableKiB: 12 * GIB + 1 })).toBe(false);
    expect(judged({}, { memAvailableKiB: 12 * GIB })).toBe(true);
  });

  it('is nothing when it is turned off', () => {
    expect(judged({}, {}, { ...POLICY, enabled: false })).toBe(false);
  });

  it('goes by own lateness where the kernel has no PSI', () => {
    expect(judged({ fullPermyriad: ABSENT }, { tickLateMs: 500 })).toBe(true);
    expect(judged({ fullPermyriad: ABSENT }, { tickLateMs: 499 })).toBe(false);
  });

  it('does not go by lateness where the kernel has PSI', () => {
    expect(judged({ fullPermyriad: 0 }, { tickLateMs: 5000 })).toBe(false);
  });
});

describe('thrashing on busy cores', () => {
  const busily = (
    signs: Partial<ThrashSigns>,
    sample: Partial<Sample> = {},
    policy = POLICY,
    isNear = false,
  ): boolean => isThrashingBusily({ ...SIGNS, ...signs }, { ...SAMPLE, ...sample }, policy, isNear);

  it('is some task waiting all the time, and all of them half as long as the mark says', () => {
    expect(busily({ somePermyriad: 8000, fullPermyriad: 1000 })).toBe(true);
  });

  it.each<[string, Partial<ThrashSigns>, Partial<Sample>]>([
    ['tasks that wait for less of the time', { somePermyriad: 7999 }, {}],
    ['a stall of less than half of the mark', { fullPermyriad: 999 }, {}],
    ['a kernel without PSI', { somePermyriad: ABSENT, fullPermyriad: ABSENT }, {}],
    ['a big stream, which restores nothing', { restoresPerS: 60 }, {}],
    ['one memcg at its limit', { scannedPerS: 0 }, {}],
    ['free pages far from the watermarks', { nearWatermark: false }, {}],
    ['more than half of memory available', {}, { memAvailableKiB: 12 * GIB + 1 }],
  ])('is not %s', (_, signs, sample) => {
    expect(busily(signs, sample)).toBe(false);
  });

  it('is a sixth of the mark where the mark on MemAvailable is near, and the same for all else', () => {
    const least = { somePermyriad: 8000, fullPermyriad: 334 };
    expect(busily(least, {}, POLICY, true)).toBe(true);
    expect(busily({ ...least, fullPermyriad: 333 }, {}, POLICY, true)).toBe(false);
    expect(busily({ ...least, somePermyriad: 7999 }, {}, POLICY, true)).toBe(false);
    expect(busily({ ...least, restoresPerS: 60 }, {}, POLICY, true)).toBe(false);
    expect(busily(least)).toBe(false);
  });

  it('is nothing when it is turned off', () => {
    expect(busily({}, {}, { ...POLICY, enabled: false })).toBe(false);
  });
});

describe('its signs', () => {
  const read = (before: Partial<Sample>, after: Partial<Sample>): ThrashSigns => {
    const window = createWindow(THRASH_COUNTERS);
    pushReading(window, aSample({ ...CALM_ZONES, ...before }), 0, 0);
    const last = aSample({ ...CALM_ZONES, ...after });
    pushReading(window, last, 1000, 0);
    const signs = createSigns();
    readSigns(signs, window, last, POLICY, false, 1000);
    return signs;
  };

  it('are absent where nothing was read', () => {
    const nothing = { memorySomeUs: ABSENT, memoryFullUs: ABSENT, zoneUsablePages: ABSENT, zoneHighPages: ABSENT };
    expect(read(nothing, nothing)).toEqual(createSigns());
    expect(createSigns()).toEqual({
      somePermyriad: ABSENT,
      fullPermyriad: ABSENT,
      restoresPerS: ABSENT,
      scannedPerS: ABSENT,
      nearWatermark: false,
    });
  });

  it('are the share of stalled time, and what was scanned and restored in it', () => {
    const before = { memorySomeUs: 2_000_000, memoryFullUs: 1_000_000, restores: 50, pgscanKswapd: 7, pgscanDirect: 0 };
    const after = {
      memorySomeUs: 2_900_000,
      memoryFullUs: 1_400_000,
      restores: 850,
      pgscanKswapd: 10_007,
      pgscanDirect: 500,
    };
    expect(read(before, after)).toEqual({
      somePermyriad: 9000,
      fullPermyriad: 4000,
      restoresPerS: 800,
      scannedPerS: 10_500,
      nearWatermark: false,
    });
  });

  it('are no more than all of the time, though a turn was held up before it read', () => {
    const signs = read({ memorySomeUs: 0, memoryFullUs: 0 }, { memorySomeUs: 9_000_000, memoryFullUs: 6_560_000 });
    expect(signs).toMatchObject({ somePermyriad: 10_000, fullPermyriad: 10_000 });
  });

  it('leave the share of some task out while that of all tasks cannot decide', () => {
    const before = { memorySomeUs: 0, memoryFullUs: 0 };
    expect(read(before, { memorySomeUs: 950_000, memoryFullUs: 33_300 }).somePermyriad).toBe(ABSENT);
    expect(read(before, { memorySomeUs: 950_000, memoryFullUs: 33_400 }).somePermyriad).toBe(9500);
  });

  it.each([
    ['kswapd alone', { pgscanKswapd: 100, pgscanDirect: ABSENT }],
    ['direct reclaim alone', { pgscanKswapd: ABSENT, pgscanDirect: 100 }],
  ])('count pages scanned by %s where the kernel tells no more', (_, scanned) => {
    const before = { pgscanKswapd: Math.min(0, scanned.pgscanKswapd), pgscanDirect: Math.min(0, scanned.pgscanDirect) };
    expect(read(before, scanned).scannedPerS).toBe(100);
  });

  it.each([
    [96_001, false],
    [96_000, true],
    [0, true],
  ])('with a high watermark of 24,000 pages, %i usable ones are near it: %s', (zoneUsablePages, near) => {
    expect(read({}, { zoneUsablePages }).nearWatermark).toBe(near);
  });

  it('do not take watermarks that were not read for reached ones', () => {
    expect(read({}, { zoneHighPages: ABSENT, zoneUsablePages: 0 }).nearWatermark).toBe(false);
  });
});
