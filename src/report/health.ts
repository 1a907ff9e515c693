/** Whether control is alive, judged by its gauge frames alone, and whether it has finished starting. */
import type { ReportStart } from '../channel/report-start.ts';
import type { StampedEvent } from '../core/event.ts';
import { gaugeOf } from './frame-metrics.ts';

export interface Health {
  gauges(values: Float64Array): void;
  event(event: StampedEvent): void;
  /** The last frame and its age in milliseconds, or undefined before the first. */
  last(): { readonly frame: Float64Array; readonly ageMs: number } | undefined;
  readonly isReady: boolean;
  /** Age beyond which control counts as stuck, milliseconds. */
  readonly limitMs: number;
}

/** A frame is due after paceMaxMs at the latest; a scheduler under memory pressure may miss some without being stuck. */
const MISSED_FRAMES = 3;
const LEAST_LIMIT_MS = 5000;

/** `nowMs`: a monotonic clock. Ages count from arrival, so that no clock has to be shared with control. */
export const createHealth = (start: Pick<ReportStart, 'paceMaxMs'>, nowMs: () => number): Health => {
  let frame: Float64Array | undefined;
  let arrivedMs = 0;
  let isReady = false;
  return {
    gauges: (values) => {
      frame ??= new Float64Array(values.length);
      frame.set(values);
      arrivedMs = nowMs();
      // A reporter that was restarted has missed `started`, which came before its time.
      if ((gaugeOf(values, 'reporterRestarts') ?? 0) > 0) isReady = true;
    },
    event: (event) => {
      if (event.kind === 'started') isReady = true;
    },
    last: () => (frame === undefined ? undefined : { frame, ageMs: Math.round(nowMs() - arrivedMs) }),
    get isReady() {
      return isReady;
    },
    limitMs: Math.max(LEAST_LIMIT_MS, MISSED_FRAMES * start.paceMaxMs),
  };
};
