/** What control keeps for a reporter that cannot read, and when it sends it. */
import { describe, expect, it } from 'vitest';
import { createDecoder } from '../../src/channel/decode.ts';
import { MAX_FRAME_BYTES } from '../../src/channel/frame.ts';
import { GAUGE_INDEX } from '../../src/channel/gauges.ts';
import { createLoopNumbers } from '../../src/control/loop-numbers.ts';
import { createPublisher } from '../../src/control/publisher.ts';
import { noLivelock } from '../../src/core/livelock.ts';
import { emptyStallSummary } from '../../src/core/stall-summary.ts';
import { LEVEL } from '../../src/core/verdict.ts';
import { aSample } from '../core/support/samples.ts';

const EAGAIN = 11;

/** A publisher that ticks in virtual time, and what its reader gets: the times of live and of late numbers. */
const ticking = () => {
  const live: number[] = [];
  const late: number[] = [];
  const times: number[] = [];
  const decoder = createDecoder({
    event: () => {},
    gauges: (values) => live.push(values[GAUGE_INDEX.monotonicMs] ?? Number.NaN),
    backlog: (values) => {
      late.push(values[GAUGE_INDEX.monotonicMs] ?? Number.NaN);
      times.push(values[GAUGE_INDEX.timeMs] ?? Number.NaN);
    },
  });
  const pipe = { room: Number.POSITIVE_INFINITY, writes: 0, bytes: 0 };
  const write = (bytes: Uint8Array, length: number): number => {
    pipe.writes++;
    expect(length).toBeLessThanOrEqual(MAX_FRAME_BYTES);
    if (pipe.room <= 0) return -EAGAIN;
    pipe.room--;
    pipe.bytes += length;
    decoder.push(bytes.slice(0, length));
    return length;
  };
  const slow = { ownRssKiB: 1, known: 1, armed: 1, reporterRestarts: 0, lockedKiB: 1, standbyUp: 1 };
  let nowMs = 0;
  const publisher = createPublisher({ write, monotonicMs: () => nowMs, timeMs: () => 1_000_000 + nowMs }, slow);
  const numbers = createLoopNumbers(emptyStallSummary(), noLivelock());
  return {
    ...{ live, late, times, pipe, publisher, numbers, decoder },
    /** Ticks every `everyMs` for so long. */
    run: (ms: number, everyMs = 1000): void => {
      for (const endMs = nowMs + ms; nowMs < endMs; nowMs += everyMs) {
        numbers.nowMs = nowMs;
        publisher.gauges(numbers, aSample());
      }
    },
  };
};

const range = (fromMs: number, toMs: number, stepMs: number): number[] =>
  Array.from({ length: (toMs - fromMs) / stepMs }, (_, at) => fromMs + at * stepMs);

describe('what a full pipe did not take', () => {
  it('is sent when it has room again, oldest first, with the time at which it was so', () => {
    const { live, late, times, pipe, run } = ticking();
    run(3000);
    pipe.room = 0;
    run(20_000);
    pipe.room = Number.POSITIVE_INFINITY;
    run(3000);
    expect(live).toEqual([0, 1000, 2000, 23_000, 24_000, 25_000]);
    expect(late).toEqual(range(3000, 23_000, 1000));
    expect(times).toEqual(late.map((ms) => 1_000_000 + ms));
  });

  it('is kept for ten minutes, and handed over in at most five writes a second', () => {
    const { live, late, pipe, run } = ticking();
    pipe.room = 0;
    run(3_600_000);
    pipe.room = Number.POSITIVE_INFINITY;
    const before = pipe.writes;
    run(1000);
    expect(pipe.writes - before).toBe(5);
    run(19_000);
    expect(live[0]).toBe(3_600_000);
    // The first live row takes the place of the oldest.
    expect(late).toEqual(range(3_001_000, 3_600_000, 1000));
    const after = pipe.writes;
    run(1000);
    expect(pipe.writes - after).toBe(1);
  });

  it('waits again where the pipe takes one frame and no more', () => {
    const { live, late, pipe, run } = ticking();
    pipe.room = 0;
    run(60_000);
    pipe.room = 2;
    run(1000);
    expect(live).toEqual([60_000]);
    expect(late).toEqual(range(0, 14_000, 1000));
    pipe.room = Number.POSITIVE_INFINITY;
    run(1000);
    expect(late).toEqual(range(0, 60_000, 1000));
  });

  it('is all: a reader who keeps up gets nothing twice', () => {
    const { live, late, run } = ticking();
    run(700_000);
    expect(live).toHaveLength(700);
    expect(late).toEqual([]);
  });
});

describe('a reporter that was started again', () => {
  it('gets the last ten minutes, whoever had read them before', () => {
    const { live, late, run, publisher } = ticking();
    run(900_000);
    live.length = 0;
    publisher.restarted();
    run(20_000);
    expect(live).toEqual(range(900_000, 920_000, 1000));
    expect(late).toEqual(range(301_000, 900_000, 1000));
  });

  it('gets what there is when control has not run for so long', () => {
    const { late, run, publisher } = ticking();
    run(5000);
    publisher.restarted();
    run(5000);
    expect(late).toEqual(range(0, 5000, 1000));
  });
});

describe('while memory is short or stalls', () => {
  it.each([
    ['near the marks', { level: LEVEL.APPROACH, stalls: false }],
    ['in a stall', { level: LEVEL.CALM, stalls: true }],
    ['in an emergency', { level: LEVEL.KILL, stalls: true }],
  ])('%s there is a row every 100 ms, sent once a second in one frame', (_, state) => {
    const { live, late, pipe, run, numbers } = ticking();
    Object.assign(numbers, state);
    run(10_010, 10);
    expect(live).toEqual(range(0, 11_000, 1000));
    expect([...new Set([...live, ...late])].sort((a, b) => a - b)).toEqual(range(0, 10_100, 100));
    expect(late).toHaveLength(90);
    expect(pipe.writes).toBe(11 + 10);
  });

  it('the last half minute at that pace is kept', () => {
    const { late, run, numbers, publisher } = ticking();
    numbers.level = LEVEL.APPROACH;
    run(60_000, 100);
    numbers.level = LEVEL.CALM;
    run(1000);
    late.length = 0;
    publisher.restarted();
    run(20_000);
    const tenths = late.filter((ms) => ms % 1000 !== 0);
    expect(tenths).toEqual(range(30_000, 60_000, 100).filter((ms) => ms % 1000 !== 0));
  });

  it('what waits from before goes out a frame a second', () => {
    const { pipe, run, numbers } = ticking();
    pipe.room = 0;
    run(300_000);
    pipe.room = Number.POSITIVE_INFINITY;
    numbers.level = LEVEL.TERM;
    pipe.writes = 0;
    run(5000, 100);
    expect(pipe.writes).toBe(10);
  });
});

it('a quiet host sends one frame a second, of 488 bytes', () => {
  const { pipe, run } = ticking();
  run(60_000, 10);
  expect([pipe.writes, pipe.bytes]).toEqual([60, 60 * 488]);
});
