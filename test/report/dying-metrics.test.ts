import { describe, expect, test } from 'vitest';
import type { OomwatchdEvent } from '../../src/core/event.ts';
import { createDyingMetrics } from '../../src/report/dying-metrics.ts';
import { createInstruments } from '../../src/report/instruments.ts';
import { forced, kernelKill, reap, stamped, victim } from './events.ts';
import { type Family, parseExposition, sampleOf } from './exposition.ts';
import { remedy } from './remedy-event.ts';

const counted = async (...events: OomwatchdEvent[]): Promise<Map<string, Family>> => {
  const instruments = createInstruments();
  const count = createDyingMetrics(instruments);
  for (const event of events) count(stamped(event));
  return parseExposition(await instruments.registry.metrics());
};

const expectSamples = (families: Map<string, Family>, expected: Readonly<Record<string, number>>): void => {
  for (const [sample, value] of Object.entries(expected)) {
    expect([sample, sampleOf(families, sample)]).toEqual([sample, value]);
  }
};

const victims = (life: string, by = 'oomwatchd'): string => `oomwatchd_victims_total{killed_by="${by}",life="${life}"}`;
const delayed = (reason: string): string => `oomwatchd_victims_delayed_total{reason="${reason}"}`;

test('everything begins at 0, in every combination', async () => {
  const families = await counted();
  const sizes = {
    oomwatchd_victims_total: 5 * 6,
    oomwatchd_victims_delayed_total: 10,
    oomwatchd_reaps_total: 9,
    oomwatchd_reaped_bytes_total: 1,
    oomwatchd_kernel_kills_total: 5,
    oomwatchd_kernel_notes_total: 13,
    oomwatchd_kernel_kills_unseen_total: 1,
    oomwatchd_kill_bursts_total: 1,
    oomwatchd_forced_total: 2 * 6,
    oomwatchd_rescues_total: 5,
    oomwatchd_remedies_total: 6 * 7,
    oomwatchd_remedy_effects_total: 6 * 4,
  };
  for (const [name, size] of Object.entries(sizes)) {
    const values = [...(families.get(name)?.samples.values() ?? [])];
    expect([name, values]).toEqual([name, new Array(size).fill(0)]);
  }
});

test('remedies: what the write came to, and what it brought, each once', async () => {
  const high = { ...remedy, remedy: 'lift_memory_high', pid: -1, comm: '' } as const;
  const families = await counted(
    { ...remedy, stage: 'before', result: null },
    remedy,
    { ...remedy, stage: 'effect', effect: 'victim_gone' },
    { ...high, stage: 'withheld', result: null },
    { ...high, result: 'refused', errno: 30 },
  );
  expectSamples(families, {
    'oomwatchd_remedies_total{remedy="thaw_freezer_v1",result="done"}': 1,
    'oomwatchd_remedy_effects_total{remedy="thaw_freezer_v1",effect="victim_gone"}': 1,
    'oomwatchd_remedies_total{remedy="lift_memory_high",result="withheld"}': 1,
    'oomwatchd_remedies_total{remedy="lift_memory_high",result="refused"}': 1,
    'oomwatchd_remedies_total{remedy="lift_memory_high",result="done"}': 0,
  });
});

describe('victims', () => {
  const at = (life: (typeof victim)['life'] | 'signalled' | 'taken' | 'gone', reason: 'fuse' | 'nfs' | null = null) =>
    ({ ...victim, life, reason }) satisfies OomwatchdEvent;

  test('each stage counts once, also when a reason is told in it later', async () => {
    const families = await counted(
      at('signalled'),
      at('taken'),
      at('taken', 'fuse'),
      at('stuck', 'fuse'),
      at('stuck', 'nfs'),
    );
    expectSamples(families, {
      [victims('signalled')]: 1,
      [victims('taken')]: 1,
      [victims('stuck')]: 1,
      [victims('gone')]: 0,
      [delayed('fuse')]: 1,
      [delayed('nfs')]: 1,
    });
  });

  test('who is further when it is first told of has begun as well', async () => {
    const other = { ...victim, pid: 1, killedBy: 'itself', life: 'gone', reason: null } as const;
    const families = await counted(at('gone'), at('gone'), other);
    expectSamples(families, {
      // The second is another process of the same pid: the first is gone.
      [victims('signalled')]: 2,
      [victims('gone')]: 2,
      [victims('exiting', 'itself')]: 1,
      [victims('signalled', 'itself')]: 0,
      [victims('gone', 'itself')]: 1,
    });
  });

  test('a churn of pids whose end is never told is forgotten, oldest first', async () => {
    const churn = Array.from({ length: 2000 }, (_, pid) => ({ ...at('taken'), pid: pid + 5000 }));
    // The first is forgotten and counts anew, the last is remembered.
    const families = await counted(...churn, { ...at('taken'), pid: 5000 }, { ...at('taken'), pid: 6999 });
    expectSamples(families, { [victims('taken')]: 2001 });
  });
});

test('reaps, kernel kills and notes, bursts and forced selections', async () => {
  const families = await counted(
    reap,
    { ...reap, result: 'hung', durationMs: 1200, releasedKiB: -1 },
    kernelKill,
    { ...kernelKill, scope: 'memcg' },
    { kind: 'kernel_note', note: 'lost', text: '' },
    { kind: 'kernel_note', note: 'hung_task', text: '' },
    { kind: 'kernel_kills_unseen', counted: 5, seen: 2 },
    { kind: 'kill_burst', kills: 8, withinMs: 570, oomKillAllocatingTask: 1 },
    forced,
    { ...forced, by: 'SIGUSR2', outcome: 'nobody' },
  );
  expectSamples(families, {
    'oomwatchd_reaps_total{result="released"}': 1,
    'oomwatchd_reaps_total{result="hung"}': 1,
    oomwatchd_reaped_bytes_total: reap.releasedKiB * 1024,
    'oomwatchd_reap_seconds_bucket{le="0.05"}': 1,
    'oomwatchd_reap_seconds_bucket{le="2.5"}': 2,
    'oomwatchd_kernel_kills_total{scope="global"}': 1,
    'oomwatchd_kernel_kills_total{scope="memcg"}': 1,
    'oomwatchd_kernel_notes_total{note="lost"}': 1,
    'oomwatchd_kernel_notes_total{note="hung_task"}': 1,
    oomwatchd_kernel_kills_unseen_total: 3,
    oomwatchd_kill_bursts_total: 1,
    'oomwatchd_forced_total{by="socket",outcome="signalled"}': 1,
    'oomwatchd_forced_total{by="SIGUSR2",outcome="nobody"}': 1,
  });
});

test('a word of another version is counted as other', async () => {
  const strange = { ...reap, result: 'evil"} 1\n' } as unknown as OomwatchdEvent;
  expectSamples(await counted(strange), { 'oomwatchd_reaps_total{result="other"}': 1 });
});
