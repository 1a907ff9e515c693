import { describe, expect, it } from 'vitest';
import { spend } from '../../src/core/act/budget.ts';
import { force } from '../../src/core/force.ts';
import type { ForcedRequest } from '../../src/core/forced.ts';
import type { TickOutput } from '../../src/core/output.ts';
import type { Policy } from '../../src/core/policy.ts';
import { FLAG } from '../../src/core/process-table.ts';
import { notePress } from '../../src/core/register/press.ts';
import { enter } from '../../src/core/register/register.ts';
import { createState, type State } from '../../src/core/state.ts';
import { ABSENT, GIB, MIB } from '../../src/core/units.ts';
import { defaultPolicy } from '../support/policy.ts';
import { aSample } from './support/samples.ts';
import { KNOWN, type Row, tableOf } from './support/tables.ts';
import { aVictim, someFacts } from './support/victims.ts';

const ENFORCE = defaultPolicy('mode: enforce\nselect: { minimum_size: 64MiB }');
const OBSERVE = defaultPolicy('mode: observe');
const REQUEST: ForcedRequest = { by: 'socket', reason: 'stuck', observe: false, sysrq: false };
const NOW_MS = 10_000;

const forced = (
  rows: readonly Partial<Row>[],
  request: Partial<ForcedRequest> = {},
  { policy = ENFORCE as Policy, prepare = (_: State): void => undefined } = {},
) => {
  const state = createState(16);
  const table = tableOf(rows);
  prepare(state);
  const out: TickOutput = { intents: [], events: [], tasks: [] };
  const answer = force(state, { ...REQUEST, ...request }, table, policy, NOW_MS, out);
  return { ...out, answer, state, kinds: out.events.map(({ kind }) => kind) };
};

const size = (mib: number): Partial<Row> => ({ rssKiB: mib * MIB });

describe('a forced selection', () => {
  it('kills the best candidate at once, and tells whom', () => {
    const { answer, intents, kinds, state } = forced([size(100), size(500)]);
    expect(intents).toEqual([
      {
        ...{ kind: 'signal', signal: 'KILL', slot: 1, pid: 1001, dryRun: false },
        ...{ reason: 'forced', company: '', companyOf: 1 },
      },
    ]);
    expect(answer).toMatchObject({
      outcome: 'signalled',
      victim: { pid: 1001 },
      company: [],
      corrections: [],
      detail: '',
    });
    expect(kinds).toEqual(['episode_started']);
    expect(state.verdictMs).toBe(NOW_MS);
  });

  it('takes small ones too: SysRq-f has no minimum either', () => {
    expect(forced([size(1)]).answer).toMatchObject({ outcome: 'signalled', victim: { pid: 1000 } });
  });

  it('takes along who shares the mm', () => {
    const { answer, intents } = forced([
      { ...size(100), mmGroup: 0 },
      { ...size(100), mmGroup: 0 },
    ]);
    expect(intents).toMatchObject([{ company: '' }, { company: 'mm_group' }]);
    expect(answer.company).toHaveLength(1);
  });

  it('stays within an episode that is open', () => {
    const { kinds, state } = forced(
      [size(1)],
      {},
      {
        prepare: ({ episode }) => Object.assign(episode, { active: true, number: 4 }),
      },
    );
    expect([kinds, state.episode.number]).toEqual([[], 4]);
  });

  it('does not ask the budget: whoever asks knows why', () => {
    const prepare = ({ budget }: State): void => {
      for (let kills = 0; kills < 1000; kills++) spend(budget, NOW_MS);
    };
    expect(forced([size(1)], {}, { prepare }).answer.outcome).toBe('signalled');
  });

  it.each<[string, Partial<ForcedRequest>, Policy]>([
    ['when it is only asked who', { observe: true }, ENFORCE],
    ['where the policy observes', {}, OBSERVE],
  ])('signals nobody %s', (_, request, policy) => {
    const { answer, intents } = forced([size(500)], request, { policy });
    expect(answer).toMatchObject({ outcome: 'observed', victim: { pid: 1000 } });
    expect(intents).toMatchObject([{ dryRun: true }]);
  });

  it.each<[string, Partial<Row>[], string]>([
    ['protected', [{ protectRule: 0 }], 'all_protected'],
    ['at -1000', [{ oomScoreAdj: -1000 }], 'no_candidate'],
    ['unidentified', [{ flags: FLAG.ARMED }], 'no_candidate'],
    ['ours, or init', [{ flags: KNOWN | FLAG.SELF }, { flags: KNOWN | FLAG.INIT }], 'no_candidate'],
  ])('takes nobody who is %s', (_, rows, detail) => {
    const { answer, intents, kinds } = forced(rows);
    expect(answer).toMatchObject({ outcome: 'nobody', victim: null, company: [], detail });
    expect([intents, kinds]).toEqual([[], []]);
  });
});

describe('a victim is never taken again (patch 1)', () => {
  const hog = { ...size(5000), comm: 'hog' };

  it.each<[string, Partial<Row>, (state: State) => void]>([
    ['one of ours', hog, ({ victims }) => void victims.push(aVictim({ facts: someFacts({ pid: 1000 }) }))],
    ['one in the register', hog, ({ register }) => void enter(register, 0, 1000, 'hog', 'kernel', GIB, 0)],
    [
      'one that is stuck',
      hog,
      ({ register }) =>
        void Object.assign(enter(register, 0, 1000, 'hog', 'oomwatchd', GIB, 0) ?? {}, { isIgnored: true }),
    ],
    ['one that others kill', { ...hog, flags: KNOWN | FLAG.SIGKILL_PENDING }, () => undefined],
  ])('%s: the next one is, at once', (_, row, prepare) => {
    const { answer } = forced([row, size(1)], {}, { prepare });
    expect(answer).toMatchObject({
      outcome: 'signalled',
      victim: { pid: 1001 },
      corrections: [{ patch: 1, id: 'exclude_victims', pid: 1000, comm: 'hog' }],
    });
  });

  it('nobody is taken where there is no other, and it is said which correction mattered', () => {
    const { answer, intents } = forced([{ ...hog, flags: KNOWN | FLAG.SIGKILL_PENDING }]);
    expect(answer).toMatchObject({ outcome: 'nobody', detail: 'no_candidate', corrections: [{ patch: 1 }] });
    expect(intents).toEqual([]);
  });

  it('is taken for ever where the policy switches that off, as in 4.5', () => {
    const { select } = ENFORCE;
    const policy = { ...ENFORCE, select: { ...select, corrections: { ...select.corrections, excludeVictims: false } } };
    expect(forced([{ ...hog, flags: KNOWN | FLAG.SIGKILL_PENDING }, size(1)], {}, { policy }).answer).toMatchObject({
      victim: { pid: 1000 },
    });
  });

  it('and who is dying without our doing is entered and told', () => {
    const { state, kinds, answer } = forced([{ ...hog, flags: KNOWN | FLAG.EXITING }, size(1)]);
    expect(answer.corrections).toMatchObject([{ patch: 2, pid: 1000 }]);
    expect(state.register.dying).toMatchObject([{ pid: 1000, killedBy: 'itself' }]);
    expect(kinds).toEqual(['victim', 'episode_started']);
  });
});

it('ends with nobody while somebody exits and patch 2 is off', () => {
  const { select } = ENFORCE;
  const policy = {
    ...ENFORCE,
    select: { ...select, corrections: { ...select.corrections, exitingDoesNotAbort: false } },
  };
  const { answer } = forced([{ flags: KNOWN | FLAG.EXITING }, size(500)], {}, { policy });
  expect(answer).toMatchObject({ outcome: 'nobody', detail: 'pid 1000 is exiting (patch 2)' });
});

describe('SysRq-f', () => {
  const sysrq = { sysrq: true };
  /** Of one process of 500 MiB, which the kernel would take. */
  const PRESS = { kind: 'sysrq_f', slot: 0, pid: 1000, comm: expect.any(String), sizeKiB: 500 * MIB, steer: [] };
  const pressedAt = ({ register }: State, nowMs: number): void =>
    notePress(register, { pid: ABSENT, sizeKiB: ABSENT, steered: 0 }, aSample(), nowMs);

  it('is pressed, and it is told whom the kernel takes', () => {
    const { answer, intents, kinds } = forced([size(500)], sysrq);
    expect(answer).toMatchObject({
      outcome: 'pressed',
      victim: { pid: 1000 },
      company: [],
      corrections: [],
      detail: '',
    });
    expect(intents).toEqual([{ ...PRESS, dryRun: false }]);
    expect(kinds).toEqual([]);
  });

  it('is not pressed right after somebody else has killed: the kernel would choose that one again', () => {
    const { answer, intents } = forced([{ ...size(500), flags: KNOWN | FLAG.SIGKILL_PENDING }], sysrq);
    expect([answer.outcome, intents]).toEqual(['not_pressed', []]);
    expect(answer.detail).toContain('process 1000 was killed 0 ms ago');
  });

  const keeper: Partial<Row> = { ...size(900), protectRule: 0 };

  it('is not pressed where the kernel would take who is protected', () => {
    const { answer, intents } = forced([size(500), keeper], sysrq);
    expect([answer.outcome, answer.victim, intents]).toEqual(['not_pressed', null, []]);
    expect(answer.detail).toBe('the kernel would take pid 1001 (app), which must live');
  });

  it('is aimed, where policy directs it', () => {
    const prepare = (state: State): void => {
      state.canSteer = true;
    };
    const policy = defaultPolicy('mode: enforce\nact: { sysrq_f: directed }');
    const { answer, intents } = forced([size(500), keeper], sysrq, { policy, prepare });
    expect(answer).toMatchObject({ outcome: 'pressed', victim: { pid: 1000 } });
    expect(intents).toEqual([{ ...PRESS, steer: expect.any(Array), dryRun: false }]);
    expect(intents[0]).toMatchObject({
      steer: expect.arrayContaining([
        expect.objectContaining({ pid: 1000, from: 0, to: 1000 }),
        expect.objectContaining({ pid: 1001, from: 0, to: -1000 }),
      ]),
    });
  });

  it('is named only, where it is only asked or observed', () => {
    const rows = [size(500)];
    for (const observed of [forced(rows, { ...sysrq, observe: true }), forced(rows, sysrq, { policy: OBSERVE })]) {
      expect(observed.answer.outcome).toBe('observed');
      expect(observed.intents).toEqual([{ ...PRESS, dryRun: true }]);
    }
  });

  it.each<[string, (state: State) => void, string]>([
    ['it was pressed less than four seconds ago', (state) => pressedAt(state, NOW_MS - 3999), '4000 ms'],
    ['a victim is fresh', ({ register }) => void enter(register, 0, 7, 'x', 'other', GIB, NOW_MS - 3999), 'process 7'],
  ])('is not pressed when %s', (_, prepare, detail) => {
    const { answer, intents } = forced([size(500)], sysrq, { prepare });
    expect(answer).toMatchObject({ outcome: 'not_pressed', detail: expect.stringContaining(detail) });
    expect(intents).toEqual([]);
  });

  it('is pressed once they are old', () => {
    const prepare = (state: State): void => {
      pressedAt(state, NOW_MS - 4000);
      enter(state.register, 0, 7, 'x', 'other', GIB, NOW_MS - 4000);
    };
    expect(forced([size(500)], sysrq, { prepare }).answer.outcome).toBe('pressed');
  });

  it('is never pressed under a swapoff that was killed and does not go (patch 3)', () => {
    const prepare = ({ register }: State): void => void enter(register, 0, 1000, 'swapoff', 'kernel', GIB, 0);
    const { answer } = forced([{ flags: KNOWN | FLAG.ORIGIN }, size(500)], sysrq, { prepare });
    expect(answer).toMatchObject({ outcome: 'not_pressed', detail: expect.stringContaining('for ever') });
  });
});
