/** Frames as they come through the pipe. */
import {
  createGaugeFrame,
  encodeEvent,
  HEADER_BYTES,
  MAX_FRAME_BYTES,
  ROW_BYTES,
  sealBacklog,
} from '../../src/channel/frame.ts';
import { GAUGE_INDEX, type Gauge } from '../../src/channel/gauges.ts';
import type { StampedEvent } from '../../src/core/event.ts';

/** The bytes of one event frame. */
export const eventFrame = (event: StampedEvent): Buffer => {
  const buffer = Buffer.alloc(MAX_FRAME_BYTES);
  return buffer.subarray(0, encodeEvent(event, buffer));
};

/** The bytes of one gauge frame. */
export const gaugeFrame = (values: Partial<Record<Gauge, number>>): Buffer => {
  const frame = createGaugeFrame();
  for (const [name, value] of Object.entries(values)) frame.values[GAUGE_INDEX[name as Gauge]] = value;
  return frame.buffer;
};

/** The bytes of one frame of backlog with these rows. */
export const backlogFrame = (...rows: readonly Partial<Record<Gauge, number>>[]): Buffer => {
  const frame = Buffer.alloc(MAX_FRAME_BYTES);
  rows.forEach((row, at) => {
    gaugeFrame(row).copy(frame, HEADER_BYTES + at * ROW_BYTES, HEADER_BYTES, HEADER_BYTES + ROW_BYTES);
  });
  return frame.subarray(0, sealBacklog(frame, rows.length));
};
