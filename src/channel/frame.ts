/**
 * How control speaks to report: frames on a non-blocking pipe. A write(2) of at most PIPE_BUF (4096) bytes to a pipe is
 * all or nothing (pipe(7)), so a frame never exceeds that: control either gets the whole frame in or drops it with
 * EAGAIN. The pipe outlives reporters, one of which may have died in the middle of a frame, hence the magic.
 *
 *   offset 0   magic    FF 6F 6F 6D: FF never occurs in UTF-8, so no event text contains it
 *          4   u32 LE   length of the whole frame, header included
 *          8   u8       type, one of FRAME_TYPE
 *          9   3 bytes  zero
 *         12   u32 LE   backlog: values in a row; otherwise zero
 *         16   payload  begins on a multiple of 8, as a Float64Array demands. gauges: float64 in host byte order, in
 *                       GAUGES order; event: JSON of a StampedEvent; backlog: rows, each the beginning of a gauge frame
 */
import type { StampedEvent } from '../core/event.ts';
import { BACKLOG_GAUGES, GAUGES } from './gauges.ts';
import { shortenings } from './shorten.ts';

/** PIPE_BUF of Linux (include/uapi/linux/limits.h). */
export const MAX_FRAME_BYTES = 4096;
export const HEADER_BYTES = 16;
export const MAGIC: readonly number[] = [0xff, 0x6f, 0x6f, 0x6d];
export const FRAME_TYPE = { GAUGES: 1, EVENT: 2, BACKLOG: 3 } as const;

const LENGTH_OFFSET = 4;
const TYPE_OFFSET = 8;
export const ROW_VALUES_OFFSET = 12;

export interface GaugeFrame {
  /** The whole frame, ready to be written; shares its memory with `values`. */
  readonly buffer: Buffer;
  /** Indexed by GAUGE_INDEX. NaN (the initial value) and ABSENT both mean "not known". */
  readonly values: Float64Array;
}

const writeHeader = (into: Buffer, length: number, type: number): void => {
  for (let i = 0; i < MAGIC.length; i++) into[i] = MAGIC[i] ?? 0;
  into.writeUInt32LE(length, LENGTH_OFFSET);
  into.writeUInt32LE(type, TYPE_OFFSET);
  into.writeUInt32LE(0, ROW_VALUES_OFFSET);
};

/** A frame to be filled in place and written as often as wanted: after this call nothing more is allocated. */
export const createGaugeFrame = (): GaugeFrame => {
  const length = HEADER_BYTES + GAUGES.length * Float64Array.BYTES_PER_ELEMENT;
  const memory = new ArrayBuffer(length);
  const buffer = Buffer.from(memory);
  writeHeader(buffer, length, FRAME_TYPE.GAUGES);
  return { buffer, values: new Float64Array(memory, HEADER_BYTES, GAUGES.length).fill(Number.NaN) };
};

/** Bytes of one row of the backlog, and how many rows fit into a frame. */
export const ROW_BYTES = BACKLOG_GAUGES * Float64Array.BYTES_PER_ELEMENT;
export const ROWS_MAX = Math.floor((MAX_FRAME_BYTES - HEADER_BYTES) / ROW_BYTES);

/** Makes a frame of backlog out of the `rows` (at most ROWS_MAX) behind the header's place in `into`; its length in bytes. */
export const sealBacklog = (into: Buffer, rows: number): number => {
  const length = HEADER_BYTES + rows * ROW_BYTES;
  writeHeader(into, length, FRAME_TYPE.BACKLOG);
  into.writeUInt32LE(BACKLOG_GAUGES, ROW_VALUES_OFFSET);
  return length;
};

/**
 * Writes one event frame to the start of `into` (MAX_FRAME_BYTES long; kept by the caller) and returns its length in
 * bytes. What does not fit is shortened: long texts first, then entries of lists. Returns 0, with nothing usable in
 * `into`, if even the barest form is too long, which no kind of event reaches with a buffer of full size.
 */
export const encodeEvent = (event: StampedEvent, into: Buffer): number => {
  const room = Math.min(into.length, MAX_FRAME_BYTES) - HEADER_BYTES;
  for (const text of shortenings(event)) {
    const bytes = Buffer.byteLength(text);
    if (bytes > room) continue;
    writeHeader(into, HEADER_BYTES + bytes, FRAME_TYPE.EVENT);
    into.write(text, HEADER_BYTES, 'utf8');
    return HEADER_BYTES + bytes;
  }
  return 0;
};
