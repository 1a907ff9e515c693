/** Scenarios above the choice of a victim: the kernel's own hand, evidence, the last resort. */
import { describe, expect, it } from 'vitest';
import type { SysrqIntent } from '../../src/core/intent.ts';
import { RUNGS } from '../../src/core/ladder-event.ts';
import type { Policy } from '../../src/core/policy.ts';
import { highestRung } from '../../src/core/rung.ts';
import { ABSENT, GIB, MIB } from '../../src/core/units.ts';
import { enforcing, host } from './support/hosts.ts';
import type { Machine, Program } from './support/machine.ts';
import { type Watch, watch } from './support/watch.ts';

const hog = (differences: Partial<Program> = {}): Program => ({ comm: 'hog', rssKiB: 5.4 * GIB, ...differences });
/** The services of the host are no victims. */
const SMALL = 'minimum_size: 256MiB';
const STALL = { fullShare: 0.5, scanned: 0, restores: 0, usablePages: 50_000 };

const played = (
  programs: readonly Program[],
  yaml = `select: { ${SMALL} }`,
  prepare: (machine: Machine) => void = () => undefined,
  ms = 9000,
) => {
  const machine = host(programs);
  const presses: (SysrqIntent & { atMs: number })[] = [];
  const watched = watch(machine, enforcing(yaml), undefined, (intent) =>
    presses.push({ ...intent, atMs: machine.nowMs() }),
  );
  prepare(machine);
  watched.run(ms);
  return { machine, watched, presses };
};
const rungOf = ({ state }: Watch) => RUNGS[highestRung(state)];
const told = (watched: Watch) => watched.of('sysrq').map(({ outcome, comm }) => `${outcome} ${comm}`.trim());

describe('the kernel is asked', () => {
  it('when it refuses us whom it may kill itself, two seconds later, and that ends the shortage', () => {
    const { machine, watched, presses } = played([hog({ refused: true })]);
    expect(presses).toMatchObject([{ dryRun: false, comm: 'hog', steer: [] }]);
    expect(presses[0]?.atMs).toBeGreaterThanOrEqual(2000);
    expect(told(watched)).toEqual(['pressed hog', 'executed hog']);
    expect(machine.alive()).not.toContain('hog');
    expect(watched.state.budget.next).toBe(1);
    expect(watched.story().at(-1)).toMatch(/^episode 1 ends/);
  });

  it('when two victims in a row do not go, before a third one is taken', () => {
    const stuck = { kill: 'stuck' as const, rssKiB: 1.8 * GIB };
    const programs = ['a', 'b', 'c'].map((comm) => hog({ ...stuck, comm }));
    const { presses, watched, machine } = played(programs, undefined, undefined, 12_000);
    const stuckOnes = watched.of('verify').filter(({ verdict }) => verdict === 'stuck');
    expect(stuckOnes.map(({ comm }) => comm)).toHaveLength(2);
    expect(presses).toHaveLength(1);
    const signalled = watched.signals.filter(({ atMs }) => atMs < (presses[0]?.atMs ?? 0));
    expect(new Set(signalled.map(({ pid }) => pid)).size).toBe(2);
    expect(rungOf(watched)).toBe('sysrq_f');
    expect(machine.table.comm).toContain('c');
  });

  it('again after four seconds and no sooner, when nothing comes of it', () => {
    const { presses, watched } = played(
      [hog({ refused: true })],
      undefined,
      (machine) => machine.keys('are lost'),
      20_000,
    );
    expect(presses.length).toBeGreaterThanOrEqual(3);
    presses.slice(1).forEach(({ atMs }, at) => {
      expect(atMs - (presses[at]?.atMs ?? 0)).toBeGreaterThanOrEqual(4000);
    });
    expect(told(watched).slice(0, 4)).toEqual([
      'pressed hog',
      'accepted_but_not_executed',
      'pressed hog',
      'accepted_but_not_executed',
    ]);
  });

  it('and a key that cannot be pressed is told with its errno', () => {
    const { watched } = played([hog({ refused: true })], undefined, (machine) => machine.keys({ errno: 2 }));
    expect(watched.of('sysrq')[0]).toMatchObject({ outcome: 'failed', errno: 2 });
    expect(watched.state.register.press.atMs).toBe(ABSENT);
  });
});

describe('the kernel is not asked', () => {
  it.each<[string, Program[], string, string]>([
    [
      'where it would take whom policy protects',
      [hog()],
      `select: { ${SMALL}, protect: [{ unit: hog.service }] }`,
      'sysrq_would_hit_protected',
    ],
    ['where all are too small to be worth it', [], 'select: { minimum_size: 1GiB }', 'sysrq_would_fail'],
  ])('%s, which is told once a minute', (_, programs, yaml, reason) => {
    const small = Array.from({ length: 27 }, (_each, at) => ({ comm: `tiny-${at}`, rssKiB: 200 * MIB }));
    const { watched, presses } = played(programs.length > 0 ? programs : small, yaml, undefined, 59_000);
    expect(presses).toEqual([]);
    expect(watched.of('no_action').filter((event) => event.reason === reason)).toHaveLength(1);
  });

  it('when it is switched off', () => {
    expect(played([hog({ refused: true })], `act: { sysrq_f: off }\nselect: { ${SMALL} }`).presses).toEqual([]);
  });

  it('beyond the budget', () => {
    const { presses } = played(
      [hog({ refused: true })],
      `act: { kills_per_minute: 1 }\nselect: { ${SMALL} }`,
      (machine) => machine.keys('are lost'),
      20_000,
    );
    expect(presses).toHaveLength(1);
  });

  it('when somebody can be signalled again: he is chosen', () => {
    const { presses, machine } = played(
      [hog({ refused: true })],
      undefined,
      (each) => void each.start({ comm: 'late', rssKiB: 300 * MIB }),
    );
    expect(presses.length).toBeLessThanOrEqual(1);
    expect(machine.alive()).not.toContain('late');
  });

  it('in observe mode: it is named, once a minute', () => {
    const machine = host([hog({ refused: true })]);
    const policy: Policy = { ...enforcing(`select: { ${SMALL} }`), mode: 'observe' };
    const presses: SysrqIntent[] = [];
    const watched = watch(machine, policy, undefined, (intent) => presses.push(intent));
    watched.run(30_000);
    expect(presses).toMatchObject([{ dryRun: true, comm: 'hog' }]);
    expect(told(watched)).toEqual(['observed hog']);
    expect(machine.alive()).toContain('hog');
  });
});

describe('a standstill', () => {
  const PROTECT = `select: { ${SMALL}, protect: [{ unit: hog.service }] }`;
  const stalled = (yaml: string, ms: number, mode: Policy['mode'] = 'enforce') => {
    const machine = host([hog()]);
    machine.strain(STALL);
    const watched = watch(machine, { ...enforcing(`${PROTECT}\n${yaml}`), mode });
    watched.run(ms);
    return watched;
  };
  const story = (watched: Watch) => watched.story().filter((line) => /evidence|reboot|crash/.test(line));

  it('has evidence taken after half a minute, once, and no last resort by default', () => {
    const watched = stalled('', 200_000);
    expect(story(watched)).toEqual(['evidence wm']);
    expect(watched.of('evidence')[0]?.stalledMs).toBeGreaterThanOrEqual(30_000);
    expect(rungOf(watched)).toBe('evidence');
  });

  it('ends in the last resort where that is asked for, after the evidence, once', () => {
    const watched = stalled('act: { last_resort: reboot, last_resort_after: 60s }', 200_000);
    expect(story(watched)).toEqual(['evidence wm', 'reboot']);
    expect(watched.of('last_resort')[0]).toMatchObject({ action: 'reboot', sent: true });
    expect(rungOf(watched)).toBe('last_resort');
  });

  it('only names both in observe mode', () => {
    const watched = stalled('act: { last_resort: crash, last_resort_after: 60s }', 100_000, 'observe');
    expect(story(watched)).toEqual(['evidence wm', 'would crash']);
    expect(watched.of('evidence')[0]?.sent).toBe(false);
  });

  it('is none while tasks do not stall, however short memory is', () => {
    const machine = host([hog()]);
    const watched = watch(machine, enforcing(`${PROTECT}\nact: { last_resort: reboot, last_resort_after: 10s }`));
    watched.run(60_000);
    expect(watched.state.level).toBe(3);
    expect(story(watched)).toEqual([]);
  });

  it('is forgotten with the shortage', () => {
    const machine = host([hog()]);
    machine.strain(STALL);
    const watched = watch(machine, enforcing(PROTECT));
    watched.run(40_000);
    machine.strain(null);
    machine.endAll();
    watched.run(10_000);
    expect(rungOf(watched)).toBe('none');
    expect(watched.state.climb.evidenceMs).toBe(ABSENT);
  });
});
