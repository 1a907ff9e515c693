import { expect, test } from 'vitest';
import type { OomwatchdEvent } from '../../src/core/event.ts';
import { COUNTED_IN } from '../../src/core/kernel-event.ts';
import { createInstruments } from '../../src/report/instruments.ts';
import { createKillMetrics } from '../../src/report/kill-metrics.ts';
import { java, signal, stamped, verify } from './events.ts';
import { type Family, parseExposition, sampleOf } from './exposition.ts';
import { livelock } from './livelock-event.ts';

/** Events at times of the monotonic clock. */
type Timed = readonly [monotonicMs: number, event: OomwatchdEvent];

const counted = async (...events: readonly Timed[]): Promise<Map<string, Family>> => {
  const instruments = createInstruments();
  const count = createKillMetrics(instruments);
  for (const [monotonicMs, event] of events) count({ ...stamped(event), monotonicMs });
  return parseExposition(await instruments.registry.metrics());
};
const outcomes = (families: Map<string, Family>): [string, number][] => [
  ...(families.get('oomwatchd_outcomes_total')?.samples ?? []),
];
const at0 = (...events: readonly OomwatchdEvent[]): Timed[] => events.map((event) => [0, event]);

const term = { ...signal, signal: 'TERM', reason: 'swap_free+mem_available' } as const;
const observed = { ...term, sent: false } as const;
const unread = { kind: 'kernel_note', note: 'unread', text: 'Out of memory: something new' } as const;
const unseen = { kind: 'kernel_kills_unseen', counted: 2, seen: 0 } as const;
const RECORDS = 'oomwatchd_kernel_records_unread_total';

test('a verdict is counted with the last signal, what began it, and the livelock of that time', async () => {
  const families = await counted(
    ...at0(term, { ...livelock, class: 'overload', stage: 'begins' }, { ...signal, reason: 'term_timeout' }),
    ...at0({ ...livelock, stage: 'ends' }, { ...verify, verdict: null }, { ...verify, verdict: 'partial' }, verify),
  );
  expect(outcomes(families)).toEqual([
    ['oomwatchd_outcomes_total{signal="KILL",reason="swap_free",class="overload",verdict="partial"}', 1],
  ]);
});

test('a verdict on one who was signalled by another process, or before our time, is not counted here', async () => {
  expect(outcomes(await counted(...at0({ ...signal, sent: false, errno: 1 }, verify)))).toEqual([]);
  expect(outcomes(await counted(...at0(verify)))).toEqual([]);
});

test('words that are not known are "other"', async () => {
  const rule = { ...signal, reason: 'rule "java\n{evil}" for cgroup' };
  const strange = { ...verify, verdict: 'resurrected' as never };
  expect(outcomes(await counted(...at0({ ...livelock, class: 'new' as never }, rule, strange)))).toEqual([
    ['oomwatchd_outcomes_total{signal="KILL",reason="other",class="other",verdict="other"}', 1],
  ]);
});

test('who would have been signalled is counted once in an episode, whatever follows', async () => {
  const again = { ...observed, episode: 2 };
  const other = { ...observed, victim: { ...java, startTimeTicks: 9 } };
  const refused = { ...observed, errno: 1, episode: 3 };
  const families = await counted(...at0(observed, { ...observed, signal: 'KILL' }, again, other, refused, signal));
  expect(sampleOf(families, 'oomwatchd_would_have_killed_total{reason="swap_free"}')).toBe(3);
  expect(sampleOf(families, 'oomwatchd_would_have_killed_total{reason="forced"}')).toBe(0);
});

test('unread records count when the counter moves with them, in either order, and not otherwise', async () => {
  const count = async (...events: readonly Timed[]): Promise<number | undefined> =>
    sampleOf(await counted(...events), RECORDS);
  expect(await count()).toBe(0);
  expect(await count([0, unread], [1, unread])).toBe(0);
  expect(await count([0, unread], [1, unread], [4000, unseen])).toBe(2);
  expect(await count([0, unseen], [4000, unread])).toBe(1);
  expect(await count([0, unread], [11_000, unseen])).toBe(0);
  expect(await count([0, unread], [20_000, unread], [21_000, unseen], [22_000, unseen])).toBe(1);
  expect(await count([0, unseen], [1, { ...unread, text: `${COUNTED_IN}/a` }], [2, { ...unread, note: 'lost' }])).toBe(
    0,
  );
});

test('a flood of victims and records grows neither memory nor numbers without bound', async () => {
  const pids = Array.from({ length: 2000 }, (_, pid) => ({ ...java, pid }));
  const families = await counted(
    ...at0(...pids.map((victim) => ({ ...signal, victim }))),
    ...at0(...pids.map(({ pid }) => ({ ...verify, pid }))),
    ...at0(...pids.map(() => unread), unseen),
  );
  expect(outcomes(families).map(([, value]) => value)).toEqual([256]);
  expect(sampleOf(families, RECORDS)).toBe(100);
});
