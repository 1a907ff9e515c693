/** Livelocks as control tells them: a plain one, and any. */
import fc from 'fast-check';
import type { OomwatchdEvent } from '../../src/core/event.ts';
import { LIVELOCK_CAUSES, LIVELOCK_CLASSES, type LivelockEvent } from '../../src/core/livelock.ts';

export const livelock = {
  kind: 'livelock',
  stage: 'begins',
  class: 'other',
  cause: 'memory_high',
  confidence: 'high',
  killHelps: true,
  subject: '/system.slice/db.service',
  evidence: ['memory.current 24 MiB above memory.high 20 MiB', '31 high events/s'],
  forMs: 0,
} as const satisfies OomwatchdEvent;

/** Any, with hostile texts and amounts. */
export const anyLivelock = (text: fc.Arbitrary<string>, amount: fc.Arbitrary<number>): fc.Arbitrary<LivelockEvent> =>
  fc.record({
    kind: fc.constant('livelock' as const),
    stage: fc.constantFrom('begins' as const, 'changes' as const, 'ends' as const),
    class: fc.constantFrom(...LIVELOCK_CLASSES),
    cause: fc.constantFrom(...LIVELOCK_CAUSES),
    confidence: fc.constantFrom('low' as const, 'high' as const),
    killHelps: fc.boolean(),
    subject: text,
    evidence: fc.array(text, { maxLength: 3 }),
    forMs: amount,
  });
