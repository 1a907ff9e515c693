import { describe, expect, test } from 'vitest';
import type { OomwatchdEvent } from '../../../src/core/event.ts';
import { createTally, TALLIED } from '../../../src/report/schedule/tally.ts';
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
  { ...rescue, outcome: 'nobody' },
  { kind: 'policy_rejected', errors: [] },
  { kind: 'dropped', count: 17 },
  verify,
];

const at = (event: OomwatchdEvent, timeMs: number) => ({ ...stamped(event), timeMs });

describe('the tally', () => {
  test('counts what there is to tell of, each kind under its name', () => {
    const tally = createTally(SEVEN - 48 * HOUR_MS);
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

  test('says since when it counts where that is less than a day', () => {
    const tally = createTally(SEVEN - 5 * HOUR_MS);
    expect(tally.figures(SEVEN).hours).toBe(5);
    expect(createTally(SEVEN).figures(SEVEN - HOUR_MS).hours).toBe(0);
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
