import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSlope, exhaustionMs, updateSlope } from '../../../src/core/detect/slope.ts';
import { ABSENT, GIB, MIB } from '../../../src/core/units.ts';
import { aSample } from '../support/samples.ts';

/** Feeds [time, MemAvailable in MiB, SwapFree in MiB]. */
const fed = (...readings: readonly (readonly [number, number, number?])[]) => {
  const slope = createSlope();
  for (const [nowMs, memory, swap = 0] of readings) {
    updateSlope(slope, aSample({ memAvailableKiB: memory * MIB, swapFreeKiB: swap * MIB }), nowMs);
  }
  return slope;
};

describe('the slope of free memory', () => {
  it('is unknown before the second reading', () => {
    expect(exhaustionMs(createSlope())).toBe(ABSENT);
    expect(exhaustionMs(fed([0, 1000]))).toBe(ABSENT);
  });

  it('tells when memory will be gone', () => {
    // 100 MiB lost in 100 ms, 900 MiB left.
    expect(exhaustionMs(fed([0, 1000], [100, 900]))).toBe(900);
  });

  it('counts free swap as room', () => {
    expect(exhaustionMs(fed([0, 1000, 500], [100, 900, 500]))).toBe(1400);
    // Pages that move from memory to swap are not lost.
    expect(exhaustionMs(fed([0, 500, 1000], [100, 1000, 500]))).toBe(ABSENT);
  });

  it('is none while memory grows', () => {
    expect(exhaustionMs(fed([0, 1000], [100, 1100]))).toBe(ABSENT);
  });

  it('follows a leak that accelerates, without averaging it away', () => {
    const slope = fed([0, 5000], [100, 4990], [200, 4980], [300, 4970], [400, 3970]);
    expect(slope.lossKiBPerMs).toBe(10 * MIB);
  });

  it('remembers a leak over a quiet step', () => {
    const slope = fed([0, 5000], [100, 4800], [200, 4600], [300, 4400], [350, 4400]);
    expect(slope.lossKiBPerMs).toBeGreaterThan(MIB / 2);
    expect(exhaustionMs(slope)).toBeGreaterThan(0);
  });

  it('forgets it within seconds', () => {
    const slope = fed([0, 5000], [100, 4000], [2100, 4000], [4100, 4000]);
    expect(slope.lossKiBPerMs).toBeLessThan(1);
  });

  it('joins readings of the same moment to the next one', () => {
    expect(fed([0, 1000], [0.4, 900], [100, 900]).lossKiBPerMs).toBe(MIB);
  });

  it('does not take one huge page between the two readings of a tick for a leak', () => {
    // The scan between verdict and choice takes 2 ms: 2 MiB in it are no 1 GiB/s.
    const slope = fed([0, 100], [10, 100], [12, 98]);
    expect(exhaustionMs(slope)).toBe(ABSENT);
    updateSlope(slope, aSample({ memAvailableKiB: 98 * MIB }), 22);
    expect(exhaustionMs(slope)).toBeGreaterThan(500);
  });

  it('skips a reading that failed', () => {
    const slope = fed([0, 1000]);
    updateSlope(slope, aSample({ memAvailableKiB: ABSENT }), 50);
    updateSlope(slope, aSample({ memAvailableKiB: 900 * MIB, swapFreeKiB: ABSENT }), 100);
    expect(exhaustionMs(slope)).toBe(900);
  });

  it('is never negative and never takes longer than the last step says', () => {
    const reading = fc.tuple(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 0, max: 32 * GIB }));
    fc.assert(
      fc.property(fc.array(reading, { minLength: 2, maxLength: 30 }), (steps) => {
        const slope = createSlope();
        let nowMs = 0;
        for (const [elapsedMs, memAvailableKiB] of steps) {
          nowMs += elapsedMs;
          const { freeKiB, atMs } = slope;
          updateSlope(slope, aSample({ memAvailableKiB }), nowMs);
          expect(slope.lossKiBPerMs).toBeGreaterThanOrEqual(0);
          const left = exhaustionMs(slope);
          expect(left === ABSENT || left >= 0).toBe(true);
          if (freeKiB === ABSENT || slope.atMs === atMs || memAvailableKiB >= freeKiB) continue;
          expect(left).toBeLessThanOrEqual(memAvailableKiB / ((freeKiB - memAvailableKiB) / (nowMs - atMs)) + 1e-6);
        }
      }),
    );
  });
});
