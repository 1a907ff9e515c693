/** Fork storms on a machine in virtual time: who is killed, in which order, and who is not. */
import { describe, expect, it } from 'vitest';
import { GIB, MIB } from '../../src/core/units.ts';
import { defaultPolicy } from '../support/policy.ts';
import { createMachine, type Program } from './support/machine.ts';
import { watch } from './support/watch.ts';

const MARKS = 'mode: enforce\ndetect: { term: { mem_available: 400MiB }, kill: { mem_available: 200MiB } }';
/** Larger than any child. */
const DB: Program = { comm: 'db', rssKiB: 500 * MIB };
const WEB: Program = { comm: 'web', rssKiB: 60 * MIB };
const CHILD: Program = { comm: 'child', rssKiB: 30 * MIB };
/** In calm for a second; then as many as would fill the host. */
const storm = (row: Program['row'] = {}): Program => ({
  comm: 'storm',
  rssKiB: 2 * MIB,
  forks: { child: CHILD, keeps: 60 },
  row,
});

const play = (parent: Program, yaml = '', ms = 5000) => {
  const machine = createMachine({ totalKiB: 2 * GIB, programs: [DB, WEB] });
  const watched = watch(machine, defaultPolicy(`${MARKS}\n${yaml}`));
  watched.run(1000);
  machine.start(parent);
  watched.run(ms);
  return {
    machine,
    watched,
    names: watched.signals.map(({ slot, signal, company }) => `${signal} ${slot} ${company}`),
  };
};

describe('a fork storm', () => {
  it('ends with its parent, which is killed first, and nobody else dies', () => {
    const { machine, watched } = play(storm());
    expect(machine.alive()).toEqual(['db', 'web']);
    const told = watched.of('signal');
    const at = told.findIndex(({ reason }) => reason === 'fork_storm');
    expect(told.slice(0, at).map(({ victim }) => victim.comm)).toEqual(['child', 'child', 'child']);
    expect(told[at]).toMatchObject({ signal: 'KILL', victim: { comm: 'storm' }, company: '' });
    const along = told.slice(at + 1);
    expect(along.length).toBeGreaterThanOrEqual(55);
    for (const each of along)
      expect(each).toMatchObject({ signal: 'KILL', company: 'fork_storm', victim: { comm: 'child' } });
    const startMs = watched.of('episode_started')[0]?.atMs ?? Number.NaN;
    expect((told[at]?.atMs ?? Number.NaN) - startMs).toBeLessThan(5000);
  });

  it('costs one kill of the budget besides its first children', () => {
    const { machine } = play(storm(), 'act: { kills_per_minute: 4 }');
    expect(machine.alive()).toEqual(['db', 'web']);
  });

  it('of a parent that may not be killed is told, and its children die one by one', () => {
    const { machine, watched } = play(storm({ oomScoreAdj: -1000 }));
    expect(machine.alive()).toContain('storm');
    expect(watched.of('signal').every(({ victim }) => victim.comm === 'child')).toBe(true);
    const [told, ...again] = watched.of('no_action').filter(({ reason }) => reason === 'fork_storm');
    expect(told?.detail).toMatch(/^pid \d+ \(storm\) replaces its children, and is oom_score_adj_min$/);
    expect(again).toEqual([]);
  });

  it('is nothing special with that switched off: the largest die', () => {
    const { machine, watched } = play(storm(), 'act: { fork_storm: false }');
    expect(machine.alive()).toContain('storm');
    expect(watched.of('signal')[0]?.victim.comm).toBe('db');
  });

  it('takes nobody of another session along', () => {
    const machine = createMachine({ totalKiB: 2 * GIB, programs: [DB] });
    const watched = watch(machine, defaultPolicy(MARKS));
    watched.run(1000);
    const pid = machine.start(storm());
    machine.start({ comm: 'daemon', rssKiB: 10 * MIB, row: { ppid: pid, session: 7 } });
    watched.run(5000);
    expect(machine.alive()).toEqual(['db', 'daemon']);
  });
});

describe('no fork storm', () => {
  const workers = (keeps: number): Program => ({
    comm: 'httpd',
    rssKiB: 5 * MIB,
    forks: { child: { comm: 'worker', rssKiB: 20 * MIB }, keeps },
  });

  it('a prefork server loses the child that leaks, and no other', () => {
    const machine = createMachine({ totalKiB: 2 * GIB, programs: [DB, workers(10)] });
    const watched = watch(machine, defaultPolicy(MARKS));
    watched.run(1000);
    const leak = { comm: 'leaking', rssKiB: 20 * MIB, grows: 500 };
    const httpd = machine.table.comm.indexOf('httpd');
    const pid = machine.table.pid[httpd] as number;
    for (let times = 0; times < 4; times++) {
      machine.start({ ...leak, row: { ppid: pid, session: pid } });
      watched.run(8000);
    }
    expect(new Set(watched.of('signal').map(({ victim }) => victim.comm))).toEqual(new Set(['leaking']));
    expect(watched.signals).toHaveLength(4);
    expect(machine.alive().filter((name) => name === 'worker').length).toBeGreaterThanOrEqual(9);
    expect(machine.alive()).toContain('httpd');
  });

  it('a hog beside a forking server dies alone', () => {
    const machine = createMachine({ totalKiB: 2 * GIB, programs: [DB, workers(20)] });
    const watched = watch(machine, defaultPolicy(MARKS));
    watched.run(1000);
    machine.start({ comm: 'hog', rssKiB: MIB, grows: 400 });
    watched.run(10_000);
    expect(watched.of('signal').map(({ victim }) => victim.comm)).toEqual(['hog']);
  });

  it('a build that ends when one of its compilers dies loses that one', () => {
    const { machine, watched } = play({ comm: 'make', rssKiB: 2 * MIB });
    expect(watched.signals).toEqual([]);
    const make = machine.table.pid[machine.table.comm.indexOf('make')] as number;
    for (let at = 0; at < 10; at++) {
      machine.start({ comm: 'cc', rssKiB: 40 * MIB, grows: 30, row: { ppid: make, session: make } });
    }
    watched.run(4000);
    expect(watched.of('signal').every(({ victim, company }) => victim.comm === 'cc' && company === '')).toBe(true);
    expect(machine.alive()).toContain('make');
    expect(machine.alive()).toContain('db');
  });
});
