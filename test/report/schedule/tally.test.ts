import { describe, expect, test } from 'vitest';
import type { OomwatchdEvent } from '../../../src/core/event.ts';
import { createTally, TALLIED, type Tally } from '../../../src/report/schedule/tally.ts';
import { kernelKill, memory, signal, stamped, verify, victim } from '../events.ts';
import { livelock } from '../livelock-event.ts';
import { rescue } from '../rescue-event.ts';

const HOUR_MS = 3_600_000;
const SEVEN = Date.UTC(2026, 10, 22, 7, 0, 0, 5);

const noAction = { kind: 'no_action', episode: 1, reason: 'futile', detail: '', memory } as const;

const EVENTS: readonly OomwatchdEvent[] = [
  signal,
  { ...signal, company: 'mm_group' },
  rescue,
  { ...signal, signal: 'TERM' },
  { ...signal, sent: false },
  { ...signal, sent: false, errno: 1 },
  kernelKill,
  { kind: 'episode_started', episode: 1, firstSignMs: 0, detectors: [] },
  livelock,
  { ...livelock, stage: 'ends' },
  victim,
  { ...victim, life: 'gone' },
  noAction,
  { ...noAction, reason: 'observe_mode' },
  { ...noAction, reason: 'victim_vanished' },
  { ...noAction, reason: 'recovered_while_selecting' },
  { ...rescue, outcome: 'nobody' },
  { kind: 'policy_rejected', errors: [] },
  { kind: 'dropped', count: 17 },
  verify,
];

/** One that has listened each hour, as the reporter's timer makes it. */
const heardSince = (startMs: number): Tally => {
  const tally = createTally(startMs);
  for (let timeMs = startMs; timeMs <= SEVEN; timeMs += HOUR_MS) tally.heard(timeMs);
  return tally;
};

const at = (event: OomwatchdEvent, timeMs: number) => ({ ...stamped(event), timeMs });

describe('the tally', () => {
  test('counts what there is to tell of, each kind under its name', () => {
    const tally = heardSince(SEVEN - 48 * HOUR_MS);
    for (const event of EVENTS) tally.event(at(event, SEVEN - HOUR_MS), SEVEN);
    expect(tally.figures(SEVEN)).toEqual({
      hours: 24,
      figures: {
        ...{ kills: 3, terms: 1, would_signal: 1, kernel_kills: 1, shortages: 1, livelocks: 1, stuck_victims: 1 },
        ...{ no_action: 1, reload_failures: 1, events_dropped: 17 },
      },
    });
  });

  test('of the last 24 hours, not of the day before, however long it runs', () => {
    const tally = createTally(0);
    for (let hour = 99; hour >= 0; hour--) {
      const timeMs = SEVEN - 1000 - hour * HOUR_MS;
      tally.event(at(signal, timeMs), timeMs);
    }
    expect(tally.figures(SEVEN).figures.kills).toBe(24);
    expect(tally.figures(SEVEN + 30 * HOUR_MS).figures.kills).toBe(0);
  });

  test('says of how many hours it speaks where that is less than a day', () => {
    expect(heardSince(SEVEN - 5 * HOUR_MS).figures(SEVEN).hours).toBe(5);
    expect(createTally(SEVEN).figures(SEVEN - HOUR_MS).hours).toBe(0);
    // A host without a clock of its own begins in 1970; one that was suspended has heard nothing.
    expect(createTally(0).figures(SEVEN).hours).toBe(0);
    const twice = heardSince(SEVEN - 3 * HOUR_MS);
    twice.heard(SEVEN - HOUR_MS);
    expect(twice.figures(SEVEN).hours).toBe(3);
  });

  describe('of an earlier reporter', () => {
    const before = heardSince(SEVEN - 10 * HOUR_MS);
    before.event(at(signal, SEVEN - 30 * HOUR_MS), SEVEN);
    before.event(at(signal, SEVEN - 4 * HOUR_MS), SEVEN);
    before.event(at(signal, SEVEN), SEVEN);

    test('is added to what came before it could be read', () => {
      const tally = createTally(SEVEN + 1000);
      tally.event(at(signal, SEVEN + 2000), SEVEN + 2000);
      tally.restore(before.state(SEVEN, true), SEVEN + 3000);
      expect(tally.figures(SEVEN + 3000)).toMatchObject({ hours: 10, figures: { kills: 3 } });
    });

    test.each([
      ['that was killed: control went on, and what it told lay in the pipe', 1, false, 11],
      ['that was stopped: nobody knows what came until the start', 1, true, 10],
      ['that was killed long ago: who says that control went on?', 3, false, 10],
    ])('%s', (_, hours, hasEnded, heard) => {
      const nowMs = SEVEN + hours * HOUR_MS;
      const tally = createTally(nowMs);
      tally.restore({ ...before.state(SEVEN, hasEnded) }, nowMs);
      expect(tally.figures(nowMs)).toMatchObject({ hours: heard, figures: { kills: 2 } });
    });

    test('leaves the hours of today alone where it is read late, or is as good as a day old', () => {
      const nowMs = SEVEN + 25 * HOUR_MS;
      const tally = createTally(SEVEN + 1000);
      tally.event(at(signal, nowMs), nowMs);
      tally.restore(before.state(SEVEN, false), nowMs);
      expect(tally.figures(nowMs)).toMatchObject({ hours: 0, figures: { kills: 1 } });
    });
  });

  test('a step of the clock wipes no hour: what is stamped with long ago is left out, with the future counts now', () => {
    const tally = createTally(0);
    tally.event(at(signal, SEVEN), SEVEN);
    for (const hours of [25, 50, 1000]) tally.event(at(signal, SEVEN - hours * HOUR_MS), SEVEN);
    expect(tally.figures(SEVEN).figures.kills).toBe(1);
    for (const hours of [1, 25, 1000]) tally.event(at(signal, SEVEN + hours * HOUR_MS), SEVEN);
    expect(tally.figures(SEVEN).figures.kills).toBe(4);
    const back = SEVEN - 25 * HOUR_MS;
    tally.event(at(signal, back), back);
    expect(tally.figures(back).figures.kills).toBe(1);
  });

  test('a time or amount that is none counts nothing', () => {
    const tally = createTally(0);
    for (const timeMs of [Number.NaN, -1, 1e300]) tally.event(at(signal, timeMs), timeMs);
    tally.event(at({ kind: 'dropped', count: Number.NaN }, SEVEN), SEVEN);
    const { figures } = tally.figures(SEVEN);
    expect(TALLIED.map((name) => figures[name])).toEqual(TALLIED.map(() => 0));
  });
});
