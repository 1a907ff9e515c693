/**
 * The numbers of the last minutes, kept for a reporter that could not read them: the pipe was full, or it died and took what
 * it had read along. Rows are what a gauge frame begins with; one a second for ten minutes, and one in 100 ms for half a
 * minute while memory is short. Everything is made and touched at the start: 246 KiB.
 */
import { HEADER_BYTES, MAX_FRAME_BYTES, ROW_BYTES, ROWS_MAX, sealBacklog } from '../channel/frame.ts';
import { BACKLOG_GAUGES } from '../channel/gauges.ts';

/** Ten minutes and half a minute: what the flight recorder keeps. */
const SECONDS = 600;
const TENTHS = 300;

interface RowRing {
  readonly rows: Float64Array;
  readonly bytes: Buffer;
  /** By slot; one that holds nothing yet counts as sent. */
  readonly isSent: Uint8Array;
  readonly capacity: number;
  next: number;
  filled: number;
  unsent: number;
}

export interface Backlog {
  /** Takes a row in: the first BACKLOG_GAUGES gauges. `isSent`: it has gone out as a gauge frame. */
  second(row: Float64Array, isSent: boolean): void;
  tenth(row: Float64Array, isSent: boolean): void;
  /** Sends what is unsent, tenths before seconds, oldest first, in at most `frames` frames; stops at the first that the pipe does not take. */
  handOver(write: (bytes: Uint8Array, length: number) => number, frames: number): void;
  /** A new reporter reads now, which knows nothing: all rows are to be sent again. */
  sendAgain(): void;
}

const createRing = (capacity: number): RowRing => {
  // Filled, so that its pages come from the kernel now and not in a shortage.
  const rows = new Float64Array(capacity * BACKLOG_GAUGES).fill(Number.NaN);
  const isSent = new Uint8Array(capacity).fill(1);
  return { rows, bytes: Buffer.from(rows.buffer), isSent, capacity, next: 0, filled: 0, unsent: 0 };
};

const add = (ring: RowRing, row: Float64Array, isSent: boolean): void => {
  const slot = ring.next;
  // The oldest row goes, also when nobody has read it.
  if (ring.isSent[slot] === 0) ring.unsent--;
  ring.rows.set(row, slot * BACKLOG_GAUGES);
  ring.isSent[slot] = isSent ? 1 : 0;
  if (!isSent) ring.unsent++;
  ring.next = slot + 1 === ring.capacity ? 0 : slot + 1;
  ring.filled = Math.max(ring.filled, slot + 1);
};

const sendAgain = (ring: RowRing): void => {
  ring.isSent.fill(0, 0, ring.filled);
  ring.unsent = ring.filled;
};

export const createBacklog = (): Backlog => {
  const seconds = createRing(SECONDS);
  const tenths = createRing(TENTHS);
  const frame = Buffer.alloc(MAX_FRAME_BYTES);
  const packed = new Int32Array(ROWS_MAX);

  /** Copies the oldest unsent rows into the frame and notes their slots; how many. */
  const pack = (ring: RowRing): number => {
    let count = 0;
    for (let step = 0; step < ring.capacity && count < ROWS_MAX; step++) {
      const slot = (ring.next + step) % ring.capacity;
      if (ring.isSent[slot] === 1) continue;
      ring.bytes.copy(frame, HEADER_BYTES + count * ROW_BYTES, slot * ROW_BYTES, (slot + 1) * ROW_BYTES);
      packed[count++] = slot;
    }
    return count;
  };

  return {
    second: (row, isSent) => add(seconds, row, isSent),
    tenth: (row, isSent) => add(tenths, row, isSent),
    handOver: (write, frames) => {
      for (let sent = 0; sent < frames; sent++) {
        // Tenths first: they are of use, and kept, for half a minute.
        const ring = tenths.unsent > 0 ? tenths : seconds;
        if (ring.unsent === 0) return;
        const count = pack(ring);
        const length = sealBacklog(frame, count);
        if (write(frame, length) !== length) return;
        for (let at = 0; at < count; at++) ring.isSent[packed[at] as number] = 1;
        ring.unsent -= count;
      }
    },
    sendAgain: () => {
      sendAgain(seconds);
      sendAgain(tenths);
    },
  };
};
