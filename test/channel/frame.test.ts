import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  createGaugeFrame,
  encodeEvent,
  HEADER_BYTES,
  MAGIC,
  MAX_FRAME_BYTES,
  ROWS_MAX,
  sealBacklog,
} from '../../src/channel/frame.ts';
import { GAUGE_INDEX, GAUGES } from '../../src/channel/gauges.ts';
import type { ProcessFacts } from '../../src/core/event.ts';
import { anyEvent, java, signal, stamped } from '../report/events.ts';
import { eventFrame } from '../report/frames.ts';

const payloadOf = (frame: Buffer): { readonly top: readonly ProcessFacts[]; readonly errors: readonly string[] } =>
  JSON.parse(frame.toString('utf8', HEADER_BYTES));

describe('the gauge frame', () => {
  test('shares its memory with the values, aligned for float64, and fits into one write', () => {
    const { buffer, values } = createGaugeFrame();
    expect(values.byteOffset % 8).toBe(0);
    expect(values.length).toBe(GAUGES.length);
    expect(buffer.length).toBeLessThanOrEqual(MAX_FRAME_BYTES);
    expect([...buffer.subarray(0, 4)]).toEqual(MAGIC);
    expect(buffer.readUInt32LE(4)).toBe(buffer.length);
    values[GAUGE_INDEX.ticks] = 42;
    expect(new Float64Array(buffer.buffer, HEADER_BYTES)[GAUGE_INDEX.ticks]).toBe(42);
  });

  test('starts with nothing known', () => {
    expect(createGaugeFrame().values.every(Number.isNaN)).toBe(true);
  });
});

describe('the event frame', () => {
  test('carries the event unchanged when it fits', () => {
    const event = stamped(signal);
    expect(payloadOf(eventFrame(event))).toEqual(event);
  });

  test('always fits, is well-formed and keeps kind and times, whatever the texts', () => {
    fc.assert(
      fc.property(anyEvent, (event) => {
        const frame = eventFrame(event);
        expect(frame.length).toBeGreaterThan(HEADER_BYTES);
        expect(frame.length).toBeLessThanOrEqual(MAX_FRAME_BYTES);
        expect(frame.readUInt32LE(4)).toBe(frame.length);
        const { kind, timeMs, monotonicMs } = event;
        expect(payloadOf(frame)).toMatchObject({ kind, timeMs, monotonicMs });
      }),
      { numRuns: 500 },
    );
  });

  test('shortens long texts first and keeps the candidates', () => {
    const top = [java, { ...java, pid: 2, exe: `/opt/${'x'.repeat(4000)}` }];
    const frame = eventFrame(
      stamped({ kind: 'ranked', episode: 1, scanned: 2, top, excluded: {}, corrections: [], scanMs: 1 }),
    );
    const told = payloadOf(frame).top;
    expect(told.map(({ pid }) => pid)).toEqual([java.pid, 2]);
    expect(told[0]).toEqual(java);
    expect(told[1]?.exe).toMatch(/^\/opt\/x+\.\.\.$/);
  });

  test('keeps ten candidates with the unit and the executable of a container each', () => {
    const unit = `cri-containerd-${'0123456789abcdef'.repeat(4)}.scope`;
    const exe = `/opt/${'vendor/'.repeat(60)}bin/java`;
    const top = Array.from({ length: 10 }, (_, pid) => ({ ...java, pid, unit, exe, growthKiB: 123_456 }));
    const told = payloadOf(eventFrame(stamped({ kind: 'candidates', known: 5000, top }))).top;
    expect(told).toHaveLength(10);
    expect(told[9]).toEqual({ ...top[9], unit: `${unit.slice(0, 64)}...`, exe: `${exe.slice(0, 64)}...` });
  });

  test('drops candidates that do not fit and says how many errors were left out', () => {
    const top = Array.from({ length: 60 }, (_, pid) => ({ ...java, pid }));
    const ranked = eventFrame(
      stamped({ kind: 'ranked', episode: 1, scanned: 60, top, excluded: {}, corrections: [], scanMs: 1 }),
    );
    expect(payloadOf(ranked).top.length).toBeGreaterThanOrEqual(10);
    const errors = Array.from({ length: 100 }, (_, line) => `config.yaml:${line}:1 ${'e'.repeat(100)}`);
    const rejected = payloadOf(eventFrame(stamped({ kind: 'policy_rejected', errors }))).errors;
    expect(rejected.at(-1)).toBe(`${100 - (rejected.length - 1)} more`);
  });

  test('never cuts a comm', () => {
    const comm = '\x01'.repeat(15);
    const top = Array.from({ length: 50 }, () => ({ ...java, comm, exe: '\x01'.repeat(4000) }));
    const told = payloadOf(
      eventFrame(stamped({ kind: 'ranked', episode: 1, scanned: 1, top, excluded: {}, corrections: [], scanMs: 1 })),
    );
    expect(told.top[0]?.comm).toBe(comm);
  });

  test('answers 0 instead of overrunning a buffer that is too small', () => {
    const small = Buffer.alloc(64, 0xaa);
    expect(encodeEvent(stamped(signal), small)).toBe(0);
    expect(small.every((byte) => byte === 0xaa)).toBe(true);
  });
});

test('a full frame of backlog fits into one write', () => {
  const frame = Buffer.alloc(MAX_FRAME_BYTES);
  const length = sealBacklog(frame, ROWS_MAX);
  expect(length).toBeLessThanOrEqual(MAX_FRAME_BYTES);
  expect(frame.readUInt32LE(4)).toBe(length);
  // A second of 100 ms rows is one frame.
  expect(ROWS_MAX).toBeGreaterThanOrEqual(10);
});
