import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { OomwatchdEvent } from '../../../src/core/event.ts';
import type { KernelEvent } from '../../../src/core/kernel-event.ts';
import { ABSENT } from '../../../src/core/units.ts';
import { following, killed, marked } from '../support/registers.ts';

type Unseen = Extract<OomwatchdEvent, { kind: 'kernel_kills_unseen' }>;
const unseenOf = (events: readonly OomwatchdEvent[]): Unseen[] =>
  events.flatMap((event) => (event.kind === 'kernel_kills_unseen' ? [event] : []));

/** "3: 1" is a counter of 1 read at 3 s; records come before the reading of the same second. */
const told = (counters: Readonly<Record<number, number>>, records: Readonly<Record<number, KernelEvent[]>> = {}) => {
  const { at, told: events } = following();
  for (let second = 0; second <= 30; second++) {
    at(second * 1000, { kernel: records[second] ?? [] }, { oomKill: counters[second] ?? ABSENT });
  }
  return unseenOf(events);
};

describe('the counter of kills', () => {
  it.each<[string, Record<number, number>, Record<number, KernelEvent[]>]>([
    ['that does not move says nothing', { 0: 5, 9: 5, 20: 5 }, {}],
    ['agrees with the records', { 0: 5, 9: 7, 20: 7 }, { 4: [killed(7)], 9: [killed(8)] }],
    ['agrees with marks alone', { 0: 5, 9: 7, 20: 7 }, { 4: [marked(7)], 9: [marked(8)] }],
    ['is moved once by a kill that both sources tell of', { 0: 5, 9: 6, 13: 6 }, { 4: [marked(7), killed(7)] }],
    ['is moved twice by the first of a group', { 0: 5, 9: 7, 13: 7 }, { 4: [killed(7), killed(7), marked(7)] }],
    ['may be ahead of its record', { 0: 5, 4: 6, 5: 6, 6: 6, 9: 6, 20: 6 }, { 6: [killed(7)] }],
    ['may be behind its record', { 0: 5, 4: 5, 6: 6, 10: 6, 20: 6 }, { 4: [killed(7)] }],
    ['is not read in most ticks', { 0: 5, 20: 6, 30: 6 }, { 1: [killed(7)] }],
    ['has kills from before its first reading', { 0: 5, 1: 5, 5: 5, 9: 5, 20: 5 }, { 0: [killed(7)] }],
    [
      'knows nothing of one that was marked while it left',
      { 0: 5, 9: 5, 13: 5, 20: 6, 25: 6 },
      { 8: [marked(7)], 19: [killed(8)] },
    ],
  ])('%s: nothing to tell', (_, counters, records) => {
    expect(told(counters, records)).toEqual([]);
  });

  it('that moves without a record is told three seconds later, once', () => {
    expect(told({ 0: 5, 4: 6, 6: 6 })).toEqual([]);
    expect(told({ 0: 5, 4: 6, 6: 6, 7: 6, 20: 6, 30: 6 })).toEqual([
      { kind: 'kernel_kills_unseen', counted: 1, seen: 0 },
    ]);
  });

  it('tells how many, where some were told of', () => {
    expect(told({ 0: 5, 4: 8, 9: 8, 15: 8 }, { 4: [killed(7)] })).toEqual([
      { kind: 'kernel_kills_unseen', counted: 3, seen: 1 },
    ]);
  });

  it('tells of each that comes later', () => {
    expect(told({ 0: 0, 4: 1, 8: 1, 12: 2, 16: 2 })).toHaveLength(2);
  });

  it('is missing before 4.13: nothing to compare', () => {
    expect(told({}, { 3: [killed(7)] })).toEqual([]);
  });

  it('may have kills of which either source tells only some', () => {
    expect(told({ 0: 0, 4: 2, 9: 2, 14: 2 }, { 3: [killed(7), marked(8)] })).toEqual([]);
  });
});

it('a kill without a record is told, and none with one, however counter and records come in', () => {
  const source = fc.constantFrom('kmsg', 'trace', 'both', 'both', 'none');
  /** Delays of the counter (vm.stat_interval) and of the records, ms; what was not read yet comes with the next tick. */
  const kill = fc.record({
    afterMs: fc.nat({ max: 800 }),
    source,
    counterMs: fc.nat({ max: 1000 }),
    kmsgMs: fc.nat({ max: 900 }),
    traceMs: fc.nat({ max: 900 }),
  });
  fc.assert(
    fc.property(
      fc.array(kill, { maxLength: 30 }),
      fc.array(fc.integer({ min: 10, max: 400 }), { minLength: 10, maxLength: 30 }),
      fc.array(fc.boolean(), { minLength: 5, maxLength: 12 }),
      (list, sleeps, readings) => {
        let killMs = 100;
        const kills = list.map(({ afterMs, ...rest }, at) => {
          killMs += afterMs;
          return { ...rest, pid: 100 + at, atMs: killMs };
        });
        const { at, told: events } = following();
        let lastMs = -1;
        for (let nowMs = 0, turn = 0; nowMs < killMs + 12_000; turn++) {
          const isNew = (ms: number): boolean => ms > lastMs && ms <= nowMs;
          const kernel = kills.flatMap(({ pid, atMs, source: from, kmsgMs, traceMs }) => [
            ...(from !== 'none' && from !== 'trace' && isNew(atMs + kmsgMs) ? [killed(pid)] : []),
            ...(from !== 'none' && from !== 'kmsg' && isNew(atMs + traceMs) ? [marked(pid)] : []),
          ]);
          const counter = 40 + kills.filter(({ atMs, counterMs }) => atMs + counterMs <= nowMs).length;
          // The first reading is the baseline; at the end all are read, so that everything can come out.
          const isRead = turn === 0 || nowMs > killMs + 2000 || readings[turn % readings.length];
          at(nowMs, { kernel }, { oomKill: isRead ? counter : ABSENT });
          lastMs = nowMs;
          nowMs += sleeps[turn % sleeps.length] as number;
        }
        const unseen = unseenOf(events).reduce((sum, { counted, seen }) => sum + counted - seen, 0);
        expect(unseen).toBe(kills.filter(({ source: from }) => from === 'none').length);
      },
    ),
    { numRuns: 300 },
  );
});
