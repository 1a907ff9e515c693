import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { OomwatchdEvent } from '../../../src/core/event.ts';
import { ABSENT, GIB } from '../../../src/core/units.ts';
import { LEVEL } from '../../../src/core/verdict.ts';
import { CHECKPOINTS_MS, dueMs, follow, returnedKiB } from '../../../src/core/verify/return.ts';
import type { Victim } from '../../../src/core/victim.ts';
import { aSample } from '../support/samples.ts';
import { aVictim as someVictim } from '../support/victims.ts';

/** A round number of KiB, so that a fifth of it is one as well. */
const EXPECTED_KIB = GIB - (GIB % 5);
const LIMITS = { victimTimeoutMs: 5000, holdOffMs: 100 };

/** When the victims here were signalled. */
const SIGNALLED_MS = 70_000;
const aVictim = (differences: Partial<Victim> = {}): Victim =>
  someVictim({ signalledMs: SIGNALLED_MS, expectedKiB: EXPECTED_KIB, ...differences });

interface Look {
  /** Milliseconds after the signal. */
  nowMs: number;
  /** GiB that came back; the victim is expected to return one. */
  back?: number;
  exited?: boolean;
  reaped?: boolean;
  level?: number;
}

/** Follows a victim through looks and tells each event in a line. */
const told = (victim: Victim, looks: readonly Look[], limits = LIMITS): string[] => {
  const events: OomwatchdEvent[] = [];
  for (const { nowMs, back = 0, exited = false, reaped = false, level = LEVEL.KILL } of looks) {
    const sample = aSample({ memAvailableKiB: victim.baselineKiB + Math.round(back * EXPECTED_KIB) });
    follow(victim, exited, reaped, sample, level, limits, 3, SIGNALLED_MS + nowMs, events);
  }
  return events.map((event) => {
    if (event.kind !== 'verify') return event.kind;
    const back = (event.returnedKiB / EXPECTED_KIB).toFixed(2);
    return `${event.afterMs} ms: ${back} GiB back, ${event.exited ? 'exited' : 'alive'}, ${event.verdict ?? 'open'}`;
  });
};

describe('checkpoints', () => {
  it('are told once each while the outcome is open', () => {
    const every10Ms = Array.from({ length: 499 }, (_, index) => ({ nowMs: index * 10 }));
    expect(told(aVictim(), every10Ms)).toEqual([
      '50 ms: 0.00 GiB back, alive, open',
      '250 ms: 0.00 GiB back, alive, open',
      '1000 ms: 0.00 GiB back, alive, open',
    ]);
  });

  it('are told in one event when a late tick passes several', () => {
    expect(told(aVictim(), [{ nowMs: 1200, back: 0.1 }, { nowMs: 1300 }])).toEqual([
      '1200 ms: 0.10 GiB back, alive, open',
    ]);
  });

  it('go on to 5 s for a process that was asked to leave', () => {
    const looks = [50, 250, 1000, 5000, 9000, 60_000].map((nowMs) => ({ nowMs }));
    expect(told(aVictim({ signal: 'TERM' }), looks)).toHaveLength(CHECKPOINTS_MS.length);
  });

  it('carry the facts of the victim and its episode', () => {
    const events: OomwatchdEvent[] = [];
    follow(
      aVictim(),
      false,
      false,
      aSample({ memAvailableKiB: GIB - 4 }),
      LEVEL.KILL,
      LIMITS,
      3,
      SIGNALLED_MS + 50,
      events,
    );
    expect(events).toEqual([
      {
        kind: 'verify',
        episode: 3,
        pid: 1000,
        comm: 'leak',
        afterMs: 50,
        expectedKiB: EXPECTED_KIB,
        returnedKiB: -4,
        exited: false,
        verdict: null,
      },
    ]);
  });
});

describe('the verdict', () => {
  it.each<[string, Look[], string]>([
    [
      'recovered: it is gone and the shortage is over',
      [
        { nowMs: 20, back: 1, exited: true },
        { nowMs: 120, back: 1, exited: true, level: LEVEL.APPROACH },
      ],
      '120 ms: 1.00 GiB back, exited, recovered',
    ],
    [
      'recovered even with little back, when the level is left',
      [
        { nowMs: 20, exited: true },
        { nowMs: 120, exited: true, level: LEVEL.CALM },
      ],
      '120 ms: 0.00 GiB back, exited, recovered',
    ],
    [
      'partial: memory came, and the shortage stays',
      [
        { nowMs: 20, exited: true },
        { nowMs: 120, back: 0.21, exited: true },
      ],
      '120 ms: 0.21 GiB back, exited, partial',
    ],
    [
      'partial at the term level as well',
      [
        { nowMs: 20, exited: true },
        { nowMs: 120, back: 0.5, exited: true, level: LEVEL.TERM },
      ],
      '120 ms: 0.50 GiB back, exited, partial',
    ],
    [
      'partial from a fifth on',
      [
        { nowMs: 20, exited: true },
        { nowMs: 120, back: 0.2, exited: true },
      ],
      '120 ms: 0.20 GiB back, exited, partial',
    ],
    [
      'not returned: less than a fifth came within 250 ms of the exit',
      [
        { nowMs: 20, exited: true },
        { nowMs: 260, back: 0.19, exited: true },
        { nowMs: 270, back: 0.19, exited: true },
      ],
      '270 ms: 0.19 GiB back, exited, not_returned',
    ],
    ['stuck: killed and not gone in time', [{ nowMs: 4999 }, { nowMs: 5000 }], '5000 ms: 0.00 GiB back, alive, stuck'],
    [
      'stuck although memory came back otherwise',
      [{ nowMs: 5000, back: 1, level: LEVEL.CALM }],
      '5000 ms: 1.00 GiB back, alive, stuck',
    ],
  ])('%s', (_, looks, last) => {
    expect(told(aVictim(), looks).at(-1)).toBe(last);
  });

  it('is not given before the hold-off is over: memory takes its time to show', () => {
    const victim = aVictim();
    told(victim, [
      { nowMs: 10, exited: true },
      { nowMs: 109, back: 1, exited: true, level: LEVEL.CALM },
    ]);
    expect(victim.verdict).toBeNull();
  });

  it('waits for a long hold-off to end before it says that nothing came', () => {
    const limits = { victimTimeoutMs: 5000, holdOffMs: 400 };
    const victim = aVictim();
    told(
      victim,
      [
        { nowMs: 10, exited: true },
        { nowMs: 409, exited: true },
      ],
      limits,
    );
    expect(victim.verdict).toBeNull();
    told(victim, [{ nowMs: 410, exited: true }], limits);
    expect(victim.verdict).toBe('not_returned');
  });

  it('gives a process that was asked to leave all its time: that clock is not kept here', () => {
    const victim = aVictim({ signal: 'TERM' });
    told(victim, [{ nowMs: 100_000 }]);
    expect(victim.verdict).toBeNull();
  });

  it('is given once: nothing is told after it', () => {
    const victim = aVictim();
    told(victim, [
      { nowMs: 10, exited: true },
      { nowMs: 110, exited: true, level: LEVEL.CALM },
    ]);
    expect(told(victim, [{ nowMs: 250 }, { nowMs: 5000 }])).toEqual([]);
  });

  it('remembers when the exit was seen first', () => {
    const victim = aVictim();
    told(victim, [
      { nowMs: 30, exited: true },
      { nowMs: 60, exited: true },
    ]);
    expect(victim.exitedMs).toBe(SIGNALLED_MS + 30);
  });
});

describe('nothing is judged', () => {
  it('of a victim in observe mode, to which nothing was sent', () => {
    expect(told(aVictim({ simulated: true }), [{ nowMs: 9000 }])).toEqual([]);
  });

  it('by a sample without MemAvailable', () => {
    const victim = aVictim();
    const events: OomwatchdEvent[] = [];
    follow(
      victim,
      true,
      false,
      aSample({ memAvailableKiB: ABSENT }),
      LEVEL.KILL,
      LIMITS,
      1,
      SIGNALLED_MS + 9000,
      events,
    );
    expect([victim.verdict, events]).toEqual([null, []]);
  });
});

it('counts memory and swap that came back since the signal', () => {
  const sample = aSample({ memAvailableKiB: 3 * GIB, swapFreeKiB: GIB });
  expect(returnedKiB(aVictim({ baselineKiB: GIB }), sample)).toBe(3 * GIB);
  expect(returnedKiB(aVictim({ baselineKiB: GIB }), aSample({ memAvailableKiB: 3 * GIB, swapFreeKiB: ABSENT }))).toBe(
    2 * GIB,
  );
});

describe('when to look again', () => {
  it.each<[string, Partial<Victim>, number, number]>([
    ['the first checkpoint', {}, 10, 40],
    ['the next one', { checkpoint: 1 }, 60, 190],
    ['the end of its time', { checkpoint: 4 }, 4999, 1],
    ['a checkpoint within the hold-off after the exit', { exitedMs: 10, checkpoint: 0 }, 20, 30],
    ['never, for a SIGTERM of which all checkpoints were told', { signal: 'TERM', checkpoint: 4 }, 6000, ABSENT],
    ['its time, when that is over before the next checkpoint', { checkpoint: 3 }, 1500, 500],
    ['never negative', {}, 80, 0],
    ['the end of the hold-off after the exit', { exitedMs: 30, checkpoint: 1 }, 60, 70],
    ['never, once judged', { verdict: 'stuck' }, 60, ABSENT],
    ['never, in observe mode', { simulated: true }, 60, ABSENT],
  ])('%s', (name, differences, nowMs, expected) => {
    const timeout = name.includes('over before') ? 2000 : 5000;
    expect(dueMs(someVictim(differences), timeout, 100, nowMs)).toBe(expected);
  });

  it('is never after something is to be told', () => {
    // Times of ticks are given; they see the exit at the first one after it.
    const exit = fc.option(fc.integer({ min: 0, max: 8000 }), { nil: Number.POSITIVE_INFINITY });
    const signal = fc.constantFrom('TERM' as const, 'KILL' as const);
    fc.assert(
      fc.property(
        exit,
        signal,
        fc.integer({ min: 1000, max: 9000 }),
        fc.integer({ min: 100, max: 900 }),
        (exitMs, kind, timeout, holdOff) => {
          const victim = someVictim({ signal: kind });
          const sample = aSample({ memAvailableKiB: victim.baselineKiB });
          const limits = { victimTimeoutMs: timeout, holdOffMs: holdOff };
          let promisedMs = 0;
          for (let nowMs = 0; nowMs < 10_000 && victim.verdict === null; nowMs += 10) {
            const events: OomwatchdEvent[] = [];
            const seesExit = nowMs >= exitMs && victim.exitedMs === ABSENT;
            follow(victim, nowMs >= exitMs, false, sample, LEVEL.KILL, limits, 1, nowMs, events);
            // An exit cannot be foreseen; what is told about it can.
            if (events.length > 0 && !seesExit) expect(nowMs).toBeGreaterThanOrEqual(promisedMs);
            const due = dueMs(victim, timeout, holdOff, nowMs);
            if (due !== ABSENT) promisedMs = nowMs + due;
          }
        },
      ),
    );
  });
});
