/** Incidents for properties: any programs on a host of 8 GiB, and what happens to them. */
import fc from 'fast-check';
import type { ReapResult } from '../../../src/core/dying.ts';
import type { SignalIntent } from '../../../src/core/intent.ts';
import type { Policy } from '../../../src/core/policy.ts';
import { FLAG } from '../../../src/core/process-table.ts';
import type { State } from '../../../src/core/state.ts';
import { GIB, MIB } from '../../../src/core/units.ts';
import { defaultPolicy } from '../../support/policy.ts';
import { createMachine, type Machine, type Program } from './machine.ts';
import { KNOWN } from './tables.ts';
import { watch } from './watch.ts';

export const INCIDENT_POLICY = defaultPolicy(`
mode: enforce
detect: { term: { mem_available: 800MiB }, kill: { mem_available: 400MiB } }
act: { kills_per_minute: 4, kills_per_hour: 60, term_timeout: 2s, victim_timeout: 3s }
select: { builtin_protection: false, minimum_size: 64MiB, protect: [{ unit: "safe-*.service" }] }`);

const flags = fc.oneof(
  { weight: 6, arbitrary: fc.constant(KNOWN) },
  { weight: 1, arbitrary: fc.constantFrom(0, FLAG.ARMED) },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom(FLAG.KTHREAD, FLAG.INIT, FLAG.SELF, FLAG.ANCESTOR, FLAG.NO_MM, FLAG.SIGKILL_PENDING)
      .map((flag) => KNOWN | flag),
  },
);

const program: fc.Arbitrary<Program> = fc
  .record({
    name: fc.constantFrom('app', 'safe', 'leak'),
    rssKiB: fc.constantFrom(0, 10 * MIB, 64 * MIB, 500 * MIB, GIB, 2 * GIB),
    growsKiBPerMs: fc.constantFrom(0, 0, 0, 100, 1000, 5000, -500),
    term: fc.constantFrom(0, 20, 500, 'ignored' as const),
    kill: fc.constantFrom(0, 20, 500, 'stuck' as const),
    returns: fc.constantFrom(0, 0.1, 0.5, 1),
    isRefused: fc.boolean(),
    reap: fc.constantFrom<ReapResult>('released', 'released', 'hung', 'again', 'unsupported'),
    sharesMm: fc.constantFrom(false, false, true),
    oomGroup: fc.constantFrom('', '', '', '/pod'),
    oomScoreAdj: fc.constantFrom(0, 0, 0, 300, -300, -999, -1000),
    flags,
  })
  .map(({ name, growsKiBPerMs, isRefused, oomScoreAdj, flags: bits, sharesMm, oomGroup, ...rest }) => ({
    ...rest,
    comm: `${name}-x`,
    grows: growsKiBPerMs,
    ...(isRefused ? { refused: true as const } : {}),
    ...(sharesMm ? { sharesMm: true as const } : {}),
    row: { oomScoreAdj, flags: bits, oomGroup },
  }));

type Happening = (machine: Machine) => void;
const happenings: fc.Arbitrary<Happening> = fc.oneof(
  program.map(
    (next): Happening =>
      (machine) =>
        void machine.start(next),
  ),
  fc.boolean().map(
    (isBlind): Happening =>
      (machine) =>
        machine.blind(isBlind),
  ),
  fc.constantFrom(null, { fullShare: 0.6, scanned: 10_000, restores: 2000, usablePages: 1000 }).map(
    (strain): Happening =>
      (machine) =>
        machine.strain(strain),
  ),
  fc.tuple(fc.nat({ max: 13 }), fc.constantFrom('other', 'kernel', 'itself')).map(
    ([slot, by]): Happening =>
      (machine) => {
        if (by === 'itself') machine.leave(slot);
        else machine.kill(slot, by === 'kernel' ? 'kernel' : 'other');
      },
  ),
  fc.nat({ max: 3000 }).map(
    (ms): Happening =>
      (machine) =>
        machine.pass(ms),
  ),
);
export const incident = fc.record({
  swapKiB: fc.constantFrom(0, 2 * GIB),
  baseKiB: fc.constantFrom(0, 3 * GIB, 7 * GIB),
  programs: fc.array(program, { minLength: 1, maxLength: 14 }),
  happenings: fc.array(happenings, { minLength: 1, maxLength: 6 }),
});
export type Incident = typeof incident extends fc.Arbitrary<infer T> ? T : never;

export const play = (
  { happenings: list, ...hardware }: Incident,
  policy: Policy,
  onSignal: (intent: SignalIntent, state: State, machine: Machine) => void = () => undefined,
) => {
  const machine = createMachine({ totalKiB: 8 * GIB, ...hardware });
  const watched = watch(machine, policy, (intent, state) => onSignal(intent, state, machine));
  for (const happen of list) {
    happen(machine);
    watched.run(2500);
  }
  return watched;
};

/** All processes leave, nothing strains and everything can be read. */
export const calmDown: Happening = (machine) => {
  machine.blind(false);
  machine.strain(null);
  machine.endAll();
};
