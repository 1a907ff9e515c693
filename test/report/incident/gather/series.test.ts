/** The numbers of one incident: in their order, thinned, and whole where some of them come late. */
import { expect, test } from 'vitest';
import { createSeries } from '../../../../src/report/incident/gather/series.ts';
import type { Point } from '../../../../src/report/recorder/point-ring.ts';
import { points } from '../example.ts';

const pointAt = (second: number, memAvailableKiB = 1000): Point => ({
  ...(points[0] as Point),
  ...{ timeMs: second * 1000, memAvailableKiB },
});
const between = (from: number, to: number): Point[] => Array.from({ length: to - from }, (_, at) => pointAt(from + at));
const secondsOf = (series: ReturnType<typeof createSeries>): number[] =>
  series.points().map(({ timeMs }) => timeMs / 1000);

test('what control sends late, as nobody read its pipe, takes its place among what is newer', () => {
  const series = createSeries();
  series.add(between(0, 10));
  series.add([...between(0, 10), pointAt(90)]);
  series.add([...between(0, 40), pointAt(90), pointAt(91)]);
  series.add(between(0, 92));
  expect(secondsOf(series)).toEqual(between(0, 92).map(({ timeMs }) => timeMs / 1000));
});

test('a night has no more than its limit, and the bottom of a dip', () => {
  const series = createSeries();
  for (let from = 0; from < 30_000; from += 60) series.add(between(from, from + 60).map((point) => ({ ...point })));
  series.add([pointAt(30_000, 7), pointAt(30_001)]);
  series.add(between(29_000, 30_002));
  expect(series.points().length).toBeLessThan(600);
  expect(series.points().map(({ memAvailableKiB }) => memAvailableKiB)).toContain(7);
  const seconds = secondsOf(series);
  expect(seconds).toEqual(seconds.toSorted((a, b) => a - b));
});

test('a hole that is filled with more than there is room for is thinned as well', () => {
  const series = createSeries(100);
  series.add([pointAt(0), pointAt(500)]);
  series.add([...between(1, 300), pointAt(301, 3)]);
  expect(series.points().length).toBeLessThan(100);
  expect(series.points().map(({ memAvailableKiB }) => memAvailableKiB)).toContain(3);
});
