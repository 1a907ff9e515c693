/**
 * A sliding window over the counters whose growth tells thrashing: a ring of past readings, allocated once. Rates come
 * from the oldest reading that is not older than the window, so a late tick widens the window instead of the rate.
 */
import type { Sample } from '../sample.ts';
import { ABSENT } from '../units.ts';

/** 64 readings cover one second at the fastest pace of a thrashing host (10 ms is only used near the mark). */
const READINGS = 128;

export type Counter = 'memoryFullUs' | 'scanned' | 'restores';

export interface WindowState {
  /** The low 32 bits of the time: ages are differences, and an integer read from here is no heap object. */
  readonly atMs: Int32Array;
  readonly counters: Readonly<Record<Counter, Float64Array>>;
  next: number;
  filled: number;
}

export const createWindow = (): WindowState => ({
  atMs: new Int32Array(READINGS),
  counters: {
    memoryFullUs: new Float64Array(READINGS),
    scanned: new Float64Array(READINGS),
    restores: new Float64Array(READINGS),
  },
  next: 0,
  filled: 0,
});

const sumOfPresent = (a: number, b: number): number => (a === ABSENT ? b : b === ABSENT ? a : a + b);

/** Milliseconds from the reading at `at` to `nowMs`; right across the wrap of the low 32 bits. */
const ageMs = (window: WindowState, at: number, nowMs: number): number => (nowMs - (window.atMs[at] as number)) | 0;

/** Remembers one reading. Readings closer than `spacingMs` to the last one are skipped so that the ring spans the window. */
export const pushReading = (window: WindowState, sample: Sample, nowMs: number, spacingMs: number): void => {
  const last = (window.next + READINGS - 1) % READINGS;
  if (window.filled > 0 && ageMs(window, last, nowMs) < spacingMs) return;
  const at = window.next;
  window.atMs[at] = nowMs;
  window.counters.memoryFullUs[at] = sample.memoryFullUs;
  window.counters.scanned[at] = sumOfPresent(sample.pgscanKswapd, sample.pgscanDirect);
  window.counters.restores[at] = sample.restores;
  window.next = (at + 1) % READINGS;
  window.filled = Math.min(READINGS, window.filled + 1);
};

/** Index of the oldest reading within `windowMs`, ABSENT when fewer than two are. */
const oldestWithin = (window: WindowState, nowMs: number, windowMs: number): number => {
  let found = ABSENT;
  for (let back = 1; back <= window.filled; back++) {
    const at = (window.next + READINGS - back) % READINGS;
    // One reading older than the window is taken too: without it a pace as slow as the window would never see a rate.
    found = at;
    if (ageMs(window, at, nowMs) >= windowMs) break;
  }
  return window.filled < 2 ? ABSENT : found;
};

/**
 * Growth per second of a counter over the window that ends with the newest reading; ABSENT when the counter is absent
 * at either end, when there is no window yet, or when it went backwards (the source was replaced).
 */
export const ratePerSecond = (window: WindowState, counter: Counter, nowMs: number, windowMs: number): number => {
  const from = oldestWithin(window, nowMs, windowMs);
  if (from === ABSENT) return ABSENT;
  const to = (window.next + READINGS - 1) % READINGS;
  const values = window.counters[counter];
  const before = values[from] as number;
  const after = values[to] as number;
  const elapsedMs = ((window.atMs[to] as number) - (window.atMs[from] as number)) | 0;
  if (before === ABSENT || after === ABSENT || after < before || elapsedMs <= 0) return ABSENT;
  return ((after - before) * 1000) / elapsedMs;
};
