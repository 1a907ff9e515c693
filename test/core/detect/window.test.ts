import { describe, expect, it } from 'vitest';
import {
  type Counter,
  createWindow,
  pushReading,
  ratePerSecond,
  type WindowState,
} from '../../../src/core/detect/window.ts';
import type { Sample } from '../../../src/core/sample.ts';
import { ABSENT } from '../../../src/core/units.ts';
import { aSample } from '../support/samples.ts';

/** Feeds [time, values]; a window of 1 s takes a reading every 62.5 ms at the most. */
const fed = (...readings: readonly (readonly [number, Partial<Sample>])[]): WindowState => {
  const window = createWindow();
  for (const [nowMs, values] of readings) pushReading(window, aSample(values), nowMs, 62.5);
  return window;
};
const stalls = (...readings: readonly (readonly [number, number])[]): WindowState =>
  fed(...readings.map(([nowMs, memoryFullUs]) => [nowMs, { memoryFullUs }] as const));
const rate = (window: WindowState, nowMs: number, counter: Counter = 'memoryFullUs'): number =>
  ratePerSecond(window, counter, nowMs, 1000);

describe('rates over a window', () => {
  it('are unknown before there are two readings', () => {
    expect(rate(createWindow(), 0)).toBe(ABSENT);
    expect(rate(stalls([0, 5]), 0)).toBe(ABSENT);
  });

  it('are growth a second from the first readings on', () => {
    expect(rate(stalls([0, 0], [100, 30_000]), 100)).toBe(300_000);
  });

  it('come from the readings within the window', () => {
    const window = stalls([0, 0], [500, 900_000], [1000, 900_000], [1500, 900_000], [2000, 900_000]);
    expect(rate(window, 2000)).toBe(0);
  });

  it('take one older reading, or a pace as slow as the window would never see a rate', () => {
    expect(rate(stalls([0, 0], [1500, 600_000]), 1500)).toBe(400_000);
  });

  it('are not inflated by a late tick: it widens the window', () => {
    expect(rate(stalls([0, 0], [100, 10_000], [4100, 810_000]), 4100)).toBe(200_000);
  });

  it('are unknown for a counter that went backwards, as its source was replaced', () => {
    expect(rate(stalls([0, 500_000], [100, 10]), 100)).toBe(ABSENT);
  });

  it.each([
    ['before', ABSENT, 5],
    ['after', 5, ABSENT],
  ])('are unknown for a counter that is absent %s', (_, before, after) => {
    expect(rate(stalls([0, before], [100, after]), 100)).toBe(ABSENT);
  });

  it('are kept apart by counter', () => {
    const window = fed(
      [0, { memoryFullUs: 0, pgscanKswapd: 0, pgscanDirect: 0, restores: 0 }],
      [1000, { memoryFullUs: 1, pgscanKswapd: 40, pgscanDirect: 5, restores: 6 }],
    );
    const counters = ['memoryFullUs', 'scanned', 'restores'] as const;
    expect(counters.map((counter) => rate(window, 1000, counter))).toEqual([1, 45, 6]);
  });

  it.each([
    ['kswapd alone', { pgscanKswapd: 100, pgscanDirect: ABSENT }],
    ['direct reclaim alone', { pgscanKswapd: ABSENT, pgscanDirect: 100 }],
  ])('count pages scanned by %s where the kernel tells no more', (_, scanned) => {
    const before = { pgscanKswapd: Math.min(0, scanned.pgscanKswapd), pgscanDirect: Math.min(0, scanned.pgscanDirect) };
    expect(rate(fed([0, before], [1000, scanned]), 1000, 'scanned')).toBe(100);
  });

  it('skip readings that come too close, so that the ring spans the window', () => {
    const window = createWindow();
    for (let nowMs = 0; nowMs <= 5000; nowMs++)
      pushReading(window, aSample({ memoryFullUs: nowMs * 1000 }), nowMs, 62.5);
    expect(window.filled).toBeLessThanOrEqual(81);
    expect(rate(window, 5000)).toBeCloseTo(1_000_000, -1);
  });

  it('keep readings that are just as far apart as they should be', () => {
    const window = createWindow();
    for (const nowMs of [0, 50, 100, 149]) pushReading(window, aSample(), nowMs, 50);
    expect(window.filled).toBe(3);
  });

  it('stay right when the ring goes round', () => {
    const window = createWindow();
    for (let tick = 0; tick <= 1000; tick++) {
      const slow = Math.min(tick, 990) * 10_000 + Math.max(0, tick - 990) * 50_000;
      pushReading(window, aSample({ memoryFullUs: slow }), tick * 100, 62.5);
    }
    expect(rate(window, 100_000)).toBe(500_000);
  });

  it.each([
    ['half', 2 ** 31],
    ['all', 2 ** 32],
  ])('go on when the clock passes %s of the 32 bits that are kept of it', (_, wrapMs) => {
    const window = createWindow();
    for (let nowMs = wrapMs - 2000; nowMs <= wrapMs + 2000; nowMs += 100) {
      pushReading(window, aSample({ memoryFullUs: nowMs * 300 }), nowMs, 62.5);
      if (window.filled > 1) expect(rate(window, nowMs)).toBe(300_000);
    }
  });

  it('are unknown when the clock stands still', () => {
    const window = createWindow();
    pushReading(window, aSample({ memoryFullUs: 0 }), 50, 0);
    pushReading(window, aSample({ memoryFullUs: 9 }), 50, 0);
    expect(rate(window, 50)).toBe(ABSENT);
  });
});
