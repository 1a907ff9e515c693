/**
 * From control's publisher through a real pipe into the recorder, with a reader that stops: nothing of the last ten minutes
 * is missing. What is not real is the clock.
 */
import { closeSync, readSync, writeSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { createLoopNumbers } from '../../../src/control/loop-numbers.ts';
import { createPublisher } from '../../../src/control/publisher.ts';
import { noLivelock } from '../../../src/core/livelock.ts';
import { emptyStallSummary } from '../../../src/core/stall-summary.ts';
import { LEVEL } from '../../../src/core/verdict.ts';
import { createDrain } from '../../../src/report/drain.ts';
import { createRecorder } from '../../../src/report/recorder/recorder.ts';
import { aSample } from '../../core/support/samples.ts';
import { createPipe, type Pipe } from '../pipe.ts';

const EAGAIN = 11;
const START_MS = 1_700_000_000_000;
const pipes: Pipe[] = [];

afterEach(() => {
  for (const { readFd, writeFd } of pipes.splice(0)) for (const fd of [readFd, writeFd]) closeSync(fd);
});

/** Control that ticks in virtual time on a pipe of 64 KiB, 128 frames, and reporters that read it. */
const createHost = () => {
  const pipe = createPipe();
  pipes.push(pipe);
  let nowMs = 0;
  let refused = 0;
  const write = (bytes: Uint8Array, length: number): number => {
    try {
      return writeSync(pipe.writeFd, bytes, 0, length);
    } catch {
      refused++;
      return -EAGAIN;
    }
  };
  const slow = { ownRssKiB: 1, known: 1, armed: 1, reporterRestarts: 0, lockedKiB: 1, standbyUp: 1 };
  const publisher = createPublisher({ write, monotonicMs: () => nowMs, timeMs: () => START_MS + nowMs }, slow);
  const numbers = createLoopNumbers(emptyStallSummary(), noLivelock());
  const chunk = Buffer.alloc(65_536);
  const startReporter = () => {
    const recorder = createRecorder(() => Number.NaN);
    const faults: unknown[] = [];
    const drain = createDrain([recorder], (error) => faults.push(error));
    /** Reads until the pipe is empty. */
    const read = (): void => {
      for (;;) {
        try {
          const length = readSync(pipe.readFd, chunk);
          if (length === 0) return;
          drain.push(chunk.subarray(0, length));
        } catch {
          return;
        }
      }
    };
    return { recorder, drain, read, faults };
  };
  return {
    ...{ publisher, numbers, startReporter },
    refused: () => refused,
    nowMs: () => nowMs,
    /** Ticks for so long; `reader` reads after each. */
    run: (ms: number, everyMs: number, reader?: { read(): void }): void => {
      for (const endMs = nowMs + ms; nowMs < endMs; nowMs += everyMs) {
        numbers.nowMs = nowMs;
        publisher.gauges(numbers, aSample({ memAvailableKiB: nowMs }));
        reader?.read();
      }
    },
  };
};

const holesOf = (points: readonly { readonly monotonicMs: number }[], stepMs: number): number[] =>
  points.slice(1).flatMap(({ monotonicMs }, at) => {
    const before = points[at]?.monotonicMs ?? Number.NaN;
    return monotonicMs - before === stepMs ? [] : [before];
  });

describe('a reporter that was stopped', () => {
  test('for longer than the pipe has room has no hole afterwards', () => {
    const host = createHost();
    const reporter = host.startReporter();
    host.run(60_000, 1000, reporter);
    host.run(500_000, 1000);
    expect(host.refused()).toBeGreaterThan(300);
    host.run(20_000, 1000, reporter);
    const points = reporter.recorder.seconds();
    expect([points[0]?.monotonicMs, points.length]).toEqual([0, 580]);
    expect(holesOf(points, 1000)).toEqual([]);
    // Each is of its own time.
    for (const { monotonicMs, memAvailableKiB, timeMs } of points) {
      expect([memAvailableKiB, timeMs]).toEqual([monotonicMs, START_MS + monotonicMs]);
    }
    expect([reporter.drain.skippedBytes, reporter.drain.badFrames, reporter.faults]).toEqual([0, 0, []]);
  });

  test('in a shortage has the last half minute of it by tenths of a second', () => {
    const host = createHost();
    const reporter = host.startReporter();
    host.run(10_000, 1000, reporter);
    host.numbers.level = LEVEL.APPROACH;
    host.run(120_000, 100);
    expect(host.refused()).toBeGreaterThan(10);
    host.run(15_000, 100, reporter);
    const points = reporter.recorder.tenths();
    expect(holesOf(points, 100)).toEqual([]);
    expect(points.length).toBeGreaterThanOrEqual(290);
    expect(holesOf(reporter.recorder.seconds(), 1000)).toEqual([]);
  });
});

test('a reporter that is started again has the ten minutes before its start', () => {
  const host = createHost();
  const killed = host.startReporter();
  host.run(700_000, 1000, killed);
  // It dies; what is told until there is another one is in the pipe or refused by it.
  host.run(300_000, 1000);
  host.publisher.restarted();
  const next = host.startReporter();
  host.run(20_000, 1000, next);
  const points = next.recorder.seconds();
  expect([points[0]?.monotonicMs, points.length]).toEqual([host.nowMs() - 600_000, 600]);
  expect(holesOf(points, 1000)).toEqual([]);
});
