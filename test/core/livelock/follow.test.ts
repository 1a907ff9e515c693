import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { newDying } from '../../../src/core/dying.ts';
import type { OomwatchdEvent } from '../../../src/core/event.ts';
import type { KernelEvent } from '../../../src/core/kernel-event.ts';
import { followLivelock } from '../../../src/core/livelock/follow.ts';
import type { Sample } from '../../../src/core/sample.ts';
import { createState, type State } from '../../../src/core/state.ts';
import { unknownSwapUse } from '../../../src/core/swap-use.ts';
import { ABSENT, GIB } from '../../../src/core/units.ts';
import { DETECTED, LEVEL } from '../../../src/core/verdict.ts';
import { aCgroup } from '../support/livelocks.ts';
import { aSample, CALM_ZONES } from '../support/samples.ts';

const TICK_MS = 100;

/** Growth a second of the counters, and how the host looks meanwhile. */
interface Second {
  readonly full?: number;
  readonly stolen?: number;
  readonly refaulted?: number;
  readonly isNear?: boolean;
}

let state: State;
let nowMs: number;
let events: OomwatchdEvent[];
let counters: Partial<Record<keyof Sample, number>>;

beforeEach(() => {
  state = createState(8);
  nowMs = 1_000_000;
  events = [];
  counters = { memoryFullUs: 0, memorySomeUs: 0, pgscanKswapd: 0, pgstealKswapd: 0, refaultFile: 0, oomKill: 0 };
});

const add = (counter: keyof Sample, perS: number): void => {
  counters[counter] = (counters[counter] ?? 0) + (perS * TICK_MS) / 1000;
};

const pass = (seconds: number, { full = 0, stolen = 0, refaulted = 0, isNear = false }: Second = {}): void => {
  for (let ms = 0; ms < seconds * 1000; ms += TICK_MS) {
    nowMs += TICK_MS;
    add('memoryFullUs', full * 1e6);
    add('pgscanKswapd', stolen * 2);
    add('pgstealKswapd', stolen);
    add('refaultFile', refaulted);
    Object.assign(state.detect.signs, { fullPermyriad: full * 10_000, nearWatermark: isNear });
    turn();
  }
};

const turn = (kernel: readonly KernelEvent[] = []): void => {
  const sample = aSample({ ...CALM_ZONES, ...counters });
  followLivelock(state.livelockWatch, state, sample, kernel, unknownSwapUse(), nowMs, events);
};

const told = (): string[] =>
  events.map((event) => (event.kind === 'livelock' ? `${event.stage} ${event.class} ${event.cause}` : event.kind));

const THRASH: Second = { full: 0.7, stolen: 7500, refaulted: 7400, isNear: true };

describe('a livelock over time', () => {
  it('of a calm host is none, and nothing is judged', () => {
    pass(60);
    expect(state.livelock).toMatchObject({ class: 'none', sinceMs: ABSENT });
    expect(state.livelockWatch).toMatchObject({ judgedMs: ABSENT, troubledMs: ABSENT });
    expect(state.livelockWatch.window.filled).toBe(0);
    expect(told()).toEqual([]);
  });

  it('is not looked for in cgroups at ease, which are read as they are near their limits, or as a rule names them', () => {
    state.cgroups = [
      aCgroup({ currentKiB: 30, maxKiB: 30, somePermyriad: 200, fullPermyriad: 200 }),
      aCgroup({ somePermyriad: ABSENT, fullPermyriad: ABSENT }),
    ];
    pass(60);
    expect(state.livelockWatch).toMatchObject({ judgedMs: ABSENT, troubledMs: ABSENT });
    counters.shmemKiB = 2 * GIB;
    pass(1);
    expect(state.livelockWatch.baseline.calm.shmemKiB, 'calm counts from now').toBe(2 * GIB);
  });

  it('is told within 10 s of the onset', () => {
    pass(60);
    const onsetMs = nowMs;
    pass(10, THRASH);
    expect(told()).toEqual(['begins overload file_thrash']);
    expect(state.livelock.sinceMs - onsetMs).toBeLessThanOrEqual(5000);
    expect(state.livelock.sinceMs - onsetMs).toBeGreaterThanOrEqual(2000);
  });

  it('is none while what comes back does so within cgroups at their limits, and one as soon as it does not', () => {
    pass(60);
    const { ownLimits } = state.detect;
    Object.assign(ownLimits, { isNear: true, sinceMs: 0, readMs: nowMs + 20_000, all: 100, within: 90 });
    pass(20, THRASH);
    expect(told()).toEqual([]);
    ownLimits.within = 10;
    pass(3, THRASH);
    expect(told()).toEqual(['begins overload file_thrash']);
  });

  it('is told in the tick in which detect has found thrash', () => {
    pass(60);
    pass(1.5, THRASH);
    expect(told()).toEqual([]);
    state.detect.verdict.level = LEVEL.KILL;
    state.detect.verdict.detectors = DETECTED.THRASH;
    pass(0.1, THRASH);
    expect(events).toEqual([
      expect.objectContaining({ kind: 'livelock', stage: 'begins', class: 'overload', cause: 'file_thrash', forMs: 0 }),
    ]);
    expect(events[0]).toMatchObject({ confidence: 'high', killHelps: true });
  });

  it('is no burst of 2 s', () => {
    pass(60);
    pass(2, THRASH);
    pass(60);
    expect(told()).toEqual([]);
  });

  it('ends when the host has moved for 2 s, and says for how long it was', () => {
    pass(10, THRASH);
    const { sinceMs } = state.livelock;
    pass(20);
    expect(told()).toEqual(['begins overload file_thrash', 'ends overload file_thrash']);
    expect(events[1]).toMatchObject({ forMs: expect.any(Number) });
    expect((events[1] as { forMs: number }).forMs).toBeLessThan(nowMs - sinceMs);
    expect(state.livelock).toMatchObject({ class: 'none', sinceMs: ABSENT, evidence: [] });
  });

  it('goes on through a gap of a second', () => {
    pass(10, THRASH);
    state.detect.verdict.level = LEVEL.APPROACH;
    pass(1, { isNear: false });
    pass(10, THRASH);
    expect(told()).toEqual(['begins overload file_thrash']);
  });

  it('becomes another, told no sooner than 3 s after the first', () => {
    pass(10, THRASH);
    events.length = 0;
    const dying = newDying(1, 4711, 'java', 'oomwatchd', GIB, nowMs - 6000);
    state.register.dying.push(dying);
    const changedMs = nowMs;
    pass(1, THRASH);
    expect(told()).toEqual(['changes after_kill unknown']);
    // It is judged four times a second.
    expect(state.livelock.sinceMs - changedMs).toBeLessThanOrEqual(300);
    dying.reason = 'fuse';
    pass(2, THRASH);
    expect(state.livelock.cause).toBe('victim_on_storage');
    expect(told()).toHaveLength(1);
    pass(1.5, THRASH);
    expect(told()).toEqual(['changes after_kill unknown', 'changes after_kill victim_on_storage']);
  });

  it('ends as what it was told to be, though it became another that was not told', () => {
    pass(3.5, THRASH);
    pass(1.2, THRASH);
    expect(told()).toEqual(['begins overload file_thrash']);
    state.register.dying.push(newDying(1, 4711, 'java', 'oomwatchd', GIB, nowMs - 6000));
    pass(0.5, THRASH);
    state.register.dying.length = 0;
    pass(10);
    expect(told()).toEqual(['begins overload file_thrash', 'ends overload file_thrash']);
  });

  it('is not told again while it is the same', () => {
    pass(120, THRASH);
    expect(told()).toHaveLength(1);
  });

  it('of a cgroup is told after 2 s as well', () => {
    state.cgroups = [aCgroup({ currentKiB: 30, highKiB: 20, highPerS: 5, fullPermyriad: 9000 })];
    pass(1.9);
    expect(told()).toEqual([]);
    pass(0.3);
    expect(told()).toEqual(['begins other memory_high']);
  });

  it('is known at once where futility has done the sum', () => {
    pass(60);
    state.detect.verdict.level = LEVEL.KILL;
    state.noAction = 'futile';
    counters.shmemKiB = 20 * GIB;
    pass(0.1);
    expect(told()).toEqual(['begins other shmem']);
  });

  it('hears the kernel also in calm times', () => {
    turn([{ kind: 'note', note: 'no_killable', text: 'no killable processes', timeUs: 0, source: 'kmsg' }]);
    state.detect.verdict.level = LEVEL.TERM;
    state.noAction = 'over_budget' as never;
    pass(2.5);
    expect(told()).toEqual(['begins other unkillable']);
  });

  it('counts whom we have killed, not whom we would have', () => {
    const facts = { comm: 'kid' };
    for (const simulated of [true, true, true]) state.victims.push({ simulated, facts } as never);
    state.detect.verdict.level = LEVEL.TERM;
    pass(5);
    expect(told()).toEqual([]);
    for (const victim of state.victims) victim.simulated = false;
    pass(5);
    expect(told()).toEqual(['begins other fork_storm']);
  });

  it.each<[string, Partial<ReturnType<typeof newDying>>, number, boolean]>([
    ['a second', { life: 'taken' }, 1000, false],
    ['5 s', { life: 'taken' }, 5000, true],
    ['a second with a reason', { reason: 'nfs' }, 1000, true],
    ['a second with a reap that hangs', { reap: 'hung' }, 1000, true],
    ['a second, of unknown reason', { reason: 'unknown' }, 1000, false],
    ['a moment, given up on', { life: 'stuck' }, 0, true],
    ['5 s, its memory back', { life: 'reaped' }, 5000, false],
    ['5 s, gone', { life: 'gone' }, 5000, false],
  ])('is one of a victim after %s', (_, differences, ageMs, expected) => {
    state.register.dying.push({ ...newDying(1, 9, 'x', 'kernel', GIB, nowMs - ageMs), ...differences });
    state.detect.verdict.level = LEVEL.KILL;
    turn();
    expect(told().length > 0).toBe(expected);
  });

  it('is none of a process that leaves by itself', () => {
    state.register.dying.push(newDying(1, 9, 'x', 'itself', GIB, nowMs - 9000));
    state.detect.verdict.level = LEVEL.KILL;
    turn();
    expect(told()).toEqual([]);
  });
});

describe('whatever a host does that is at ease', () => {
  it('no verdict is made', () => {
    const seconds = fc.array(
      fc.record({ full: fc.double({ min: 0, max: 0.19, noNaN: true }), stolen: fc.nat(20_000), isNear: fc.boolean() }),
      { minLength: 1, maxLength: 20 },
    );
    fc.assert(
      fc.property(seconds, fc.double({ min: 0, max: 0.4, noNaN: true }), (all, cameBack) => {
        state = createState(8);
        events = [];
        for (const each of all) pass(1, { ...each, refaulted: each.stolen * cameBack });
        expect(told()).toEqual([]);
      }),
      { numRuns: 50 },
    );
  });
});

describe('whatever a host does', () => {
  it('what is told begins, changes and ends in turn, no more than once in 3 s until it ends', () => {
    const seconds = fc.array(
      fc.record({
        full: fc.constantFrom(0, 0.5),
        stolen: fc.constantFrom(0, 7500),
        refaulted: fc.constantFrom(0, 7400),
        isNear: fc.boolean(),
        level: fc.constantFrom(LEVEL.CALM, LEVEL.TERM),
      }),
      { minLength: 20, maxLength: 60 },
    );
    fc.assert(
      fc.property(seconds, (all) => {
        state = createState(8);
        events = [];
        let isOpen = false;
        for (const { level, ...each } of all) {
          state.detect.verdict.level = level;
          pass(1, each);
          for (const event of events.splice(0)) {
            if (event.kind !== 'livelock') continue;
            expect(event.stage === 'begins').toBe(!isOpen);
            expect(event.evidence.length).toBeGreaterThan(0);
            isOpen = event.stage !== 'ends';
          }
          expect(state.livelock.class !== 'none').toBe(isOpen);
        }
      }),
      { numRuns: 30 },
    );
  });
});
