import { describe, expect, it } from 'vitest';
import type { OomwatchdEvent } from '../../src/core/event.ts';
import { EPERM, ESRCH, type Outcome, type SignalIntent, type Task } from '../../src/core/intent.ts';
import { rank } from '../../src/core/select/rank.ts';
import { settle } from '../../src/core/settle.ts';
import { createState } from '../../src/core/state.ts';
import { ABSENT, GIB, MIB } from '../../src/core/units.ts';
import { DETECTED } from '../../src/core/verdict.ts';
import type { Companion, Victim } from '../../src/core/victim.ts';
import { defaultPolicy } from '../support/policy.ts';
import { aSample } from './support/samples.ts';
import { tableOf } from './support/tables.ts';
import { aVictim, someFacts } from './support/victims.ts';

const ENFORCE = defaultPolicy('mode: enforce');
const OBSERVE = defaultPolicy('mode: observe');
const SENT: Outcome = { sent: true, errno: 0 };
const EINVAL = 22;

const table = tableOf([
  { pid: 70, comm: 'leak', rssKiB: 2 * GIB, rssAnonKiB: GIB, swapKiB: MIB },
  { pid: 71, comm: 'second', rssKiB: GIB },
  { pid: 1, oomScoreAdj: -1000 },
]);

const SCOPE = {
  corrections: ENFORCE.select.corrections,
  onlyPid: ABSENT,
  narrowed: false,
  minimumKiB: 0,
  admitsUnidentified: false,
  isVictim: () => false,
  isRefused: () => false,
};

const settled = (
  outcome: Outcome,
  differences: Partial<SignalIntent> = {},
  known: Victim | null = null,
  policy = ENFORCE,
) => {
  const state = createState(table.capacity);
  rank(state.ranking, table, SCOPE);
  state.episode.number = 4;
  state.verdictMs = 990;
  state.detect.verdict.detectors = DETECTED.MEM_AVAILABLE | DETECTED.FORECAST;
  if (known !== null) state.victims.push(known);
  const intent: SignalIntent = {
    kind: 'signal',
    signal: 'KILL',
    slot: 0,
    pid: 70,
    dryRun: false,
    reason: '',
    company: '',
    companyOf: 0,
    ...differences,
  };
  const events: OomwatchdEvent[] = [];
  const sample = aSample({ memAvailableKiB: 500 * MIB, swapFreeKiB: 3 * MIB });
  const tasks: Task[] = [];
  settle(state, intent, outcome, { table, sample, policy, scanMs: 3, nowMs: 1000 }, events, tasks);
  return {
    state,
    events,
    tasks,
    kinds: events.map((event) => (event.kind === 'no_action' ? event.reason : event.kind)),
  };
};

describe('a signal that was sent', () => {
  const { state, events, kinds } = settled(SENT);

  it('is told with the ranking that led to it', () => {
    expect(kinds).toEqual(['ranked', 'signal']);
    expect(events[0]).toMatchObject({
      episode: 4,
      scanned: 3,
      excluded: expect.toSatisfy((counts) => JSON.stringify(counts) === '{"oom_score_adj_min":1}'),
      scanMs: 3,
      top: [{ pid: 70 }, { pid: 71 }],
    });
  });

  it('is told with its victim, its reason and how long it took', () => {
    expect(events[1]).toMatchObject({
      episode: 4,
      signal: 'KILL',
      reason: 'mem_available+forecast',
      victim: { pid: 70, comm: 'leak', rssKiB: 2 * GIB },
      memory: { memAvailableKiB: 500 * MIB },
      sent: true,
      errno: 0,
      sinceVerdictMs: 10,
    });
  });

  it('makes the process a victim, of which its anonymous and swapped memory is expected', () => {
    expect(state.victims).toEqual([
      {
        slot: 0,
        facts: expect.objectContaining({ pid: 70 }),
        signal: 'KILL',
        signalledMs: 1000,
        firstSignalMs: 1000,
        simulated: false,
        expectedKiB: GIB + MIB,
        baselineKiB: 503 * MIB,
        exitedMs: ABSENT,
        freedMs: ABSENT,
        company: [],
        wholePath: '',
        checkpoint: 0,
        verdict: null,
      },
    ]);
  });

  it('costs one of the budget and counts in the episode', () => {
    expect(state.budget.atMs[0]).toBe(1000);
    expect(state.episode.signals).toBe(1);
  });
});

describe('an escalation', () => {
  const known = aVictim({ facts: someFacts({ pid: 70 }), signal: 'TERM', checkpoint: 3 });
  const { state, events, kinds } = settled(SENT, { reason: 'term_timeout' }, known);

  it('is told with its own reason and without another ranking', () => {
    expect(kinds).toEqual(['signal']);
    expect(events[0]).toMatchObject({ reason: 'term_timeout', signal: 'KILL' });
  });

  it('starts the checkpoints anew, from the memory there was at the first signal', () => {
    expect(state.victims).toHaveLength(1);
    expect(state.victims[0]).toMatchObject({
      signal: 'KILL',
      signalledMs: 1000,
      firstSignalMs: 0,
      checkpoint: 0,
      baselineKiB: GIB,
    });
  });

  it('is the same kill to the budget, and another signal to the episode', () => {
    expect(state.budget.next).toBe(0);
    expect(state.episode.signals).toBe(1);
  });
});

describe('a process that was gone', () => {
  it('is no victim: the next tick looks again', () => {
    const { state, kinds } = settled({ sent: false, errno: ESRCH });
    expect(kinds).toEqual(['ranked', 'signal', 'victim_vanished']);
    expect([state.victims, state.refused, state.episode.signals, state.budget.next]).toEqual([[], [], 0, 0]);
  });

  it('has left as it was asked to, if it was a victim', () => {
    const { state } = settled({ sent: false, errno: ESRCH }, {}, aVictim({ facts: someFacts({ pid: 70 }) }));
    expect(state.victims[0]).toMatchObject({ exitedMs: 1000, verdict: null });
  });

  it('keeps the time at which it was first seen to be gone', () => {
    const { state } = settled(
      { sent: false, errno: ESRCH },
      {},
      aVictim({ facts: someFacts({ pid: 70 }), exitedMs: 800 }),
    );
    expect(state.victims[0]?.exitedMs).toBe(800);
  });
});

describe('a process that the kernel would not let us signal', () => {
  it.each([
    ['EPERM', EPERM, 'pid 70: EPERM'],
    ['another errno', EINVAL, 'pid 70: errno 22'],
  ])('is refused for this episode: %s', (_, errno, detail) => {
    const { state, events, kinds } = settled({ sent: false, errno });
    expect(kinds).toEqual(['ranked', 'signal', 'no_privilege']);
    expect(events[2]).toMatchObject({ detail });
    expect(state.refused).toEqual([{ slot: 0, pid: 70 }]);
    expect([state.victims, state.episode.signals, state.budget.next]).toEqual([[], 0, 0]);
  });

  it('is refused when it was to go along with another, too', () => {
    const { state, kinds } = settled({ sent: false, errno: EPERM }, { company: 'mm_group' });
    expect(kinds).toEqual(['signal']);
    expect(state.refused).toEqual([{ slot: 0, pid: 70 }]);
  });

  it('is given up when it was a victim already', () => {
    const { state } = settled({ sent: false, errno: EPERM }, {}, aVictim({ facts: someFacts({ pid: 70 }) }));
    expect(state.victims[0]?.verdict).toBe('stuck');
  });
});

describe('observe mode', () => {
  const DRY: Outcome = { sent: false, errno: 0 };

  it('is a reason of its own, and its victim is only named', () => {
    const { state, events, kinds } = settled(DRY, { dryRun: true, signal: 'TERM' }, null, OBSERVE);
    expect(kinds).toEqual(['ranked', 'signal', 'observe_mode']);
    expect(events[1]).toMatchObject({ sent: false, errno: 0 });
    expect(state.victims[0]).toMatchObject({ simulated: true, signal: 'TERM' });
    expect(state.episode.signals).toBe(0);
  });

  it('named again is the same victim', () => {
    const known = aVictim({ facts: someFacts({ pid: 70 }), simulated: true });
    const { state, kinds } = settled(DRY, { dryRun: true, signal: 'TERM' }, known, OBSERVE);
    expect(kinds).toEqual(['signal', 'observe_mode']);
    expect(state.victims).toEqual([expect.objectContaining({ simulated: true, signal: 'TERM', signalledMs: 1000 })]);
  });

  it('that begins after a true SIGTERM waits for nothing any more', () => {
    const known = aVictim({ facts: someFacts({ pid: 70 }), signal: 'TERM' });
    const { state } = settled(DRY, { dryRun: true, reason: 'term_timeout' }, known, OBSERVE);
    expect(state.victims[0]?.simulated).toBe(true);
  });

  it('tells a missing permission as it is', () => {
    expect(settled({ sent: false, errno: EPERM }, { dryRun: true }, null, OBSERVE).kinds).toContain('no_privilege');
  });
});

it('does not take the next process in a slot for the victim that left it', () => {
  const { state } = settled(SENT, {}, aVictim({ facts: someFacts({ pid: 69 }), verdict: 'recovered' }));
  expect(state.victims.map(({ facts }) => facts.pid)).toEqual([69, 70]);
});

it('tells the five best candidates at the most', () => {
  const many = tableOf(Array.from({ length: 9 }, (_, index) => ({ pid: 70 + index, rssKiB: (9 - index) * GIB })));
  const state = createState(many.capacity);
  rank(state.ranking, many, SCOPE);
  const events: OomwatchdEvent[] = [];
  const intent: SignalIntent = {
    kind: 'signal',
    signal: 'TERM',
    slot: 0,
    pid: 70,
    dryRun: false,
    reason: '',
    company: '',
    companyOf: 0,
  };
  settle(state, intent, SENT, { table: many, sample: aSample(), policy: ENFORCE, scanMs: 1, nowMs: 0 }, events, []);
  expect(events[0]).toMatchObject({ top: [{ pid: 70 }, { pid: 71 }, { pid: 72 }, { pid: 73 }, { pid: 74 }] });
});

it('expects nothing of memory that was not read', () => {
  const unread = tableOf([{ pid: 70, rssKiB: ABSENT, rssAnonKiB: ABSENT, swapKiB: ABSENT, oomScore: 900 }]);
  const state = createState(1);
  const intent: SignalIntent = {
    kind: 'signal',
    signal: 'TERM',
    slot: 0,
    pid: 70,
    dryRun: false,
    reason: '',
    company: '',
    companyOf: 0,
  };
  settle(state, intent, SENT, { table: unread, sample: aSample(), policy: ENFORCE, scanMs: 1, nowMs: 0 }, [], []);
  expect(state.victims[0]?.expectedKiB).toBe(0);
});

describe('who goes along', () => {
  const pod = tableOf([
    { pid: 70, rssKiB: 2 * GIB, rssAnonKiB: GIB, mmGroup: 0, oomGroup: '/pod' },
    { pid: 71, rssKiB: 2 * GIB, rssAnonKiB: GIB, mmGroup: 0, oomGroup: '/pod' },
    { pid: 72, rssKiB: GIB, rssAnonKiB: GIB / 2, swapKiB: MIB, oomGroup: '/pod' },
    { pid: 73, rssKiB: ABSENT, rssAnonKiB: ABSENT, swapKiB: ABSENT, oomScore: 700, oomGroup: '/pod' },
  ]);
  const company: Companion[] = [
    { slot: 1, pid: 71, company: 'mm_group' },
    { slot: 2, pid: 72, company: 'oom_group' },
    { slot: 3, pid: 73, company: 'oom_group' },
  ];

  const shot = (outcomes: readonly Outcome[], differences: Partial<SignalIntent> = {}, policy = ENFORCE) => {
    const state = createState(pod.capacity);
    state.company = company;
    const events: OomwatchdEvent[] = [];
    const tasks: Task[] = [];
    const around = { table: pod, sample: aSample(), policy, scanMs: 1, nowMs: 1000 };
    const intents = [{ slot: 0, pid: 70, company: '' as const }, ...company].map(
      (one): SignalIntent => ({
        ...{ kind: 'signal', signal: 'KILL', dryRun: false, reason: '', companyOf: 0 },
        ...one,
        ...differences,
      }),
    );
    intents.forEach((intent, at) => {
      settle(state, intent, outcomes[at] ?? SENT, around, events, tasks);
    });
    return { state, events, tasks };
  };

  it('is told with why and with whom, after one ranking', () => {
    const { events } = shot([]);
    expect(events.map(({ kind }) => kind)).toEqual(['ranked', 'signal', 'signal', 'signal', 'signal']);
    expect(events.slice(1)).toMatchObject([
      { victim: { pid: 70 }, company: '', companyOf: 70 },
      { victim: { pid: 71 }, company: 'mm_group', companyOf: 70 },
      { victim: { pid: 72 }, company: 'oom_group', companyOf: 70 },
      { victim: { pid: 73 }, company: 'oom_group', companyOf: 70 },
    ]);
  });

  it('is one victim, one kill to the budget, and as many signals as were sent', () => {
    const { state } = shot([]);
    expect(state.victims).toHaveLength(1);
    expect([state.budget.next, state.episode.signals]).toEqual([1, 4]);
  });

  it('counts what they share once, and the memory of the others of the cgroup as well', () => {
    expect(shot([]).state.victims[0]?.expectedKiB).toBe(GIB + GIB / 2 + MIB);
  });

  it('is in the register each, and its memory is taken back', () => {
    const { state, tasks } = shot([]);
    expect(state.register.dying.map(({ pid, killedBy, reap }) => [pid, killedBy, reap])).toEqual(
      [70, 71, 72, 73].map((pid) => [pid, 'oomwatchd', 'running']),
    );
    expect(tasks.map((task) => [task.kind, task.kind === 'reap' && task.dying.pid])).toEqual(
      [70, 71, 72, 73].map((pid) => ['reap', pid]),
    );
  });

  it('may have left: the victim is a victim all the same', () => {
    const { state, events } = shot([SENT, { sent: false, errno: ESRCH }]);
    expect(state.register.dying.map(({ pid }) => pid)).toEqual([70, 72, 73]);
    expect(state.victims).toHaveLength(1);
    expect(events.filter(({ kind }) => kind === 'no_action')).toEqual([]);
  });

  it('is not in the register after SIGTERM, nor in observe mode', () => {
    const dry: Outcome = { sent: false, errno: 0 };
    expect(shot([], { signal: 'TERM' }).state.register.dying).toEqual([]);
    expect(shot([dry, dry, dry, dry], { dryRun: true }, OBSERVE).state.register.dying).toEqual([]);
  });

  it('is not reaped where the policy forbids it', () => {
    const { state, tasks } = shot([], {}, { ...ENFORCE, act: { ...ENFORCE.act, reap: false } });
    expect(tasks).toEqual([]);
    expect(state.register.dying.map(({ reap }) => reap)).toEqual([null, null, null, null]);
  });

  it('is not entered twice when it is dying already', () => {
    const state = createState(pod.capacity);
    const intent: SignalIntent = {
      ...{ kind: 'signal', signal: 'KILL', slot: 0, pid: 70, dryRun: false, reason: '', company: '', companyOf: 0 },
    };
    const tasks: Task[] = [];
    const around = { table: pod, sample: aSample(), policy: ENFORCE, scanMs: 1, nowMs: 1000 };
    settle(state, intent, SENT, around, [], tasks);
    settle(state, intent, SENT, around, [], tasks);
    expect([state.register.dying.length, tasks.length]).toEqual([1, 1]);
  });
});
