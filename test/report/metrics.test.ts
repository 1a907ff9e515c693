import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GAUGE_INDEX, GAUGES, type Gauge } from '../../src/channel/gauges.ts';
import type { ReportStart } from '../../src/channel/report-start.ts';
import type { OomwatchdEvent } from '../../src/core/event.ts';
import { createHealth } from '../../src/report/health.ts';
import { METRICS } from '../../src/report/metric-table.ts';
import { createMetrics } from '../../src/report/metrics.ts';
import { anyEvent, signal, stamped, started, verify } from './events.ts';
import { type Family, parseExposition, sampleOf } from './exposition.ts';
import { livelock } from './livelock-event.ts';
import { REPORT_POLICY } from './policy.ts';

const START: ReportStart = {
  version: '0.1.0',
  mode: 'observe',
  paceMaxMs: 1000,
  policy: REPORT_POLICY,
};

const TOTALS = { linesLost: 1, linesSuppressed: 2, skippedBytes: 3, badFrames: 4, faults: 5 };

const frameOf = (values: Partial<Record<Gauge, number>>): Float64Array => {
  const frame = new Float64Array(GAUGES.length).fill(Number.NaN);
  for (const [name, value] of Object.entries(values)) frame[GAUGE_INDEX[name as Gauge]] = value;
  return frame;
};

const scrape = async (
  events: readonly OomwatchdEvent[],
  ...frames: Partial<Record<Gauge, number>>[]
): Promise<Map<string, Family>> => {
  let nowMs = 0;
  const health = createHealth(START, () => nowMs);
  const metrics = createMetrics(START, health, () => TOTALS);
  for (const event of events) metrics.event(stamped(event));
  let text = '';
  for (const frame of frames.length === 0 ? [{}] : frames) {
    if (frames.length > 0) health.gauges(frameOf(frame));
    nowMs += 250;
    text = await metrics.render();
  }
  return parseExposition(text);
};

describe('a livelock', () => {
  const overload = { livelockClass: 2, livelockCause: 1, livelockSinceMs: 1000, monotonicMs: 4500 };

  test('is one sample while it lasts, and none after it', async () => {
    const during = await scrape([], overload);
    expect(sampleOf(during, 'oomwatchd_livelock{class="overload",cause="file_thrash"}')).toBe(1);
    expect(sampleOf(during, 'oomwatchd_livelock_seconds')).toBe(3.5);
    for (const frame of [{}, { ...overload, livelockClass: 0, livelockSinceMs: -1 }]) {
      const after = await scrape([], overload, frame);
      expect(after.get('oomwatchd_livelock')?.samples.size).toBe(0);
      expect(after.get('oomwatchd_livelock_seconds')?.samples.size).toBe(0);
    }
  });

  test('of a version that knows more is of a word that is known', async () => {
    const families = await scrape([], { ...overload, livelockClass: 90, livelockCause: 90, monotonicMs: Number.NaN });
    expect(sampleOf(families, 'oomwatchd_livelock{class="other",cause="unknown"}')).toBe(1);
    expect(sampleOf(families, 'oomwatchd_livelock_seconds')).toBe(0);
  });

  test('is counted when it begins', async () => {
    const families = await scrape([livelock, { ...livelock, stage: 'changes' }, { ...livelock, stage: 'ends' }]);
    expect(sampleOf(families, 'oomwatchd_livelocks_total{class="other"}')).toBe(1);
    expect(sampleOf(families, 'oomwatchd_livelocks_total{class="nofs"}')).toBe(0);
  });
});

describe('the ticks that control has counted', () => {
  test('are histograms, each bucket with those below it', async () => {
    const late = Object.fromEntries([3, 4, 4, 4, 5, 5, 5, 5, 6, 6].map((count, at) => [`tickLateLe${at}`, count]));
    const families = await scrape([], { ...late, tickLateCount: 7, tickLateSumMs: 90_250 });
    const buckets = [...(families.get('oomwatchd_tick_lateness_seconds')?.samples ?? [])];
    expect(buckets).toEqual([
      ['oomwatchd_tick_lateness_seconds_bucket{le="0.005"}', 3],
      ['oomwatchd_tick_lateness_seconds_bucket{le="0.01"}', 4],
      ['oomwatchd_tick_lateness_seconds_bucket{le="0.025"}', 4],
      ['oomwatchd_tick_lateness_seconds_bucket{le="0.05"}', 4],
      ['oomwatchd_tick_lateness_seconds_bucket{le="0.1"}', 5],
      ['oomwatchd_tick_lateness_seconds_bucket{le="0.25"}', 5],
      ['oomwatchd_tick_lateness_seconds_bucket{le="1"}', 5],
      ['oomwatchd_tick_lateness_seconds_bucket{le="5"}', 5],
      ['oomwatchd_tick_lateness_seconds_bucket{le="15"}', 6],
      ['oomwatchd_tick_lateness_seconds_bucket{le="60"}', 6],
      ['oomwatchd_tick_lateness_seconds_bucket{le="+Inf"}', 7],
      ['oomwatchd_tick_lateness_seconds_sum', 90.25],
      ['oomwatchd_tick_lateness_seconds_count', 7],
    ]);
    // Of a control that does not count them there are none.
    expect(families.get('oomwatchd_tick_seconds')?.samples.size).toBe(0);
  });
});

describe('the exposition', () => {
  test('has every metric of the table with its type and help, and nothing else', async () => {
    const families = await scrape([]);
    expect([...families.keys()].sort()).toEqual(Object.keys(METRICS).sort());
    for (const [name, row] of Object.entries(METRICS)) {
      expect(families.get(name)).toMatchObject({ type: row.type, help: row.help });
    }
  });

  test('shows nothing for what is not known, rather than zero', async () => {
    const families = await scrape([], { memAvailableKiB: 1024, swapFreeKiB: -1, exhaustionMs: -1, ticks: -1 });
    expect(sampleOf(families, 'oomwatchd_memory_bytes{kind="available"}')).toBe(1024 * 1024);
    for (const name of ['oomwatchd_swap_bytes', 'oomwatchd_exhaustion_seconds', 'oomwatchd_ticks_total']) {
      expect(families.get(name)?.samples.size).toBe(0);
    }
    const before = await scrape([]);
    for (const name of ['oomwatchd_level', 'oomwatchd_memory_bytes', 'oomwatchd_last_sample_age_seconds']) {
      expect(before.get(name)?.samples.size).toBe(0);
    }
  });

  test('converts the frame to base units', async () => {
    const families = await scrape([], {
      memTotalKiB: 4,
      headroomKiB: -1,
      exhaustionMs: 1500,
      memoryFullUs: 250_000,
      tickLateMaxMs: 250,
      tickDurationUs: 300,
      ticks: 42,
      levelIndex: 2,
      observing: 0,
      lockedKiB: 2,
      ...{ stalling: 3, stallDying: 2, stallExiting: 1, stallVictim: 4, stallLongestMs: 12_500 },
    });
    const expected = {
      'oomwatchd_memory_bytes{kind="total"}': 4096,
      oomwatchd_headroom_bytes: -1024,
      oomwatchd_exhaustion_seconds: 1.5,
      'oomwatchd_memory_stall_seconds_total{kind="full"}': 0.25,
      oomwatchd_tick_late_max_seconds: 0.25,
      oomwatchd_tick_duration_seconds: 0.0003,
      oomwatchd_ticks_total: 42,
      'oomwatchd_level{level="calm"}': 0,
      'oomwatchd_level{level="term"}': 1,
      'oomwatchd_mode{mode="enforce"}': 1,
      'oomwatchd_mode{mode="observe"}': 0,
      oomwatchd_control_locked_bytes: 2048,
      'oomwatchd_stall_threads{kind="stalling"}': 3,
      'oomwatchd_stall_threads{kind="dying"}': 2,
      'oomwatchd_stall_threads{kind="exiting"}': 1,
      'oomwatchd_stall_threads{kind="victim"}': 4,
      oomwatchd_stall_longest_seconds: 12.5,
      oomwatchd_last_sample_age_seconds: 0.25,
      oomwatchd_log_lines_lost_total: 1,
      oomwatchd_report_faults_total: 5,
    };
    for (const [sample, value] of Object.entries(expected))
      expect([sample, sampleOf(families, sample)]).toEqual([sample, value]);
  });

  test('follows the frame: totals do not add up and what vanishes is taken away', async () => {
    const families = await scrape([], { ticks: 10, swapFreeKiB: 5 }, { ticks: 12 });
    expect(sampleOf(families, 'oomwatchd_ticks_total')).toBe(12);
    expect(families.get('oomwatchd_swap_bytes')?.samples.size).toBe(0);
  });

  test('counts events', async () => {
    const noAction = { kind: 'no_action', episode: 1, detail: '', memory: signal.victim as never } as const;
    const families = await scrape([
      { ...started, mode: 'enforce' },
      { kind: 'policy_loaded', configHash: 'fedcba', mode: 'enforce', files: [] },
      { kind: 'policy_rejected', errors: [] },
      signal,
      { ...signal, sent: false },
      { ...signal, sent: false, errno: 1 },
      { ...verify, verdict: null },
      verify,
      { ...noAction, reason: 'all_protected' },
      { kind: 'episode_started', episode: 1, firstSignMs: 0, detectors: [] },
      { kind: 'episode_ended', episode: 1, durationMs: 1, signals: 1, returnedKiB: 3 },
      { kind: 'ranked', episode: 1, scanned: 1, top: [], excluded: {}, corrections: [], scanMs: 20 },
      { kind: 'late', lateMs: 1200, majorFaults: 1 },
      { kind: 'stall', stalling: 1, dying: 0, exiting: 0, victim: 0, oomCount: 0, longestMs: 1, seen: 1 },
      { kind: 'source', name: 'psi', up: true, fault: false, detail: '' },
      { kind: 'source', name: 'psi', up: false, fault: true, detail: '' },
      { kind: 'source', name: 'oom_trace', up: false, fault: false, detail: '' },
      { kind: 'finding', finding: { name: 'mlock', status: 'fatal', found: '', meaning: '', remedy: '' } },
      { kind: 'finding', finding: { name: 'mlock', status: 'warn', found: '', meaning: '', remedy: '' } },
      {
        kind: 'level',
        from: 'calm',
        to: 'kill',
        detectors: ['thrash'],
        memory: started.memory,
        exhaustionMs: -1,
        memoryFullPermyriad: -1,
      },
    ]);
    const expected = {
      'oomwatchd_signals_total{signal="KILL",mode="enforce"}': 2,
      'oomwatchd_signals_total{signal="KILL",mode="observe"}': 1,
      'oomwatchd_signals_total{signal="TERM",mode="enforce"}': 0,
      'oomwatchd_signal_failures_total{errno="EPERM"}': 1,
      'oomwatchd_verifications_total{verdict="recovered"}': 1,
      'oomwatchd_no_action_total{reason="all_protected"}': 1,
      'oomwatchd_no_action_total{reason="no_candidate"}': 0,
      oomwatchd_episodes_total: 1,
      oomwatchd_stall_warnings_total: 1,
      oomwatchd_returned_bytes_total: 3072,
      'oomwatchd_detections_total{detector="thrash",level="kill"}': 1,
      'oomwatchd_config_info{hash="fedcba"}': 1,
      'oomwatchd_config_reloads_total{result="success"}': 1,
      'oomwatchd_config_reloads_total{result="failure"}': 1,
      oomwatchd_config_last_reload_successful: 0,
      oomwatchd_config_last_reload_success_timestamp_seconds: 1795376700.25,
      'oomwatchd_finding{name="mlock",status="warn"}': 1,
      'oomwatchd_source_up{source="psi"}': 0,
      'oomwatchd_source_absent{source="oom_trace"}': 1,
      'oomwatchd_late_tick_seconds_bucket{le="2.5"}': 1,
      'oomwatchd_late_tick_seconds_bucket{le="1"}': 0,
      oomwatchd_scan_duration_seconds_sum: 0.02,
      oomwatchd_verdict_to_signal_seconds_count: 3,
      'oomwatchd_mode{mode="enforce"}': 1,
    };
    for (const [sample, value] of Object.entries(expected))
      expect([sample, sampleOf(families, sample)]).toEqual([sample, value]);
    expect(families.get('oomwatchd_config_info')?.samples.size).toBe(1);
    expect(families.get('oomwatchd_finding')?.samples.size).toBe(1);
  });

  test('have no sample of a source that the host lacks for what an alert is about, until it is there', async () => {
    const absent: OomwatchdEvent = { kind: 'source', name: 'oom_trace', up: false, fault: false, detail: '' };
    const of = async (...events: OomwatchdEvent[]): Promise<(number | undefined)[]> => {
      const families = await scrape(events);
      return ['up', 'absent'].map((what) => sampleOf(families, `oomwatchd_source_${what}{source="oom_trace"}`));
    };
    expect(await of(absent)).toEqual([undefined, 1]);
    expect(await of(absent, { ...absent, up: true })).toEqual([1, undefined]);
    expect(await of({ ...absent, up: true }, { ...absent, fault: true })).toEqual([0, undefined]);
    // Of a control of an older version, after an upgrade in place.
    expect(await of({ kind: 'source', name: 'oom_trace', up: false, detail: '' })).toEqual([0, undefined]);
  });

  test('cannot be grown or broken by names, whatever comes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyEvent, { minLength: 50, maxLength: 200 }), async (events) => {
        const families = await scrape(events);
        for (const { name, samples } of families.values()) expect([name, samples.size < 70]).toEqual([name, true]);
      }),
      { numRuns: 50 },
    );
    const names = Array.from({ length: 1000 }, (_, i) => `source_${i}`);
    const families = await scrape(names.map((name) => ({ kind: 'source', name, up: true, fault: false, detail: '' })));
    expect(families.get('oomwatchd_source_up')?.samples.size).toBe(65);
  });
});
