import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createDecoder, type Decoder } from '../../src/channel/decode.ts';
import { HEADER_BYTES, MAGIC, MAX_FRAME_BYTES, ROWS_MAX } from '../../src/channel/frame.ts';
import { GAUGE_INDEX, GAUGES } from '../../src/channel/gauges.ts';
import type { StampedEvent } from '../../src/core/event.ts';
import { anyEvent, signal, stamped } from '../report/events.ts';
import { backlogFrame, eventFrame, gaugeFrame } from '../report/frames.ts';

type Got = { ticks: number } | { event: StampedEvent } | { late: number };

const collect = (): { decoder: Decoder; got: Got[] } => {
  const got: Got[] = [];
  const decoder = createDecoder({
    event: (event) => got.push({ event }),
    gauges: (values) => got.push({ ticks: values[GAUGE_INDEX.ticks] ?? Number.NaN }),
    backlog: (values) => got.push({ late: values[GAUGE_INDEX.ticks] ?? Number.NaN }),
  });
  return { decoder, got };
};

const magic = Buffer.from(MAGIC);

/** Garbage as a dead reporter leaves it: the tail of a frame, or anything without a whole magic. */
const garbage = fc.oneof(
  fc
    .tuple(anyEvent, fc.nat())
    .map(([event, cut]) => eventFrame(event).subarray(1 + (cut % (eventFrame(event).length - 1)))),
  fc
    .uint8Array({ maxLength: 300 })
    .map((bytes) => Buffer.from(bytes))
    .filter((bytes) => !bytes.includes(magic)),
);

const item = fc.oneof(
  fc.record({ what: fc.constant('gauges' as const), ticks: fc.nat() }),
  fc.record({ what: fc.constant('event' as const), event: anyEvent }),
  fc.record({
    what: fc.constant('backlog' as const),
    rows: fc.array(fc.record({ ticks: fc.nat() }), { minLength: 1, maxLength: ROWS_MAX }),
  }),
  fc.record({ what: fc.constant('garbage' as const), bytes: garbage }),
);

/** Cuts `bytes` into chunks of the given lengths, over and over. */
const pushInChunks = (decoder: Decoder, bytes: Buffer, lengths: readonly number[]): void => {
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const length = lengths[i % lengths.length] ?? 1;
    decoder.push(bytes.subarray(at, at + length));
    at += length;
  }
};

const chunkLengths = fc.array(fc.integer({ min: 1, max: 9000 }), { minLength: 1, maxLength: 8 });

describe('the decoder', () => {
  test('gives every frame back, in order, whatever lies between and wherever it is cut', () => {
    fc.assert(
      fc.property(fc.array(item, { maxLength: 25 }), chunkLengths, (items, lengths) => {
        const sent: Got[] = [];
        let junk = 0;
        const parts = items.map((each) => {
          if (each.what === 'garbage') {
            junk += each.bytes.length;
            return each.bytes;
          }
          if (each.what === 'gauges') {
            sent.push({ ticks: each.ticks });
            return Buffer.from(gaugeFrame({ ticks: each.ticks }));
          }
          if (each.what === 'backlog') {
            sent.push(...each.rows.map(({ ticks }) => ({ late: ticks })));
            return backlogFrame(...each.rows);
          }
          const frame = eventFrame(each.event);
          sent.push({ event: JSON.parse(frame.toString('utf8', HEADER_BYTES)) });
          return frame;
        });
        const { decoder, got } = collect();
        pushInChunks(decoder, Buffer.concat(parts), lengths);
        expect(got).toEqual(sent);
        // The last bytes may yet turn out to be the beginning of a magic.
        expect(decoder.skippedBytes).toBeLessThanOrEqual(junk);
        expect(decoder.skippedBytes).toBeGreaterThanOrEqual(junk - MAGIC.length + 1);
        expect(decoder.badFrames).toBe(0);
      }),
      { numRuns: 300 },
    );
  });

  test('never throws, even on garbage made of magics and headers', () => {
    const piece = fc.oneof(
      fc.constant(magic),
      fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
      fc.tuple(fc.nat(5000), fc.nat(4), fc.nat(300)).map(([length, type, rowValues]) => {
        const header = Buffer.alloc(HEADER_BYTES);
        magic.copy(header);
        header.writeUInt32LE(length, 4);
        header[8] = type;
        header.writeUInt32LE(rowValues, 12);
        return header;
      }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), chunkLengths, (pieces, lengths) => {
        const { decoder } = collect();
        pushInChunks(decoder, Buffer.concat(pieces), lengths);
      }),
      { numRuns: 300 },
    );
  });

  test('finds the frames inside what only looked like one', () => {
    const inner = eventFrame(stamped(signal));
    const header = Buffer.from(inner.subarray(0, HEADER_BYTES));
    header.writeUInt32LE(HEADER_BYTES + inner.length, 4);
    const { decoder, got } = collect();
    decoder.push(Buffer.concat([header, inner]));
    expect(got).toEqual([{ event: stamped(signal) }]);
    expect(decoder.badFrames).toBe(1);
    expect(decoder.skippedBytes).toBe(HEADER_BYTES);
  });

  test('counts JSON that is no event', () => {
    for (const text of ['{', 'null', '1', '{}', '{"kind":"late"}', '{"kind":1,"timeMs":1,"monotonicMs":1}']) {
      const frame = Buffer.alloc(HEADER_BYTES + text.length);
      eventFrame(stamped(signal)).copy(frame, 0, 0, HEADER_BYTES);
      frame.writeUInt32LE(frame.length, 4);
      frame.write(text, HEADER_BYTES);
      const { decoder, got } = collect();
      decoder.push(frame);
      decoder.push(eventFrame(stamped(signal)));
      expect(got).toHaveLength(1);
      expect(decoder.badFrames).toBe(1);
    }
  });

  test('reads the frame of a control with fewer or more gauges than it knows', () => {
    const whole = Buffer.from(gaugeFrame({ monotonicMs: 7, ticks: 9 }));
    const older = Buffer.from(whole.subarray(0, HEADER_BYTES + 8));
    older.writeUInt32LE(older.length, 4);
    const newer = Buffer.concat([whole, Buffer.alloc(64)]);
    newer.writeUInt32LE(newer.length, 4);
    const seen: number[][] = [];
    const decoder = createDecoder({ event: () => {}, gauges: (values) => seen.push([...values]) });
    decoder.push(Buffer.concat([newer, older]));
    expect(seen).toHaveLength(2);
    expect(seen[0]).toHaveLength(GAUGES.length);
    expect(seen[0]?.[GAUGE_INDEX.ticks]).toBe(9);
    expect(seen[1]?.[0]).toBe(7);
    expect(seen[1]?.[GAUGE_INDEX.ticks]).toBeNaN();
  });

  test('reads rows of backlog of a control with fewer or more gauges, and takes none that are not whole', () => {
    const frame = backlogFrame({ monotonicMs: 7, ticks: 9 }, { monotonicMs: 8, ticks: 10 });
    const bytes = frame.subarray(HEADER_BYTES);
    /** Rows of `values` gauges out of two rows of one or two. */
    const cut = (values: number, ...parts: Buffer[]): Buffer => {
      const other = Buffer.concat([frame.subarray(0, HEADER_BYTES), ...parts]);
      other.writeUInt32LE(other.length, 4);
      other.writeUInt32LE(values, 12);
      return other;
    };
    const width = bytes.length / 2;
    const seen: number[][] = [];
    const decoder = createDecoder({ event: () => {}, gauges: () => {}, backlog: (values) => seen.push([...values]) });
    decoder.push(cut(1, bytes.subarray(0, 8), bytes.subarray(width, width + 8)));
    expect(seen.map(([monotonicMs, level]) => [monotonicMs, level])).toEqual([
      [7, Number.NaN],
      [8, Number.NaN],
    ]);
    expect(seen[0]).toHaveLength(GAUGES.length);
    seen.length = 0;
    decoder.push(cut(GAUGES.length + 3, bytes.subarray(0, width), Buffer.alloc((GAUGES.length + 3) * 8 - width)));
    expect(seen.map((values) => values[GAUGE_INDEX.ticks])).toEqual([9]);
    expect(decoder.skippedBytes).toBe(0);
    seen.length = 0;
    decoder.push(cut(3, bytes.subarray(0, 16)));
    decoder.push(cut(0, bytes.subarray(0, 16)));
    expect(seen).toEqual([]);
    expect(decoder.skippedBytes).toBeGreaterThan(0);
  });

  test('passes backlog by when nobody wants it', () => {
    const got: number[] = [];
    const decoder = createDecoder({ event: () => {}, gauges: (values) => got.push(values[GAUGE_INDEX.ticks] ?? 0) });
    decoder.push(Buffer.concat([backlogFrame({ ticks: 1 }), gaugeFrame({ ticks: 2 })]));
    expect(got).toEqual([2]);
    expect(decoder.skippedBytes).toBe(0);
  });

  test('skips a length beyond the largest frame at once instead of waiting for it', () => {
    const header = Buffer.alloc(HEADER_BYTES);
    magic.copy(header);
    header.writeUInt32LE(MAX_FRAME_BYTES + 1, 4);
    header[8] = 2;
    const { decoder, got } = collect();
    decoder.push(Buffer.concat([header, gaugeFrame({ ticks: 3 })]));
    expect(got).toEqual([{ ticks: 3 }]);
    expect(decoder.skippedBytes).toBe(HEADER_BYTES);
  });
});
