/** Which cgroup the remedy for memory.high is for: by the verdict on the host, by what was told of cgroups, or none. */
import { describe, expect, it } from 'vitest';
import type { CgroupCondition } from '../../src/core/cgroup-event.ts';
import type { Livelock } from '../../src/core/livelock.ts';
import { emptyObservations } from '../../src/core/observations.ts';
import type { TickOutput } from '../../src/core/output.ts';
import { relieve } from '../../src/core/relieve.ts';
import { createState, type State } from '../../src/core/state.ts';
import type { TickInputs } from '../../src/core/tick.ts';
import { ABSENT, GIB } from '../../src/core/units.ts';
import { defaultPolicy } from '../support/policy.ts';
import { aRow, aVictim, came, FREEZER } from './remedies/support.ts';
import { aSample } from './support/samples.ts';

const yaml = (cgroups = ''): string =>
  `mode: enforce\nremedies: { lift_memory_high: true, thaw_cgroup: true, memory_high_after: 2s, after: 2s }\n${cgroups}`;

const VERDICT = { class: 'other', cause: 'memory_high', confidence: 'high', subject: '/slow' } as const;
const told = (path: string, condition: CgroupCondition = 'memory_high', toldMs = 0) => ({
  ...{ path, condition, sinceMs: 0, askedMs: ABSENT, toldMs, serial: 1 },
});

interface World {
  readonly livelock?: Partial<Livelock>;
  readonly troubles?: State['cgroupWatch']['troubles'];
  readonly cgroups?: string;
}

/** A turn at 0 and one when the verdict has held: the objects of what is asked for. */
const asked = ({ livelock = {}, troubles = [], cgroups = '' }: World): string[] => {
  const state = createState(1);
  Object.assign(state.livelock, livelock);
  state.cgroupWatch.troubles.push(...troubles);
  state.cgroups = [aRow(), aRow({ path: '/other' })];
  return [...turn(state, 0, cgroups), ...turn(state, 2000, cgroups)];
};

const turn = (state: State, nowMs: number, cgroups = '', remedied = emptyObservations().remedied): string[] => {
  const out: TickOutput = { intents: [], events: [], tasks: [] };
  const sample = aSample({ memTotalKiB: 8 * GIB, memAvailableKiB: 6 * GIB });
  const observed = { ...emptyObservations(), remedied };
  const none = { kernel: [], kernelSlots: [], sights: [], reaped: [], examined: [] };
  const inputs: TickInputs = { sample, observed, table: null, exited: [], ...none };
  relieve(state, inputs, defaultPolicy(yaml(cgroups)), nowMs, out);
  return out.tasks.map((task) => (task.kind === 'remedy' ? `${task.remedy.kind} ${task.remedy.object}` : task.kind));
};

describe('memory.high is raised', () => {
  it.each<[string, World]>([
    ['by the verdict on the host', { livelock: VERDICT }],
    ['by the verdict with medium confidence', { livelock: { ...VERDICT, confidence: 'medium' } }],
    ['by what was told of the cgroup', { troubles: [told('/slow')] }],
    ['by the first that was told of', { troubles: [told('/other', 'at_limit'), told('/slow'), told('/other')] }],
    ['by the verdict before what was told', { livelock: VERDICT, troubles: [told('/other')] }],
    ['where a rule only tells', { livelock: VERDICT, cgroups: 'cgroups: [{ cgroup: /slow, oom_loop: true }]' }],
    [
      'where a rule kills in another one',
      { livelock: VERDICT, cgroups: 'cgroups: [{ cgroup: /other, oom_loop: true, action: kill }]' },
    ],
  ])('%s', (_, world) => {
    expect(asked(world)).toEqual(['lift_memory_high /slow']);
  });
});

describe('memory.high is left alone', () => {
  it.each<[string, World]>([
    ['with nothing wrong', {}],
    ['by a verdict that is a guess', { livelock: { ...VERDICT, confidence: 'low' } }],
    ['by a verdict of another cause', { livelock: { ...VERDICT, cause: 'memcg_unkillable' } }],
    ['when the verdict is over', { livelock: { ...VERDICT, class: 'none' } }],
    ['while nobody has been told', { troubles: [told('/slow', 'memory_high', ABSENT)] }],
    ['for another condition', { troubles: [told('/slow', 'oom_loop'), told('/slow', 'at_limit')] }],
    [
      'where the operator has chosen that somebody is killed',
      { livelock: VERDICT, cgroups: 'cgroups: [{ cgroup: /slow, oom_loop: true, action: term }]' },
    ],
  ])('%s', (_, world) => {
    expect(asked(world)).toEqual([]);
  });
});

it('hands the dying and what remedies came to on', () => {
  const state = createState(1);
  state.register.dying.push(aVictim(1, [FREEZER]));
  expect(turn(state, 2000)).toEqual(['thaw_freezer_v1 /docker/a']);
  expect(turn(state, 2100)).toEqual([]);
  expect(turn(state, 2200, '', [came(1)])).toEqual([]);
  expect(state.remedies).toMatchObject({ lifted: [] });
});
