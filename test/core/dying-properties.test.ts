/** What holds of the dying on every host, whoever killed them: patches 1, 2, 5 and 6, and processes that die together. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { FLAG, type ProcessTable } from '../../src/core/process-table.ts';
import { ABSENT, MIB } from '../../src/core/units.ts';
import { incident, INCIDENT_POLICY as POLICY, play } from './support/incidents.ts';

const RUNS = { numRuns: 300 };
const FRESH_MS = POLICY.act.victimTimeoutMs;
const MINIMUM_KIB = 64 * MIB;
/** What the index says of a process that nothing may come of. */
const NOTHING = FLAG.KTHREAD | FLAG.NO_MM | FLAG.GONE;

const slotOf = (table: ProcessTable, pid: number): number => table.pid.subarray(0, table.count).indexOf(pid);

it('nobody is chosen while somebody fresh is dying who has memory to give back, whoever killed him', () => {
  fc.assert(
    fc.property(incident, (given) => {
      play(given, POLICY, ({ reason, company, pid }, { register }, machine) => {
        if (reason !== '' || company !== '') return;
        const worth = machine.dying().filter(({ pid: other, forMs, rssKiB }) => {
          const flags = machine.table.flags[slotOf(machine.table, other)] as number;
          const isReaped = register.dying.some((each) => each.pid === other && each.life === 'reaped');
          const isDue = forMs < FRESH_MS && rssKiB >= MINIMUM_KIB && (flags & NOTHING) === 0;
          return isDue && !isReaped;
        });
        expect([pid, worth]).toEqual([pid, []]);
      });
    }),
    RUNS,
  );
});

it('whoever is dying is signalled by nobody, neither first nor along with another', () => {
  fc.assert(
    fc.property(incident, (given) => {
      play(given, POLICY, ({ reason, slot, pid, company }, state, machine) => {
        const isEscalation = reason !== '';
        const isDying = machine.dying().some((each) => each.pid === pid);
        // Who was asked to leave may have been killed meanwhile: its SIGKILL changes nothing.
        if (!isEscalation) expect([company, pid, isDying]).toEqual([company, pid, false]);
        const flags = machine.table.flags[slot] as number;
        expect(flags & (FLAG.KTHREAD | FLAG.INIT | FLAG.SELF | FLAG.ANCESTOR)).toBe(0);
        expect(machine.table.oomScoreAdj[slot]).not.toBe(-1000);
        expect(machine.table.protectRule[slot]).toBe(ABSENT);
        expect(state.refused.some((refusal) => refusal.pid === pid)).toBe(false);
      });
    }),
    RUNS,
  );
});

it('nobody is killed who shares his mm with somebody who may not be, and all who share one are killed together', () => {
  fc.assert(
    fc.property(incident, (given) => {
      const shots: { pid: number; companyOf: number; atMs: number; mates: number[] }[] = [];
      play(given, POLICY, ({ pid, slot, companyOf, reason }, { refused }, machine) => {
        if (reason !== '') return;
        const { table } = machine;
        const group = table.mmGroup[slot] as number;
        const rows = Array.from(table.rows.subarray(0, table.count));
        const mates = group === ABSENT ? [] : rows.filter((row) => table.mmGroup[row] === group);
        const isAlive = (row: number): boolean => ((table.flags[row] as number) & (FLAG.GONE | FLAG.NO_MM)) === 0;
        for (const mate of mates.filter(isAlive)) {
          expect([table.oomScoreAdj[mate] === -1000, table.protectRule[mate] === ABSENT]).toEqual([false, true]);
          expect((table.flags[mate] as number) & (FLAG.INIT | FLAG.KTHREAD)).toBe(0);
        }
        // Whoever the kernel has refused cannot be killed with them, whatever comes of it.
        const dying = new Set([...machine.dying(), ...refused].map((each) => each.pid));
        const free = mates.filter((mate) => isAlive(mate) && !dying.has(table.pid[mate] as number));
        shots.push({ pid, companyOf, atMs: machine.nowMs(), mates: free.map((mate) => table.pid[mate] as number) });
      });
      for (const { companyOf, atMs, mates } of shots.filter(({ mates: each }) => each.length > 0)) {
        const together = shots.filter((other) => other.atMs === atMs && other.companyOf === companyOf);
        expect(together.map(({ pid }) => pid)).toEqual(expect.arrayContaining(mates));
      }
    }),
    RUNS,
  );
});

it('every kill of the kernel is told once, none of them as unseen', () => {
  fc.assert(
    fc.property(incident, (given) => {
      const watched = play(given, POLICY);
      watched.run(15_000);
      const told = watched.of('kernel_kill').map(({ pid }) => pid);
      expect(new Set(told).size).toBe(told.length);
      expect(watched.of('kernel_kills_unseen')).toEqual([]);
    }),
    { numRuns: 150 },
  );
});

it('the register forgets whoever is gone, and calls nobody stuck before his time', () => {
  fc.assert(
    fc.property(incident, (given) => {
      const watched = play(given, POLICY);
      for (const { life, afterMs } of watched.of('victim')) {
        if (life === 'stuck') expect(afterMs).toBeGreaterThanOrEqual(FRESH_MS);
      }
      const lives = new Map<number, string[]>();
      for (const { pid, life } of watched.of('victim')) lives.set(pid, [...(lives.get(pid) ?? []), life]);
      for (const list of lives.values()) expect(new Set(list).size).toBe(list.length);
    }),
    RUNS,
  );
});
