import { describe, expect, it } from 'vitest';
import type { OomwatchdEvent } from '../../src/core/event.ts';
import { emptyObservations } from '../../src/core/observations.ts';
import type { TickOutput } from '../../src/core/output.ts';
import type { Policy } from '../../src/core/policy.ts';
import { FLAG, type ProcessTable } from '../../src/core/process-table.ts';
import type { Sample } from '../../src/core/sample.ts';
import { createState, type State } from '../../src/core/state.ts';
import { tick } from '../../src/core/tick.ts';
import { ABSENT, GIB, MIB } from '../../src/core/units.ts';
import { defaultPolicy } from '../support/policy.ts';
import { aSample } from './support/samples.ts';
import { KNOWN, type Row, tableOf } from './support/tables.ts';
import { aVictim, someFacts } from './support/victims.ts';

const MARKS = 'mode: enforce\ndetect: { term: { mem_available: 2GiB }, kill: { mem_available: 1GiB } }';
const POLICY = defaultPolicy(MARKS);
const LOW = { memAvailableKiB: 1.5 * GIB };

const ticked = (
  sample: Partial<Sample>,
  table: ProcessTable | null = null,
  { state = createState(8), policy = POLICY, nowMs = 1000 }: { state?: State; policy?: Policy; nowMs?: number } = {},
) => {
  const out: TickOutput = { intents: [], events: [], tasks: [] };
  const told = { kernel: [], kernelSlots: [], sights: [], reaped: [], examined: [], observed: emptyObservations() };
  tick(state, { ...told, sample: aSample(sample), table, exited: [] }, policy, nowMs, out);
  const kinds = out.events.map((event: OomwatchdEvent) => (event.kind === 'no_action' ? event.reason : event.kind));
  return { ...out, state, kinds };
};

describe('a tick', () => {
  it('has nothing to say and nothing to do on a calm host', () => {
    const { intents, events, state } = ticked({});
    expect([intents, events, state.dueMs]).toEqual([[], [], ABSENT]);
  });

  it('asks for a scan before it chooses', () => {
    const { intents, kinds } = ticked(LOW);
    expect(intents).toEqual([{ kind: 'scan' }]);
    expect(kinds).toEqual(['level', 'episode_started']);
  });

  it('chooses from the table, with the signal that the level demands', () => {
    const table = tableOf([{ pid: 7 }, { pid: 8, rssKiB: 2 * GIB }]);
    const intent = { kind: 'signal', slot: 1, pid: 8, dryRun: false, reason: '', company: '', companyOf: 1 };
    expect(ticked(LOW, table).intents).toEqual([{ ...intent, signal: 'TERM' }]);
    expect(ticked({ memAvailableKiB: GIB }, table).intents).toEqual([{ ...intent, signal: 'KILL' }]);
  });

  it('marks what it wants done in observe mode as a dry run', () => {
    const policy = defaultPolicy(MARKS.replace('enforce', 'observe'));
    expect(ticked(LOW, tableOf([{}]), { policy }).intents).toMatchObject([{ kind: 'signal', dryRun: true }]);
  });

  it('tells that it was late, with the major faults that it may have been for', () => {
    expect(ticked({ tickLateMs: 499 }).kinds).toEqual([]);
    expect(ticked({ tickLateMs: 500, ownMajorFaults: 12 }).events).toContainEqual({
      kind: 'late',
      lateMs: 500,
      majorFaults: 12,
    });
  });

  it('tells its lateness once, when it is run again with a table', () => {
    expect(ticked({ ...LOW, tickLateMs: 600 }, tableOf([])).kinds).not.toContain('late');
  });

  it('tells each change of the level once, with what it was judged by', () => {
    const { state, events } = ticked(LOW);
    expect(events[0]).toEqual({
      kind: 'level',
      from: 'calm',
      to: 'term',
      detectors: ['mem_available'],
      memory: {
        memTotalKiB: 24 * GIB,
        memAvailableKiB: 1.5 * GIB,
        memFreeKiB: 14 * GIB,
        swapTotalKiB: 0,
        swapFreeKiB: 0,
      },
      exhaustionMs: ABSENT,
      memoryFullPermyriad: ABSENT,
    });
    expect(ticked(LOW, null, { state, nowMs: 1010 }).kinds).not.toContain('level');
  });
});

describe('with nobody to choose', () => {
  const protectedRow: Partial<Row> = { protectRule: 0 };

  it.each<[string, Partial<Row>[], string]>([
    ['no process at all', [], 'no_candidate'],
    ['only kernel threads and init', [{ flags: KNOWN | FLAG.KTHREAD }, { flags: KNOWN | FLAG.INIT }], 'no_candidate'],
    ['all protected', [protectedRow, { flags: KNOWN | FLAG.INIT }], 'all_protected'],
    ['all too small', [{ rssKiB: MIB }], 'below_minimum_size'],
    [
      'a protected hog beside small processes',
      [{ protectRule: 0, rssKiB: 20 * GIB }, { rssKiB: MIB }],
      'all_protected',
    ],
    [
      'a protected shell beside small processes',
      [{ protectRule: 0, rssKiB: MIB }, { rssKiB: MIB }],
      'below_minimum_size',
    ],
  ])('says why: %s', (_, rows, reason) => {
    const { intents, kinds } = ticked(LOW, tableOf(rows));
    expect([intents, kinds.at(-1)]).toEqual([[], reason]);
  });

  it('does not say so before somebody could look who the unidentified are', () => {
    const strangers = tableOf([{ flags: FLAG.ARMED }]);
    const { state, kinds } = ticked(LOW, strangers);
    expect(kinds).not.toContain('no_candidate');
    expect(ticked(LOW, strangers, { state }).kinds).toEqual(['no_candidate']);
  });

  it('says it again after ten seconds, not in every tick', () => {
    const { state } = ticked(LOW, tableOf([protectedRow]), { nowMs: 0 });
    const told: number[] = [];
    for (let nowMs = 10; nowMs <= 25_000; nowMs += 10) {
      if (ticked(LOW, tableOf([protectedRow]), { state, nowMs }).kinds.includes('all_protected')) told.push(nowMs);
    }
    expect(told).toEqual([10_000, 20_000]);
  });

  it('says a new reason at once', () => {
    const { state } = ticked(LOW, tableOf([protectedRow]), { nowMs: 0 });
    expect(ticked(LOW, tableOf([]), { state, nowMs: 10 }).kinds).toEqual(['no_candidate']);
  });

  it('scans again after the hold-off and not before', () => {
    const { state } = ticked(LOW, tableOf([protectedRow]), { nowMs: 0 });
    expect(ticked(LOW, null, { state, nowMs: 99 }).intents).toEqual([]);
    expect(ticked(LOW, null, { state, nowMs: 100 }).intents).toEqual([{ kind: 'scan' }]);
  });

  it('says that the budget is spent', () => {
    const state = createState(8);
    state.budget.atMs.fill(1000);
    const { intents, events } = ticked(LOW, null, { state });
    expect(intents).toEqual([]);
    expect(events.at(-1)).toMatchObject({ reason: 'budget_exhausted', detail: '10 a minute, 60 an hour' });
  });
});

describe('who has been signalled or refused', () => {
  const table = tableOf([{ pid: 7, rssKiB: 4 * GIB }, { pid: 8 }]);

  const chosen = (state: State): unknown => ticked(LOW, table, { state, nowMs: 9000 }).intents[0];

  it.each(['stuck', 'not_returned'] as const)('and is %s is not chosen again while it is there', (verdict) => {
    const state = createState(8);
    state.victims.push(aVictim({ slot: 0, facts: someFacts({ pid: 7 }), verdict }));
    expect(chosen(state)).toMatchObject({ pid: 8 });
  });

  it('and refused is not chosen again in this episode', () => {
    const state = createState(8);
    state.refused.push({ slot: 0, pid: 7 });
    expect(chosen(state)).toMatchObject({ pid: 8 });
  });

  it('in that slot before does not stand for the process in it now', () => {
    const state = createState(8);
    state.victims.push(aVictim({ slot: 0, facts: someFacts({ pid: 6 }), verdict: 'stuck' }));
    state.refused.push({ slot: 0, pid: 6 });
    expect(chosen(state)).toMatchObject({ pid: 7 });
  });

  it('is forgotten when the episode ends', () => {
    const state = createState(8);
    ticked(LOW, table, { state, nowMs: 0 });
    state.refused.push({ slot: 0, pid: 7 });
    ticked({}, null, { state, nowMs: 1000 });
    expect(state.refused).toHaveLength(1);
    ticked({}, null, { state, nowMs: 4000 });
    expect([state.refused, state.victims]).toEqual([[], []]);
  });
});

describe('when it wants the next tick', () => {
  it('is the hold-off while there is a shortage and nobody to wait for', () => {
    expect(ticked(LOW, tableOf([])).state.dueMs).toBe(100);
  });

  it('is when SIGTERM runs out, or a checkpoint before', () => {
    const state = createState(8);
    state.victims.push(aVictim({ signal: 'TERM', signalledMs: 0, checkpoint: 3 }));
    expect(ticked(LOW, null, { state, nowMs: 4000 }).state.dueMs).toBe(1000);
    state.victims[0] = aVictim({ signal: 'TERM', signalledMs: 4000 });
    expect(ticked(LOW, null, { state, nowMs: 4010 }).state.dueMs).toBe(40);
  });

  it('is the earliest of several victims', () => {
    const state = createState(8);
    state.victims.push(aVictim({ signalledMs: 3000, checkpoint: 3 }), aVictim({ slot: 1, signalledMs: 3990 }));
    expect(ticked(LOW, null, { state, nowMs: 4000 }).state.dueMs).toBe(40);
  });

  it('is of no concern to a victim of observe mode', () => {
    const state = createState(8);
    state.victims.push(aVictim({ simulated: true }));
    expect(ticked({ ...LOW }, null, { state, nowMs: 4000, policy: { ...POLICY, mode: 'observe' } }).state.dueMs).toBe(
      100,
    );
  });
});

it('counts swap to what came back in an episode', () => {
  const policy = defaultPolicy(MARKS.replace('detect: {', 'detect: { combine: or,'));
  const state = createState(8);
  const swap = { swapTotalKiB: 8 * GIB, swapFreeKiB: 2 * GIB };
  ticked({ ...LOW, ...swap }, null, { state, policy, nowMs: 0 });
  state.victims.push(aVictim({ exitedMs: 10, baselineKiB: 3.5 * GIB, expectedKiB: GIB }));
  ticked({ memAvailableKiB: 2.5 * GIB, ...swap, swapFreeKiB: 3 * GIB }, null, { state, policy, nowMs: 500 });
  expect(state.episode.returnedKiB).toBe(2 * GIB);
});

it('adds up what came back in an episode, and nothing negative', () => {
  const state = createState(8);
  ticked(LOW, null, { state, nowMs: 0 });
  const baselineKiB = 1.5 * GIB;
  state.victims.push(aVictim({ verdict: null, exitedMs: 10, baselineKiB, expectedKiB: GIB }));
  state.victims.push(aVictim({ slot: 1, exitedMs: 10, baselineKiB: 5 * GIB }));
  ticked({ memAvailableKiB: 2.5 * GIB }, null, { state, nowMs: 500 });
  expect(state.episode.returnedKiB).toBe(GIB);
});
