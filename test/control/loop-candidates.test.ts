/** When the loop says who would be chosen: never where it could cost a rescue time. */
import { describe, expect, it } from 'vitest';
import type { CandidatesEvent } from '../../src/core/candidates-event.ts';
import { GIB, MIB } from '../../src/core/units.ts';
import { LEVEL } from '../../src/core/verdict.ts';
import { createMachine, type Program } from '../core/support/machine.ts';
import { defaultPolicy } from '../support/policy.ts';
import { createRig, type Rig } from './support/ports.ts';

const MARKS = 'detect: { term: { mem_available: 800MiB }, kill: { mem_available: 400MiB } }';
const ENFORCE = defaultPolicy(`mode: enforce\n${MARKS}`);

/** Memory that nobody can be killed for, so that `leftMib` are left, and who else runs. */
const host = (leftMib: number, ...programs: Program[]) =>
  createMachine({
    totalKiB: 8 * GIB,
    programs: [{ comm: 'hog', rssKiB: 8 * GIB - leftMib * MIB, row: { oomScoreAdj: -1000 } }, ...programs],
  });

const told = (rig: Rig): CandidatesEvent[] => rig.events.filter((event) => event.kind === 'candidates');

describe('the candidates are told', () => {
  it('with each round of a calm host, that is every 30 s, with their growth since', () => {
    const machine = host(6000, { comm: 'leak', rssKiB: 100 * MIB, grows: 1 });
    const refreshed = (): boolean => {
      machine.scan();
      return true;
    };
    const rig = createRig(machine, ENFORCE, { refreshed });
    rig.run(100_000);
    expect(told(rig).map(({ top }) => top.map(({ comm }) => comm))).toEqual([['leak'], ['leak'], ['leak'], ['leak']]);
    const [first, ...growth] = told(rig).map(({ top }) => top[0]?.growthKiB ?? -1);
    expect(first).toBe(0);
    for (const kib of growth) {
      expect(kib).toBeGreaterThanOrEqual(30_000);
      expect(kib).toBeLessThan(33_000);
    }
  });

  it('every two seconds near the marks, also while rounds follow one another', () => {
    const rig = createRig(host(6000, { comm: 'leak', rssKiB: 100 * MIB, grows: MIB / 2 }), ENFORCE);
    while (rig.state.level === LEVEL.CALM) rig.run(10);
    rig.events.length = rig.log.length = 0;
    rig.run(4000);
    expect(rig.state.level).toBe(LEVEL.APPROACH);
    expect(rig.log.filter((line) => line === 'refresh 3').length).toBeGreaterThan(10);
    expect(told(rig).length).toBeGreaterThanOrEqual(2);
    expect(told(rig).length).toBeLessThanOrEqual(3);
  });

  it('not by a round that has not ended', () => {
    const rig = createRig(host(6000), ENFORCE, { refreshed: () => false });
    rig.run(40_000);
    expect(told(rig)).toEqual([]);
  });
});

describe('the candidates are not told', () => {
  it('at the term level and above, whatever is refreshed there', () => {
    // Nobody may be chosen: the index is refreshed all the while.
    const rig = createRig(host(600), ENFORCE);
    rig.run(10_000);
    expect(rig.state.level).toBe(LEVEL.TERM);
    expect(rig.log.filter((line) => line.startsWith('refresh')).length).toBeGreaterThan(3);
    expect(told(rig)).toEqual([]);
  });

  it('between a verdict and its shot', () => {
    const rig = createRig(host(1500, { comm: 'leak', rssKiB: 100 * MIB, grows: MIB }), ENFORCE);
    rig.run(10_000);
    const shot = rig.log.indexOf('TERM leak');
    const verdict = rig.log.lastIndexOf('basics', rig.log.lastIndexOf('scan', shot));
    expect(verdict).toBeGreaterThan(0);
    expect(rig.log.slice(verdict, shot)).not.toContain('publish candidates');
    expect(told(rig).length).toBeGreaterThan(0);
  });
});
