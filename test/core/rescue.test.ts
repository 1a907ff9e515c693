/** What control makes of a rescue: no second victim for the same shortage, and everything counted and told. */
import { describe, expect, it } from 'vitest';
import type { Rescue } from '../../src/core/rescue.ts';
import { takeRescues } from '../../src/core/rescue.ts';
import { createState } from '../../src/core/state.ts';
import { ABSENT, GIB, MIB } from '../../src/core/units.ts';
import { createRig } from '../control/support/ports.ts';
import { defaultPolicy } from '../support/policy.ts';
import { createMachine } from './support/machine.ts';

const rescue = (differences: Partial<Rescue> = {}): Rescue => ({
  ...{ outcome: 'killed', slot: 1, pid: 101, comm: 'leak', sizeKiB: GIB, isCompanion: false, errno: 0 },
  ...{ agoMs: 3000, lateMs: 2200, memAvailableKiB: 20 * MIB },
  ...differences,
});

describe('a rescue', () => {
  it('is told, its victim is in the register since then, and it counts as a kill', () => {
    const state = createState(8);
    const events: unknown[] = [];
    takeRescues(state, [rescue()], 10_000, events as never);
    expect(events).toEqual([
      {
        ...{ kind: 'rescue', outcome: 'killed', pid: 101, comm: 'leak', sizeKiB: GIB, errno: 0 },
        ...{ lateMs: 2200, memAvailableKiB: 20 * MIB },
      },
    ]);
    expect(state.register.dying).toMatchObject([{ slot: 1, pid: 101, killedBy: 'standby', sinceMs: 7000 }]);
    expect(state.budget.atMs[0]).toBe(7000);
  });

  it('of a group is one kill', () => {
    const state = createState(8);
    takeRescues(state, [rescue(), rescue({ slot: 2, pid: 102, isCompanion: true })], 10_000, []);
    expect(state.register.dying.map(({ pid }) => pid)).toEqual([101, 102]);
    expect([state.budget.atMs[0], state.budget.atMs[1]]).toEqual([7000, ABSENT]);
  });

  it.each(['refused', 'observed', 'nobody', 'over_budget'] as const)('%s is only told', (outcome) => {
    const state = createState(8);
    const events: unknown[] = [];
    takeRescues(state, [rescue({ outcome })], 10_000, events as never);
    expect(events).toMatchObject([{ outcome }]);
    expect([state.register.dying.length, state.budget.atMs[0]]).toEqual([0, ABSENT]);
  });
});

const POLICY = defaultPolicy(`
mode: enforce
detect: { term: { mem_available: 800MiB }, kill: { mem_available: 400MiB } }
act: { victim_timeout: 5s }
`);

/** Two leaks of which the first is the larger; control is stopped for ten seconds and comes back. */
const stopped = (kill: number | 'stuck', agoMs: number) => {
  const machine = createMachine({
    totalKiB: 8 * GIB,
    programs: [
      { comm: 'leak', rssKiB: 4 * GIB, kill, reap: 'hung' },
      { comm: 'innocent', rssKiB: 2 * GIB },
      { comm: 'small', rssKiB: 300 * MIB },
    ],
  });
  let rescues: Rescue[] = [];
  const rig = createRig(machine, POLICY, { rescues: () => rescues.splice(0) });
  rig.run(1000);
  // While it is stopped memory runs out, and standby kills the leak.
  const grown = machine.start({ comm: 'page-cache', rssKiB: 1400 * MIB, row: { oomScoreAdj: -1000 } });
  machine.pass(10_000 - agoMs);
  machine.kill(0, 'other');
  machine.pass(agoMs);
  rescues = [rescue({ slot: 0, pid: 100, sizeKiB: 4 * GIB, agoMs })];
  rig.turnLate(0);
  return { machine, rig, grown };
};
const shots = (log: readonly string[]): string[] => log.filter((line) => /^(TERM|KILL) /.test(line));

describe('control that was stopped for ten seconds', () => {
  it('kills nobody when the shortage is over', () => {
    const { rig, machine } = stopped(20, 4000);
    rig.run(5000);
    expect(shots(rig.log)).toEqual([]);
    expect(machine.alive()).toContain('innocent');
  });

  it("waits for standby's victim while it is dying, and takes the next one when it does not go", () => {
    const { rig } = stopped('stuck', 3000);
    rig.run(1500);
    expect(shots(rig.log)).toEqual([]);
    expect(rig.events.some((event) => event.kind === 'no_action' && event.reason === 'waiting_for_victim')).toBe(true);
    rig.run(2000);
    expect(shots(rig.log)).toEqual(['KILL innocent']);
  });

  it('chooses nobody in the very moment in which standby shoots', () => {
    const machine = createMachine({ totalKiB: 8 * GIB, programs: [{ comm: 'leak', rssKiB: 7900 * MIB }] });
    let isShooting = true;
    const rig = createRig(machine, POLICY, { isShooting: () => isShooting });
    rig.run(50);
    expect(rig.log).toEqual([]);
    isShooting = false;
    rig.run(50);
    expect(shots(rig.log)).toEqual(['KILL leak']);
  });
});
