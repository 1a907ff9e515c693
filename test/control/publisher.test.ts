import { describe, expect, it } from 'vitest';
import { createDecoder } from '../../src/channel/decode.ts';
import { GAUGE_INDEX, GAUGES } from '../../src/channel/gauges.ts';
import type { LoopNumbers } from '../../src/control/ports.ts';
import { createPublisher, type SlowNumbers } from '../../src/control/publisher.ts';
import { countTick, createTickCounts } from '../../src/control/tick-counts.ts';
import type { OomwatchdEvent, StampedEvent } from '../../src/core/event.ts';
import { noLivelock } from '../../src/core/livelock.ts';
import { emptyStallSummary } from '../../src/core/stall-summary.ts';
import { aSample } from '../core/support/samples.ts';

const EAGAIN = 11;
const SLOW: SlowNumbers = {
  ownRssKiB: 40_000,
  known: 150,
  armed: 64,
  reporterRestarts: 2,
  lockedKiB: 90_000,
  standbyUp: 1,
};
const NUMBERS: LoopNumbers = {
  stall: { ...emptyStallSummary(), stalling: 3, dying: 2, exiting: 1, victim: 4, longestMs: 12_000 },
  nowMs: 0,
  level: 1,
  observing: true,
  headroomKiB: 5,
  exhaustionMs: 6,
  ticks: 7,
  lateMs: 8,
  lateMaxMs: 9,
  durationMs: 0.5,
  lateness: createTickCounts([5, 10, 25, 50, 100, 250, 1000, 5000, 15_000, 60_000]),
  durations: createTickCounts([1, 2, 5, 10, 25, 50, 100, 250, 1000, 10_000]),
  stalls: false,
  rung: 2,
  livelock: noLivelock(),
};
const late = (lateMs: number): OomwatchdEvent => ({ kind: 'late', lateMs, majorFaults: 0 });

/** A pipe that takes `room` frames, and what a reader finds in it. */
const createPipe = () => {
  const events: StampedEvent[] = [];
  const gauges: number[][] = [];
  const decoder = createDecoder({
    event: (event) => void events.push(event),
    gauges: (values) => void gauges.push([...values]),
  });
  const pipe = {
    events,
    gauges,
    room: Number.POSITIVE_INFINITY,
    writes: 0,
    write: (bytes: Uint8Array, length: number): number => {
      pipe.writes++;
      if (pipe.room <= 0) return -EAGAIN;
      pipe.room--;
      decoder.push(bytes.slice(0, length));
      return length;
    },
    lines: () => events.map((event) => (event.kind === 'late' ? `late ${event.lateMs}` : `${event.kind}`)),
  };
  return pipe;
};

const publishing = (slow = SLOW) => {
  const pipe = createPipe();
  const publisher = createPublisher({ write: pipe.write, monotonicMs: () => 123, timeMs: () => 456 }, slow);
  return { pipe, publisher };
};

describe('an event', () => {
  it('is written at once, stamped with both clocks', () => {
    const { pipe, publisher } = publishing();
    publisher.publish(late(700));
    expect(pipe.events).toEqual([{ kind: 'late', lateMs: 700, majorFaults: 0, timeMs: 456, monotonicMs: 123 }]);
  });

  it('is dropped and counted when the pipe is full, and the count is told with the next one that fits', () => {
    const { pipe, publisher } = publishing();
    publisher.publish(late(1));
    pipe.room = 0;
    publisher.publish(late(2));
    publisher.publish(late(3));
    expect(publisher.dropped()).toBe(2);
    pipe.room = 10;
    publisher.publish(late(4));
    publisher.publish(late(5));
    expect(pipe.lines()).toEqual(['late 1', 'dropped', 'late 4', 'late 5']);
    expect(pipe.events[1]).toMatchObject({ count: 2 });
    expect(publisher.dropped()).toBe(2);
  });

  it('is counted with those before when only the count fitted', () => {
    const { pipe, publisher } = publishing();
    pipe.room = 0;
    publisher.publish(late(1));
    pipe.room = 1;
    publisher.publish(late(2));
    pipe.room = 10;
    publisher.publish(late(3));
    expect(pipe.events.map((event) => (event.kind === 'dropped' ? event.count : event.kind))).toEqual([1, 1, 'late']);
    expect(publisher.dropped()).toBe(2);
  });

  it('costs two writes at the most while the pipe is full, and queues nothing', () => {
    const { pipe, publisher } = publishing();
    pipe.room = 0;
    for (let count = 0; count < 1000; count++) publisher.publish(late(count));
    expect(pipe.writes).toBeLessThanOrEqual(2000);
    pipe.room = 10;
    publisher.publish(late(7));
    expect(pipe.lines()).toEqual(['dropped', 'late 7']);
  });

  it('of any length arrives, if need be shortened', () => {
    const { pipe, publisher } = publishing();
    publisher.publish({ kind: 'policy_rejected', errors: Array.from({ length: 500 }, () => '\u0001'.repeat(500)) });
    expect(pipe.lines()).toEqual(['policy_rejected']);
    expect(publisher.dropped()).toBe(0);
  });
});

describe('numbers', () => {
  it('go out once a second at the most', () => {
    const { pipe, publisher } = publishing();
    for (let nowMs = 0; nowMs <= 3000; nowMs += 10) publisher.gauges({ ...NUMBERS, nowMs }, aSample());
    expect(pipe.gauges.map((values) => values[GAUGE_INDEX.monotonicMs])).toEqual([0, 1000, 2000, 3000]);
  });

  it('are all set, each in its place', () => {
    const { pipe, publisher } = publishing();
    const sample = aSample({ memTotalKiB: 10, memAvailableKiB: 11, memFreeKiB: 12, swapTotalKiB: 13, swapFreeKiB: 14 });
    Object.assign(sample, { memorySomeUs: 15, memoryFullUs: 16, ioFullUs: 17, ownMajorFaults: 18 });
    const lateness = createTickCounts(NUMBERS.lateness.boundsMs);
    for (const ms of [4, 300, 90_000]) countTick(lateness, ms);
    const durations = createTickCounts(NUMBERS.durations.boundsMs);
    countTick(durations, 2);
    publisher.gauges({ ...NUMBERS, nowMs: 4000, lateness, durations }, sample);
    const told = Object.fromEntries(GAUGES.map((name, index) => [name, pipe.gauges[0]?.[index]]));
    expect(told).toEqual({
      ...{ monotonicMs: 4000, levelIndex: 1, observing: 1, headroomKiB: 5, exhaustionMs: 6 },
      ...{ stalling: 3, stallDying: 2, stallExiting: 1, stallVictim: 4, stallLongestMs: 12_000 },
      ...{ rungIndex: 2, ticks: 7, tickLateMs: 8, tickLateMaxMs: 9, tickDurationUs: 500, eventsDropped: 0 },
      ...{ memTotalKiB: 10, memAvailableKiB: 11, memFreeKiB: 12, swapTotalKiB: 13, swapFreeKiB: 14 },
      ...{ memorySomeUs: 15, memoryFullUs: 16, ioFullUs: 17, ownMajorFaults: 18, ownRssKiB: 40_000 },
      ...{ processesKnown: 150, processesArmed: 64, reporterRestarts: 2, lockedKiB: 90_000, standbyUp: 1 },
      ...{ livelockClass: 0, livelockCause: 0, livelockSinceMs: -1, timeMs: 456 },
      ...{ tickLateLe0: 1, tickLateLe1: 1, tickLateLe2: 1, tickLateLe3: 1, tickLateLe4: 1, tickLateLe5: 1 },
      ...{ tickLateLe6: 2, tickLateLe7: 2, tickLateLe8: 2, tickLateLe9: 2, tickLateCount: 3, tickLateSumMs: 90_304 },
      ...{ tickTookLe0: 0, tickTookLe1: 1, tickTookLe2: 1, tickTookLe3: 1, tickTookLe4: 1, tickTookLe5: 1 },
      ...{ tickTookLe6: 1, tickTookLe7: 1, tickTookLe8: 1, tickTookLe9: 1, tickTookCount: 1, tickTookSumMs: 2 },
    });
  });

  it('carry the count of dropped events, and lose nothing but themselves when the pipe is full', () => {
    const { pipe, publisher } = publishing();
    pipe.room = 0;
    publisher.publish(late(1));
    publisher.gauges({ ...NUMBERS, nowMs: 1000 }, aSample());
    expect(publisher.dropped()).toBe(1);
    pipe.room = 10;
    publisher.gauges({ ...NUMBERS, nowMs: 2000, observing: false }, aSample());
    expect(pipe.gauges.map((values) => [values[GAUGE_INDEX.eventsDropped], values[GAUGE_INDEX.observing]])).toEqual([
      [1, 0],
    ]);
  });
});
