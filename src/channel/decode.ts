/**
 * The reading end of the pipe: takes chunks cut anywhere and gives whole frames. Anything that is no frame is skipped
 * byte by byte up to the next magic and counted; memory is bounded by one window. Never throws on its input.
 */
import type { StampedEvent } from '../core/event.ts';
import { FRAME_TYPE, HEADER_BYTES, MAGIC, MAX_FRAME_BYTES, ROW_VALUES_OFFSET } from './frame.ts';
import { GAUGES } from './gauges.ts';

interface FrameHandler {
  /** `values` is reused for the next frame: copy what must stay. A gauge the sender does not know is NaN. */
  gauges(values: Float64Array): void;
  event(event: StampedEvent): void;
  /**
   * Gauges of an earlier tick that control could not send then, or has sent to a reporter before; reused and NaN as above.
   * May have been seen already, and older ones may follow newer ones.
   */
  backlog?(values: Float64Array): void;
}

export interface Decoder {
  /** Calls the handler for every frame completed by this chunk; what the handler throws passes through. */
  push(chunk: Uint8Array): void;
  /** Bytes that belonged to no frame. */
  readonly skippedBytes: number;
  /** Frames with a proper header and an unusable payload. */
  readonly badFrames: number;
}

/** Room for many frames a read, and at least for one frame more than what may be left over (< MAX_FRAME_BYTES). */
const WINDOW_BYTES = 16 * MAX_FRAME_BYTES;

const FLOAT64_BYTES = Float64Array.BYTES_PER_ELEMENT;

const parseEvent = (json: string): StampedEvent | undefined => {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    // Counted by the caller: the bytes were no event, whatever they were.
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { kind, timeMs, monotonicMs } = value as Record<'kind' | 'timeMs' | 'monotonicMs', unknown>;
  if (typeof kind !== 'string' || typeof timeMs !== 'number' || typeof monotonicMs !== 'number') return undefined;
  // The fields of the kind are not checked: a sender of another version may have others, and readers cope with that.
  return value as StampedEvent;
};

export const createDecoder = (handler: FrameHandler): Decoder => {
  const window = Buffer.alloc(WINDOW_BYTES);
  const magic = Buffer.from(MAGIC);
  const values = new Float64Array(GAUGES.length);
  const valueBytes = Buffer.from(values.buffer);
  let start = 0;
  let end = 0;
  let skippedBytes = 0;
  let badFrames = 0;

  /** Moves `start` to the next place where a magic is or may yet come in. */
  const seekMagic = (): void => {
    const found = window.subarray(0, end).indexOf(magic, start);
    const next = found === -1 ? Math.max(start, end - magic.length + 1) : found;
    skippedBytes += next - start;
    start = next;
  };

  const skipOne = (): void => {
    start++;
    skippedBytes++;
  };

  const takeGauges = (payload: number, length: number): void => {
    values.fill(Number.NaN);
    window.copy(valueBytes, 0, payload, payload + Math.min(length, valueBytes.length));
    start = payload + length;
    handler.gauges(values);
  };

  const takeBacklog = (payload: number, length: number, rowBytes: number): void => {
    start = payload + length;
    for (let at = payload; at < payload + length; at += rowBytes) {
      values.fill(Number.NaN);
      window.copy(valueBytes, 0, at, at + Math.min(rowBytes, valueBytes.length));
      handler.backlog?.(values);
    }
  };

  const takeEvent = (payload: number, length: number): void => {
    const event = parseEvent(window.toString('utf8', payload, payload + length));
    if (event === undefined) {
      // Perhaps the magic was garbage itself and true frames lie inside: look again just behind it.
      badFrames++;
      skipOne();
      return;
    }
    start = payload + length;
    handler.event(event);
  };

  /** Takes one step through the window; false when more bytes are needed. */
  const step = (): boolean => {
    seekMagic();
    if (end - start < HEADER_BYTES) return false;
    const length = window.readUInt32LE(start + 4);
    const type = window[start + 8];
    const size = length - HEADER_BYTES;
    const isGauges = type === FRAME_TYPE.GAUGES && size > 0 && size % FLOAT64_BYTES === 0;
    const isEvent = type === FRAME_TYPE.EVENT && size > 0;
    const rowBytes = type === FRAME_TYPE.BACKLOG ? window.readUInt32LE(start + ROW_VALUES_OFFSET) * FLOAT64_BYTES : 0;
    const isBacklog = rowBytes > 0 && size > 0 && size % rowBytes === 0;
    if (length > MAX_FRAME_BYTES || !(isGauges || isEvent || isBacklog)) {
      skipOne();
      return true;
    }
    if (end - start < length) return false;
    if (isGauges) takeGauges(start + HEADER_BYTES, size);
    else if (isBacklog) takeBacklog(start + HEADER_BYTES, size, rowBytes);
    else takeEvent(start + HEADER_BYTES, size);
    return true;
  };

  const compact = (): void => {
    window.copyWithin(0, start, end);
    end -= start;
    start = 0;
  };

  return {
    push: (chunk) => {
      for (let taken = 0; taken < chunk.length; ) {
        if (end === WINDOW_BYTES) compact();
        const part = chunk.subarray(taken, taken + WINDOW_BYTES - end);
        window.set(part, end);
        end += part.length;
        taken += part.length;
        while (step());
        compact();
      }
    },
    get skippedBytes() {
      return skippedBytes;
    },
    get badFrames() {
      return badFrames;
    },
  };
};
