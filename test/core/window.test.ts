import { describe, expect, it } from 'vitest';
import type { Sample } from '../../src/core/sample.ts';
import { ABSENT } from '../../src/core/units.ts';
import {
  createWindow,
  emptyWindow,
  pushReading,
  ratePerSecond,
  spanMs,
  sumOfPresent,
  type WindowState,
} from '../../src/core/window.ts';
import { aSample } from './support/samples.ts';

const COUNTERS = ['memoryFullUs', 'pgscanKswapd', 'restores'] as const;
type Counter = (typeof COUNTERS)[number];
type Window = WindowState<Counter>;

/** Feeds [time, values]; a window of 1 s takes a reading every 62.5 ms at the most. */
const fed = (...readings: readonly (readonly [number, Partial<Sample>])[]): Window => {
  const window = createWindow(COUNTERS);
  for (const [nowMs, values] of readings) pushReading(window, aSample(values), nowMs, 62.5);
  return window;
};
const stalls = (...readings: readonly (readonly [number, number])[]): Window =>
  fed(...readings.map(([nowMs, memoryFullUs]) => [nowMs, { memoryFullUs }] as const));
const rate = (window: Window, nowMs: number, counter: Counter = 'memoryFullUs'): number =>
  ratePerSecond(window, counter, nowMs, 1000);

describe('rates over a window', () => {
  it('are unknown before there are two readings', () => {
    expect(rate(createWindow(COUNTERS), 0)).toBe(ABSENT);
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
      [0, { memoryFullUs: 0, pgscanKswapd: 0, restores: 0 }],
      [1000, { memoryFullUs: 1, pgscanKswapd: 45, restores: 6 }],
    );
    expect(COUNTERS.map((counter) => rate(window, 1000, counter))).toEqual([1, 45, 6]);
  });

  it('are unknown again, and made of no time, when the window has been emptied', () => {
    const window = stalls([0, 0], [100, 30_000], [1100, 30_000]);
    expect(spanMs(window, 1100, 1000)).toBe(1000);
    emptyWindow(window);
    expect(rate(window, 1100)).toBe(ABSENT);
    expect(spanMs(window, 1100, 1000)).toBe(0);
  });

  it.each([
    [ABSENT, ABSENT, ABSENT],
    [ABSENT, 5, 5],
    [5, ABSENT, 5],
    [0, 5, 5],
  ])('of %i and %i add up to %i', (a, b, sum) => {
    expect(sumOfPresent(a, b)).toBe(sum);
  });

  it('skip readings that come too close, so that the ring spans the window', () => {
    const window = createWindow(COUNTERS);
    for (let nowMs = 0; nowMs <= 5000; nowMs++)
      pushReading(window, aSample({ memoryFullUs: nowMs * 1000 }), nowMs, 62.5);
    expect(window.filled).toBeLessThanOrEqual(81);
    expect(rate(window, 5000)).toBeCloseTo(1_000_000, -1);
  });

  it('keep readings that are just as far apart as they should be', () => {
    const window = createWindow(COUNTERS);
    for (const nowMs of [0, 50, 100, 149]) pushReading(window, aSample(), nowMs, 50);
    expect(window.filled).toBe(3);
  });

  it('stay right when the ring goes round', () => {
    const window = createWindow(COUNTERS);
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
    const window = createWindow(COUNTERS);
    for (let nowMs = wrapMs - 2000; nowMs <= wrapMs + 2000; nowMs += 100) {
      pushReading(window, aSample({ memoryFullUs: nowMs * 300 }), nowMs, 62.5);
      if (window.filled > 1) expect(rate(window, nowMs)).toBe(300_000);
    }
  });

  it('are unknown when the clock stands still', () => {
    const window = createWindow(COUNTERS);
    pushReading(window, aSample({ memoryFullUs: 0 }), 50, 0);
    pushReading(window, aSample({ memoryFullUs: 9 }), 50, 0);
    expect(rate(window, 50)).toBe(ABSENT);
  });
});
