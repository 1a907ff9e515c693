/** Arbitrary events about the kernel's own kills and records, made of the parts that events.ts has. */
import fc from 'fast-check';
import { KERNEL_NOTES, type KernelTold, KILL_SCOPES } from '../../src/core/kernel-event.ts';

interface Parts {
  readonly hostile: fc.Arbitrary<string>;
  readonly comm: fc.Arbitrary<string>;
  readonly amount: fc.Arbitrary<number>;
}

export const kernelEvents = ({ hostile, comm, amount }: Parts): fc.Arbitrary<KernelTold>[] => [
  fc.record({
    ...{ kind: fc.constant('kernel_kill' as const), pid: fc.nat(), comm, scope: fc.constantFrom(...KILL_SCOPES) },
    ...{ memcg: hostile, anonRssKiB: amount, source: fc.constantFrom('kmsg' as const, 'trace' as const) },
  }),
  fc.record({
    kind: fc.constant('kernel_note' as const),
    note: fc.constantFrom(...KERNEL_NOTES, 'lost' as const, 'unread' as const),
    text: hostile,
  }),
  fc.record({ kind: fc.constant('kernel_kills_unseen' as const), counted: amount, seen: amount }),
  fc.record({
    ...{ kind: fc.constant('kill_burst' as const), kills: fc.nat() },
    ...{ withinMs: amount, oomKillAllocatingTask: amount },
  }),
];
