/** What the flight recorder shows of what it was told. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GAUGE_INDEX, GAUGES, type Gauge } from '../../../src/channel/gauges.ts';
import type { OomwatchdEvent } from '../../../src/core/event.ts';
import { createRecorder, type Recorder } from '../../../src/report/recorder/recorder.ts';
import { java, stamped, victim } from '../events.ts';

const START_MS = 1_700_000_000_000;

const rowOf = (values: Partial<Record<Gauge, number>>): Float64Array => {
  const row = new Float64Array(GAUGES.length).fill(Number.NaN);
  for (const [name, value] of Object.entries(values)) row[GAUGE_INDEX[name as Gauge]] = value;
  return row;
};

/** Numbers of the tick at that time. */
const at = (monotonicMs: number, values: Partial<Record<Gauge, number>> = {}): Float64Array =>
  rowOf({ monotonicMs, timeMs: START_MS + monotonicMs, ...values });

const recorderAt = (nowMs = START_MS): Recorder => createRecorder(() => nowMs);

const times = (points: readonly { readonly monotonicMs: number }[]): number[] =>
  points.map(({ monotonicMs }) => monotonicMs);

describe('points', () => {
  test('are none at first', () => {
    const recorder = recorderAt();
    expect([recorder.seconds(), recorder.tenths(), recorder.candidates(), recorder.rankings()]).toEqual([
      [],
      [],
      undefined,
      [],
    ]);
    expect(recorder.victims()).toEqual([]);
  });

  test('have every number of the frame, and the shares of stall time since the point before', () => {
    const recorder = recorderAt();
    recorder.gauges(at(5000, { memorySomeUs: 1_000_000, memoryFullUs: 500_000, ioFullUs: 0 }));
    recorder.gauges(
      at(6000, {
        ...{ levelIndex: 2, memTotalKiB: 1, memAvailableKiB: 2, memFreeKiB: 3, swapTotalKiB: 4, swapFreeKiB: 5 },
        ...{ headroomKiB: -1, exhaustionMs: 700, memorySomeUs: 1_500_000, memoryFullUs: 750_000, ioFullUs: 100_000 },
        ...{ stalling: 6, tickLateMs: 7, livelockClass: 8, livelockCause: 9 },
      }),
    );
    const [first, second] = recorder.seconds();
    expect(first).toMatchObject({ someShare: Number.NaN, fullShare: Number.NaN, ioFullShare: Number.NaN, level: -1 });
    expect(second).toEqual({
      ...{ timeMs: START_MS + 6000, monotonicMs: 6000, level: 2, memTotalKiB: 1, memAvailableKiB: 2, memFreeKiB: 3 },
      ...{ swapTotalKiB: 4, swapFreeKiB: 5, headroomKiB: -1, exhaustionMs: 700 },
      ...{ someShare: 0.5, fullShare: 0.25, ioFullShare: 0.1, stalling: 6, tickLateMs: 7 },
      ...{ livelockClass: 8, livelockCause: 9 },
    });
    expect(recorder.tenths()).toEqual(recorder.seconds());
  });

  test('have no share where a total is not known, and none beyond all of the time', () => {
    const recorder = recorderAt();
    const totals = [{ memorySomeUs: -1 }, { memorySomeUs: 0 }, { memorySomeUs: 1_000_100 }, { memorySomeUs: 900_000 }];
    totals.forEach((values, second) => {
      recorder.gauges(at(second * 1000, values));
    });
    expect(recorder.seconds().map(({ someShare }) => someShare)).toEqual([Number.NaN, Number.NaN, 1, 0]);
  });

  test('are those of the last ten minutes by seconds, and of the last half minute by tenths of one', () => {
    const recorder = recorderAt();
    for (let ms = 0; ms < 1_200_000; ms += 100) recorder.gauges(at(ms));
    const seconds = times(recorder.seconds());
    expect([seconds.length, seconds[0], seconds.at(-1)]).toEqual([600, 600_000, 1_199_000]);
    const tenths = times(recorder.tenths());
    expect([tenths.length, tenths[0], tenths.at(-1)]).toEqual([300, 1_170_000, 1_199_900]);
  });

  test('can be asked for by time, with the shares that they have among the others', () => {
    const recorder = recorderAt();
    for (let ms = 0; ms < 10_000; ms += 1000) recorder.gauges(at(ms, { memorySomeUs: ms * 100 }));
    const some = recorder.seconds(START_MS + 4000, START_MS + 6000);
    expect(times(some)).toEqual([4000, 5000, 6000]);
    for (const { someShare } of some) expect(someShare).toBeCloseTo(0.1, 9);
    expect(times(recorder.tenths(START_MS + 9000))).toEqual([9000]);
  });

  test('are the same in whatever order the rows come, and however often', () => {
    const rows = Array.from({ length: 1500 }, (_, index) => index * 300);
    fc.assert(
      fc.property(fc.shuffledSubarray([...rows, ...rows], { minLength: 1000 }), (shuffled) => {
        const recorder = recorderAt();
        for (const ms of shuffled) recorder.backlog(at(ms));
        const inOrder = recorderAt();
        for (const ms of [...new Set(shuffled)].sort((a, b) => a - b)) inOrder.gauges(at(ms));
        expect(times(recorder.seconds())).toEqual(times(inOrder.seconds()));
        expect(times(recorder.tenths())).toEqual(times(inOrder.tenths()));
        expect(times(recorder.seconds())).toEqual([...times(recorder.seconds())].sort((a, b) => a - b));
      }),
      { numRuns: 20 },
    );
  });

  test('older than the memory of the recorder are not taken for new ones', () => {
    const recorder = recorderAt();
    recorder.gauges(at(1_000_000));
    recorder.backlog(at(400_000));
    recorder.backlog(at(401_000));
    expect(times(recorder.seconds())).toEqual([401_000, 1_000_000]);
    expect(times(recorder.tenths())).toEqual([1_000_000]);
  });

  test('of a control without a clock of its own get the time of their arrival, and none without any', () => {
    const recorder = recorderAt(77);
    recorder.gauges(rowOf({ monotonicMs: 5000 }));
    recorder.gauges(rowOf({ timeMs: 5 }));
    recorder.gauges(at(-5));
    expect(recorder.seconds().map(({ timeMs, monotonicMs }) => [timeMs, monotonicMs])).toEqual([[77, 5000]]);
  });
});

describe('candidates', () => {
  const told = (timeMs: number, growthKiB: number) => ({
    ...stamped({ kind: 'candidates', known: 3, top: [{ ...java, growthKiB }] }),
    timeMs,
  });

  test('are those of the last ranking, and the last 32 can be looked back at', () => {
    const recorder = recorderAt();
    for (let index = 0; index < 40; index++) recorder.event(told(index, index));
    expect(recorder.candidates()).toEqual({ timeMs: 39, top: [{ ...java, growthKiB: 39 }] });
    expect(recorder.rankings().map(({ timeMs }) => timeMs)).toEqual(Array.from({ length: 32 }, (_, at) => at + 8));
    expect(recorder.rankings(10, 12).map(({ timeMs }) => timeMs)).toEqual([10, 11, 12]);
  });
});

describe('victims', () => {
  const say = (recorder: Recorder, event: Partial<typeof victim> | object, timeMs = 50_000): void =>
    recorder.event({ ...stamped({ ...victim, ...event } as OomwatchdEvent), timeMs });

  test('are followed from their first stage to their end', () => {
    const recorder = recorderAt();
    say(recorder, { life: 'signalled', afterMs: 10 });
    say(recorder, { pid: 7, comm: 'other', killedBy: 'kernel', life: 'taken', afterMs: -1 }, 40_000);
    say(recorder, { life: 'stuck', afterMs: 5010 }, 55_000);
    expect(recorder.victims()).toEqual([
      { pid: 7, comm: 'other', killedBy: 'kernel', life: 'taken', sinceMs: 40_000 },
      { pid: 4711, comm: 'java', killedBy: 'oomwatchd', life: 'stuck', sinceMs: 49_990 },
    ]);
    say(recorder, { life: 'gone' });
    say(recorder, { pid: 7, life: 'gone' });
    say(recorder, { pid: 8, life: 'gone' });
    expect(recorder.victims()).toEqual([]);
  });

  test('whose end may be among lost events are forgotten after ten minutes, others are not', () => {
    let nowMs = 50_000;
    const recorder = createRecorder(() => nowMs);
    say(recorder, { pid: 1, life: 'stuck' }, 50_000);
    recorder.event({ ...stamped({ kind: 'dropped', count: 3 }), timeMs: 51_000 });
    say(recorder, { pid: 2, life: 'stuck' }, 52_000);
    nowMs = 650_000;
    expect(recorder.victims().map(({ pid }) => pid)).toEqual([1, 2]);
    nowMs = 700_000;
    expect(recorder.victims().map(({ pid }) => pid)).toEqual([2]);
  });

  test('are 64 at the most: whose end was never told goes first', () => {
    const recorder = recorderAt();
    for (let pid = 1; pid <= 100; pid++) say(recorder, { pid, life: 'signalled', afterMs: 0 }, pid);
    expect(recorder.victims().map(({ pid }) => pid)).toEqual(Array.from({ length: 64 }, (_, at) => at + 37));
  });
});

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

test('memory stays as it was over 100,000 frames', () => {
  const recorder = recorderAt();
  const row = at(0);
  const feed = (fromMs: number, frames: number): void => {
    for (let index = 0; index < frames; index++) {
      row[GAUGE_INDEX.monotonicMs] = fromMs + index * 100;
      recorder.gauges(row);
      recorder.backlog(row);
      if (index % 100 !== 0) continue;
      recorder.event(stamped({ kind: 'candidates', known: 1, top: [{ ...java, growthKiB: index }] }));
      recorder.event(stamped({ ...victim, pid: index }));
    }
  };
  const usedBytes = (): number => {
    collectGarbage();
    collectGarbage();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };
  feed(0, 50_000);
  const before = usedBytes();
  feed(5_000_000, 100_000);
  const growth = usedBytes() - before;
  process.stdout.write(`  measured: 100,000 frames left ${growth} bytes\n`);
  // A byte a frame: noise of the runner, and a leak of one number a frame would be eight times that.
  expect(growth).toBeLessThan(100_000);
  expect(recorder.seconds()).toHaveLength(600);
});
