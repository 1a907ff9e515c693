/**
 * From the pipe to whoever is interested. A subscriber that fails costs that one call: the fault is told and counted,
 * and the others still get the event.
 */
import { createDecoder, type Decoder } from '../channel/decode.ts';
import type { StampedEvent } from '../core/event.ts';

interface Subscriber {
  event?(event: StampedEvent): void;
  gauges?(values: Float64Array): void;
  backlog?(values: Float64Array): void;
}

interface Drain extends Pick<Decoder, 'push' | 'skippedBytes' | 'badFrames'> {
  /** Calls of subscribers that threw. */
  readonly faults: number;
}

/** `onFault` is told of what a subscriber threw, and must not throw itself. */
export const createDrain = (subscribers: readonly Subscriber[], onFault: (error: unknown) => void): Drain => {
  let faults = 0;

  const guarded = (call: () => void): void => {
    try {
      call();
    } catch (error) {
      faults++;
      onFault(error);
    }
  };

  const decoder = createDecoder({
    event: (event) => {
      for (const subscriber of subscribers) guarded(() => subscriber.event?.(event));
    },
    gauges: (values) => {
      for (const subscriber of subscribers) guarded(() => subscriber.gauges?.(values));
    },
    backlog: (values) => {
      for (const subscriber of subscribers) guarded(() => subscriber.backlog?.(values));
    },
  });

  return {
    push: (chunk) => decoder.push(chunk),
    get skippedBytes() {
      return decoder.skippedBytes;
    },
    get badFrames() {
      return decoder.badFrames;
    },
    get faults() {
      return faults;
    },
  };
};
