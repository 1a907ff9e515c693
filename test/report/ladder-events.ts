/** Arbitrary events of the upper rungs of the ladder, made of the parts that events.ts has. */
import fc from 'fast-check';
import type { MemoryFacts } from '../../src/core/event.ts';
import { type LadderEvent, SYSRQ_OUTCOMES, WATCHDOG_STATES } from '../../src/core/ladder-event.ts';

interface Parts {
  readonly hostile: fc.Arbitrary<string>;
  readonly comm: fc.Arbitrary<string>;
  readonly texts: fc.Arbitrary<string[]>;
  readonly amount: fc.Arbitrary<number>;
  readonly memoryFacts: fc.Arbitrary<MemoryFacts>;
}

export const ladderEvents = ({ hostile, comm, texts, amount, memoryFacts }: Parts): fc.Arbitrary<LadderEvent>[] => [
  fc.record({
    ...{ kind: fc.constant('sysrq' as const), episode: fc.nat(), outcome: fc.constantFrom(...SYSRQ_OUTCOMES) },
    ...{ pid: fc.integer(), comm, steered: fc.nat(), afterMs: amount, errno: fc.nat(), detail: hostile },
  }),
  fc.record({
    ...{ kind: fc.constant('restored' as const), by: fc.constantFrom('verification' as const, 'start' as const) },
    ...{ restored: fc.nat(), gone: fc.nat(), changed: fc.nat(), failed: texts },
  }),
  fc.record({
    ...{ kind: fc.constant('evidence' as const), episode: fc.nat(), keys: hostile, stalledMs: amount },
    ...{ memory: memoryFacts, sent: fc.boolean() },
  }),
  fc.record({
    ...{ kind: fc.constant('last_resort' as const), episode: fc.nat() },
    ...{ action: fc.constantFrom('crash' as const, 'reboot' as const, 'watchdog' as const), stalledMs: amount },
    ...{ sent: fc.boolean(), errno: fc.nat() },
  }),
  fc.record({
    ...{ kind: fc.constant('watchdog_device' as const), state: fc.constantFrom(...WATCHDOG_STATES), device: hostile },
    ...{ timeoutMs: amount, wantedMs: amount, errno: fc.nat() },
  }),
];
