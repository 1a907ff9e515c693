import { expect, test } from 'vitest';
import type { OomwatchdEvent } from '../../src/core/event.ts';
import { createInstruments } from '../../src/report/instruments.ts';
import { createVictimAges } from '../../src/report/victim-ages.ts';
import { stamped, victim } from './events.ts';
import { parseExposition } from './exposition.ts';

type Timed = readonly [monotonicMs: number, event: OomwatchdEvent];

/** The samples that are not 0 as of `nowMs`, and how many there are in all. */
const shownAt = async (nowMs: number, ...events: readonly Timed[]): Promise<[Record<string, number>, number]> => {
  const instruments = createInstruments();
  const ages = createVictimAges();
  for (const [monotonicMs, event] of events) ages.event({ ...stamped(event), monotonicMs });
  ages.apply(instruments, nowMs);
  const families = parseExposition(await instruments.registry.metrics());
  const samples = ['oomwatchd_victims', 'oomwatchd_victim_oldest_seconds'].flatMap((name) => [
    ...(families.get(name)?.samples ?? []),
  ]);
  return [Object.fromEntries(samples.filter(([, value]) => value !== 0)), samples.length];
};
const named = (life: string, age: string): string => `oomwatchd_victims{life="${life}",age="${age}"}`;

const taken = { ...victim, life: 'taken', reason: null, afterMs: 100 } as const;

test('every stage and age is there at 0 while nobody is dying', async () => {
  expect(await shownAt(0)).toEqual([{}, 5 * 4 + 1]);
});

test('a victim is in its last stage, and grows older while nothing is told of it', async () => {
  const events: Timed[] = [
    [1000, taken],
    [1200, { ...taken, pid: 2, afterMs: 0 }],
    [6000, { ...victim, afterMs: 5100 }],
  ];
  expect((await shownAt(1300, ...events.slice(0, 2)))[0]).toEqual({
    [named('taken', 'under_1s')]: 2,
    oomwatchd_victim_oldest_seconds: 0.4,
  });
  expect((await shownAt(61_500, ...events))[0]).toEqual({
    [named('taken', 'over_1m')]: 1,
    [named('stuck', 'over_1m')]: 1,
    oomwatchd_victim_oldest_seconds: 60.6,
  });
});

test('who is gone, or in a stage of another version, is not followed any more', async () => {
  const gone = { ...taken, life: 'gone' } as const;
  expect((await shownAt(9000, [1000, taken], [2000, gone]))[0]).toEqual({});
  expect((await shownAt(9000, [1000, taken], [2000, { ...taken, life: 'ascended' as never }]))[0]).toEqual({});
});

test('a victim whose end may be among lost events is forgotten after ten minutes, another one is not', async () => {
  const events: Timed[] = [
    [1000, taken],
    [2000, { kind: 'dropped', count: 3 }],
    [3000, { ...taken, pid: 2 }],
  ];
  const over = named('taken', 'over_1m');
  expect((await shownAt(600_000, ...events))[0]).toMatchObject({ [over]: 2 });
  expect((await shownAt(602_000, ...events))[0]).toMatchObject({ [over]: 1 });
});

test('no more are remembered than control follows', async () => {
  const events = Array.from({ length: 1000 }, (_, pid): Timed => [1000, { ...taken, pid }]);
  expect((await shownAt(1000, ...events))[0]).toMatchObject({ [named('taken', 'under_1s')]: 256 });
});
