import { expect, it } from 'vitest';
import { GAUGE_INDEX } from '../../src/channel/gauges.ts';
import { TICK_DURATION_MS, TICK_LATENESS_MS } from '../../src/channel/tick-buckets.ts';
import { countTick, createTickCounts, putTickCounts } from '../../src/control/tick-counts.ts';

it('counts a tick into the first bucket whose bound it does not exceed, and each bucket holds those below it', () => {
  const ticks = createTickCounts([1, 5, 10]);
  for (const ms of [0, 1, 2, 5, 6, 11, 11]) countTick(ticks, ms);
  const into = new Float64Array(7).fill(-7);
  putTickCounts(ticks, into, 1);
  expect([...into]).toEqual([-7, 2, 4, 5, 7, 36, -7]);
});

it('has a gauge for each bound, for the count and for the sum', () => {
  const length = (first: number, count: number): number => count - first;
  expect(length(GAUGE_INDEX.tickLateLe0, GAUGE_INDEX.tickLateCount)).toBe(TICK_LATENESS_MS.length);
  expect(length(GAUGE_INDEX.tickTookLe0, GAUGE_INDEX.tickTookCount)).toBe(TICK_DURATION_MS.length);
  expect(GAUGE_INDEX.tickLateSumMs).toBe(GAUGE_INDEX.tickLateCount + 1);
  expect(GAUGE_INDEX.tickTookSumMs).toBe(GAUGE_INDEX.tickTookCount + 1);
});
