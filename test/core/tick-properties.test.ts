/** What holds on every host, whatever its processes are and however they answer. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SignalIntent } from '../../src/core/intent.ts';
import type { Policy } from '../../src/core/policy.ts';
import { FLAG } from '../../src/core/process-table.ts';
import type { State } from '../../src/core/state.ts';
import { ABSENT, GIB, MIB } from '../../src/core/units.ts';
import { isPending } from '../../src/core/victim.ts';
import { defaultPolicy } from '../support/policy.ts';
import { createMachine, type Machine, type Program } from './support/machine.ts';
import { KNOWN } from './support/tables.ts';
import { watch } from './support/watch.ts';

const POLICY = defaultPolicy(`
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
    oomScoreAdj: fc.constantFrom(0, 0, 0, 300, -300, -999, -1000),
    flags,
  })
  .map(({ name, growsKiBPerMs, isRefused, oomScoreAdj, flags: bits, ...rest }) => ({
    ...rest,
    comm: `${name}-x`,
    grows: growsKiBPerMs,
    ...(isRefused ? { refused: true as const } : {}),
    row: { oomScoreAdj, flags: bits },
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
  fc.nat({ max: 3000 }).map(
    (ms): Happening =>
      (machine) =>
        machine.pass(ms),
  ),
);
const incident = fc.record({
  swapKiB: fc.constantFrom(0, 2 * GIB),
  baseKiB: fc.constantFrom(0, 3 * GIB, 7 * GIB),
  programs: fc.array(program, { minLength: 1, maxLength: 14 }),
  happenings: fc.array(happenings, { minLength: 1, maxLength: 6 }),
});
type Incident = typeof incident extends fc.Arbitrary<infer T> ? T : never;

const play = (
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
const calmDown: Happening = (machine) => {
  machine.blind(false);
  machine.strain(null);
  machine.endAll();
};

const RUNS = { numRuns: 300 };

it('the incidents below are worth it: most of them end in signals, and all kinds of verdicts are among them', () => {
  const watches = fc.sample(incident, { numRuns: 200, seed: 7 }).map((given) => play(given, POLICY));
  expect(watches.filter(({ signals }) => signals.length > 0).length).toBeGreaterThan(60);
  const verdicts = new Set(watches.flatMap(({ of }) => of('verify').map(({ verdict }) => verdict)));
  expect(verdicts).toEqual(new Set([null, 'recovered', 'partial', 'not_returned', 'stuck']));
});

describe('whatever happens', () => {
  it('nobody is signalled who may not be, and nobody while another one is dying', () => {
    fc.assert(
      fc.property(incident, (given) => {
        play(given, POLICY, ({ slot, pid, reason, dryRun }, state, { table }) => {
          expect(dryRun).toBe(false);
          expect(table.pid[slot]).toBe(pid);
          if (reason !== '') {
            // An escalation: of the one victim that is pending.
            expect(state.victims.filter(isPending).map((victim) => victim.slot)).toContain(slot);
            return;
          }
          expect(state.victims.filter(isPending)).toEqual([]);
          expect((table.flags[slot] as number) & ~(FLAG.EXE_VERIFIED | FLAG.ARMED)).toBe(FLAG.IDENTIFIED);
          expect(table.oomScoreAdj[slot]).not.toBe(-1000);
          expect(table.protectRule[slot]).toBe(ABSENT);
          expect(table.comm[slot]).not.toBe('safe-x');
          expect(table.rssKiB[slot]).toBeGreaterThanOrEqual(64 * MIB);
          expect(state.refused.some((refusal) => refusal.pid === pid)).toBe(false);
        });
      }),
      RUNS,
    );
  });

  it('the budget is kept, the hold-off as well, and nobody is killed twice', () => {
    fc.assert(
      fc.property(incident, (given) => {
        const sent = play(given, POLICY)
          .of('signal')
          .filter((signal) => signal.sent);
        const isFirst = ({ reason }: { reason: string }): boolean =>
          reason !== 'term_timeout' && reason !== 'kill_mark';
        const first = sent.filter(isFirst).map(({ atMs }) => atMs);
        for (const at of first) {
          expect(first.filter((other) => at - other >= 0 && at - other < 60_000).length).toBeLessThanOrEqual(4);
        }
        sent.slice(1).forEach((signal, index) => {
          if (isFirst(signal)) expect(signal.atMs - (sent[index]?.atMs ?? 0)).toBeGreaterThanOrEqual(100);
        });
        const killed = sent.filter(({ signal }) => signal === 'KILL').map(({ victim }) => victim.pid);
        expect(new Set(killed).size).toBe(killed.length);
      }),
      RUNS,
    );
  });

  it('a first signal is SIGTERM above the kill mark, and SIGKILL follows no sooner than it must', () => {
    fc.assert(
      fc.property(incident, (given) => {
        const asked = new Map<number, number>();
        for (const { signal, reason, sent, victim, memory, atMs } of play(given, POLICY).of('signal')) {
          const isLow = memory.memAvailableKiB <= 400 * MIB;
          if (reason === 'mem_available') expect([atMs, signal]).toEqual([atMs, isLow ? 'KILL' : 'TERM']);
          if (reason === 'term_timeout') expect(atMs - (asked.get(victim.pid) as number)).toBeGreaterThanOrEqual(2000);
          if (sent && signal === 'TERM') asked.set(victim.pid, atMs);
        }
      }),
      RUNS,
    );
  });

  it('observe mode sends nothing, and repeats itself once a minute at the most', () => {
    fc.assert(
      fc.property(incident, (given) => {
        const { signals, of } = play(given, { ...POLICY, mode: 'observe' });
        expect(signals.every(({ dryRun }) => dryRun)).toBe(true);
        expect(of('signal').filter(({ sent }) => sent)).toEqual([]);
        const named = of('signal').filter(({ reason, errno }) => reason.includes('mem') && errno === 0);
        named.slice(1).forEach((signal, index) => {
          const last = named[index];
          if (last?.episode === signal.episode) expect(signal.atMs - last.atMs).toBeGreaterThanOrEqual(60_000);
        });
      }),
      RUNS,
    );
  });

  it('every episode that starts is ended, by the time the host has been calm for a while', () => {
    fc.assert(
      fc.property(incident, (given) => {
        const watched = play({ ...given, happenings: [...given.happenings, calmDown] }, POLICY);
        watched.run(20_000);
        expect(watched.of('episode_ended').map(({ episode }) => episode)).toEqual(
          watched.of('episode_started').map(({ episode }) => episode),
        );
        const before = watched.turns();
        watched.run(10_000);
        expect(watched.turns() - before).toBeLessThan(30);
      }),
      RUNS,
    );
  });

  it('the same host and the same answers give the same decisions', () => {
    fc.assert(
      fc.property(incident, (given) => {
        expect(play(given, POLICY).told).toEqual(play(given, POLICY).told);
      }),
      RUNS,
    );
  });

  it('it does not talk without end: in no second more than a handful of lines', () => {
    fc.assert(
      fc.property(incident, (given) => {
        const times = play(given, POLICY).told.map(({ atMs }) => atMs);
        for (const at of times) {
          expect(times.filter((other) => at - other >= 0 && at - other < 1000).length).toBeLessThanOrEqual(40);
        }
      }),
      RUNS,
    );
  });
});
