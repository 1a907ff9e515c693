/** Arbitrary events about threads that stall, made of the parts that events.ts has. */
import fc from 'fast-check';
import type { StallEvent } from '../../src/core/stall-event.ts';
import { PLACES } from '../../src/core/thread-readings.ts';

interface Parts {
  readonly comm: fc.Arbitrary<string>;
  readonly amount: fc.Arbitrary<number>;
}

export const stallEvents = ({ comm, amount }: Parts): fc.Arbitrary<StallEvent>[] => [
  fc.record({
    kind: fc.constant('stall' as const),
    ...{ stalling: fc.nat(), dying: fc.nat(), exiting: fc.nat(), victim: fc.nat() },
    ...{ oomCount: amount, longestMs: amount, seen: amount },
  }),
  fc.record({
    kind: fc.constant('stalled_task' as const),
    ...{ pid: fc.nat(), tid: fc.nat(), comm, flags: amount, switches: amount, delayMs: amount },
    place: fc.constantFrom(...PLACES),
    ...{ isUninterruptible: fc.boolean(), isExiting: fc.boolean(), isDying: fc.boolean(), isVictim: fc.boolean() },
  }),
  fc.record({ kind: fc.constant('stall_over' as const), longestMs: amount }),
];
