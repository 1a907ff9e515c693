/** The numbers of the last gauge frame as metrics, in base units. */
import { GAUGE_INDEX, type Gauge } from '../channel/gauges.ts';
import { TICK_DURATION_MS, TICK_LATENESS_MS } from '../channel/tick-buckets.ts';
import { LEVELS } from '../core/event.ts';
import { RUNGS } from '../core/ladder-event.ts';
import { LIVELOCK_CAUSES, LIVELOCK_CLASSES } from '../core/livelock.ts';
import { ABSENT } from '../core/units.ts';
import type { Counts } from './counted-histogram.ts';
import type { Instruments, Labels } from './instruments.ts';
import type { NameOf } from './metric-table.ts';

interface FrameRow<T extends 'gauge' | 'counter'> {
  readonly from: Gauge;
  readonly name: NameOf<T>;
  readonly labels?: Labels;
  /** From the unit of the frame to the base unit. */
  readonly scale: (value: number) => number;
}

const bytes = (kib: number): number => kib * 1024;
// Divided, not multiplied by 0.001: 250 ms are to be shown as 0.25 and not as 0.25000000000000006.
const fromMs = (ms: number): number => ms / 1000;
const fromUs = (us: number): number => us / 1e6;
const asIs = (value: number): number => value;

const GAUGE_ROWS: readonly FrameRow<'gauge'>[] = [
  { from: 'memTotalKiB', name: 'oomwatchd_memory_bytes', labels: { kind: 'total' }, scale: bytes },
  { from: 'memAvailableKiB', name: 'oomwatchd_memory_bytes', labels: { kind: 'available' }, scale: bytes },
  { from: 'memFreeKiB', name: 'oomwatchd_memory_bytes', labels: { kind: 'free' }, scale: bytes },
  { from: 'swapTotalKiB', name: 'oomwatchd_swap_bytes', labels: { kind: 'total' }, scale: bytes },
  { from: 'swapFreeKiB', name: 'oomwatchd_swap_bytes', labels: { kind: 'free' }, scale: bytes },
  { from: 'headroomKiB', name: 'oomwatchd_headroom_bytes', scale: bytes },
  { from: 'exhaustionMs', name: 'oomwatchd_exhaustion_seconds', scale: fromMs },
  { from: 'tickLateMs', name: 'oomwatchd_tick_late_seconds', scale: fromMs },
  { from: 'tickLateMaxMs', name: 'oomwatchd_tick_late_max_seconds', scale: fromMs },
  { from: 'tickDurationUs', name: 'oomwatchd_tick_duration_seconds', scale: fromUs },
  { from: 'ownRssKiB', name: 'oomwatchd_control_resident_bytes', scale: bytes },
  { from: 'lockedKiB', name: 'oomwatchd_control_locked_bytes', scale: bytes },
  { from: 'processesKnown', name: 'oomwatchd_processes', labels: { state: 'known' }, scale: asIs },
  { from: 'stalling', name: 'oomwatchd_stall_threads', labels: { kind: 'stalling' }, scale: asIs },
  { from: 'stallDying', name: 'oomwatchd_stall_threads', labels: { kind: 'dying' }, scale: asIs },
  { from: 'stallExiting', name: 'oomwatchd_stall_threads', labels: { kind: 'exiting' }, scale: asIs },
  { from: 'stallVictim', name: 'oomwatchd_stall_threads', labels: { kind: 'victim' }, scale: asIs },
  { from: 'stallLongestMs', name: 'oomwatchd_stall_longest_seconds', scale: fromMs },
  { from: 'processesArmed', name: 'oomwatchd_processes', labels: { state: 'armed' }, scale: asIs },
  { from: 'standbyUp', name: 'oomwatchd_standby_up', scale: asIs },
];

const COUNTER_ROWS: readonly FrameRow<'counter'>[] = [
  { from: 'memorySomeUs', name: 'oomwatchd_memory_stall_seconds_total', labels: { kind: 'some' }, scale: fromUs },
  { from: 'memoryFullUs', name: 'oomwatchd_memory_stall_seconds_total', labels: { kind: 'full' }, scale: fromUs },
  { from: 'ioFullUs', name: 'oomwatchd_io_stall_seconds_total', labels: { kind: 'full' }, scale: fromUs },
  { from: 'ticks', name: 'oomwatchd_ticks_total', scale: asIs },
  { from: 'ownMajorFaults', name: 'oomwatchd_control_major_faults_total', scale: asIs },
  { from: 'eventsDropped', name: 'oomwatchd_events_dropped_total', scale: asIs },
  { from: 'reporterRestarts', name: 'oomwatchd_reporter_restarts_total', scale: asIs },
];

/**
 * A number of the frame, or undefined when it is not known. Below the term mark headroom is negative by nature, so for
 * it -1 is an amount (one KiB below) and only NaN says "not known".
 */
export const gaugeOf = (frame: Float64Array, gauge: Gauge): number | undefined => {
  const value = frame[GAUGE_INDEX[gauge]];
  if (value === undefined || !Number.isFinite(value)) return undefined;
  return value === ABSENT && gauge !== 'headroomKiB' ? undefined : value;
};

type Source = Pick<FrameRow<'gauge' | 'counter'>, 'from' | 'scale'>;

const scaled = (frame: Float64Array, { from, scale }: Source): number | undefined => {
  const value = gaugeOf(frame, from);
  return value === undefined ? undefined : scale(value);
};

/** What control has counted into `buckets` buckets from the gauge `first` on; undefined when it does not count. */
const countsOf = (frame: Float64Array, first: Gauge, buckets: number): Counts | undefined => {
  const at = GAUGE_INDEX[first];
  const count = frame[at + buckets] ?? Number.NaN;
  const sumMs = frame[at + buckets + 1] ?? Number.NaN;
  if (!Number.isFinite(count) || !Number.isFinite(sumMs)) return undefined;
  return { cumulative: [...frame.subarray(at, at + buckets)], count, sum: fromMs(sumMs) };
};

/** Sets all metrics that come from the frame. */
export const applyFrame = (instruments: Instruments, frame: Float64Array): void => {
  for (const row of GAUGE_ROWS) instruments.set(row.name, scaled(frame, row), row.labels);
  for (const row of COUNTER_ROWS) instruments.total(row.name, scaled(frame, row), row.labels);
  const level = gaugeOf(frame, 'levelIndex');
  for (const [index, name] of LEVELS.entries()) {
    instruments.set('oomwatchd_level', level === undefined ? undefined : Number(index === level), { level: name });
  }
  const rung = gaugeOf(frame, 'rungIndex');
  for (const [index, name] of RUNGS.entries()) {
    instruments.set('oomwatchd_rung', rung === undefined ? undefined : Number(index === rung), { rung: name });
  }
  const late = countsOf(frame, 'tickLateLe0', TICK_LATENESS_MS.length);
  instruments.counts('oomwatchd_tick_lateness_seconds', late);
  instruments.counts('oomwatchd_tick_seconds', countsOf(frame, 'tickTookLe0', TICK_DURATION_MS.length));
  applyLivelock(instruments, frame);
  const observing = gaugeOf(frame, 'observing');
  if (observing !== undefined) setMode(instruments, observing === 1 ? 'observe' : 'enforce');
};

/** One sample while there is one, none while the host moves. */
const applyLivelock = (instruments: Instruments, frame: Float64Array): void => {
  instruments.clear('oomwatchd_livelock');
  const found = LIVELOCK_CLASSES[gaugeOf(frame, 'livelockClass') ?? 0] ?? 'other';
  const cause = LIVELOCK_CAUSES[gaugeOf(frame, 'livelockCause') ?? 0] ?? 'unknown';
  const sinceMs = gaugeOf(frame, 'livelockSinceMs');
  const isOne = found !== 'none' && sinceMs !== undefined;
  if (isOne) instruments.set('oomwatchd_livelock', 1, { class: found, cause });
  const nowMs = gaugeOf(frame, 'monotonicMs') ?? sinceMs ?? 0;
  instruments.set('oomwatchd_livelock_seconds', isOne ? fromMs(nowMs - sinceMs) : undefined);
};

/** Sets the mode in force. */
export const setMode = (instruments: Instruments, mode: 'observe' | 'enforce'): void => {
  for (const each of ['observe', 'enforce'] as const) {
    instruments.set('oomwatchd_mode', Number(each === mode), { mode: each });
  }
};
