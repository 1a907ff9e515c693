/** What holds on every host, whatever its processes are and however they answer. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FLAG } from '../../src/core/process-table.ts';
import { ABSENT, MIB } from '../../src/core/units.ts';
import { isPending } from '../../src/core/victim.ts';
import { calmDown, incident, INCIDENT_POLICY as POLICY, play } from './support/incidents.ts';

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
        play(given, POLICY, ({ slot, pid, reason, dryRun, company, companyOf }, state, { table }) => {
          expect(dryRun).toBe(false);
          expect(table.pid[slot]).toBe(pid);
          if (reason !== '') {
            // An escalation: of the one victim that is pending.
            expect(state.victims.filter(isPending).map((victim) => victim.slot)).toContain(companyOf);
            return;
          }
          expect(state.victims.filter(isPending)).toEqual([]);
          expect((table.flags[slot] as number) & ~(FLAG.EXE_VERIFIED | FLAG.ARMED)).toBe(FLAG.IDENTIFIED);
          expect(table.oomScoreAdj[slot]).not.toBe(-1000);
          expect(table.protectRule[slot]).toBe(ABSENT);
          expect(table.comm[slot]).not.toBe('safe-x');
          if (company === '') expect(table.rssKiB[slot]).toBeGreaterThanOrEqual(64 * MIB);
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
          .filter((signal) => signal.sent && signal.company === '');
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
        const named = of('signal').filter(
          ({ reason, errno, company }) => reason.includes('mem') && errno === 0 && company === '',
        );
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

  /** Ranked, signalled or refused, reaped, verified, gone: of each process that there is or that comes; and levels and episodes. */
  const LINES_OF_ONE = 6;

  it('it does not talk without end: in no second more than a handful of lines for each process', () => {
    fc.assert(
      fc.property(incident, (given) => {
        const most = LINES_OF_ONE * (1 + given.programs.length + given.happenings.length);
        const times = play(given, POLICY).told.map(({ atMs }) => atMs);
        for (const at of times) {
          expect(times.filter((other) => at - other >= 0 && at - other < 1000).length).toBeLessThanOrEqual(most);
        }
      }),
      RUNS,
    );
  });
});
