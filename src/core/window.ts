/**
 * A sliding window over numbers of the sample: a ring of past readings, allocated once. Rates come from the oldest reading
 * that is not older than the window, so a late tick widens the window instead of the rate.
 */
import type { Sample } from './sample.ts';
import { ABSENT } from './units.ts';

/** 64 readings cover one second at the fastest pace of a thrashing host (10 ms is only used near the mark). */
const READINGS = 128;

interface Ring {
  /** The low 32 bits of the time: ages are differences, and an integer read from here is no heap object. */
  readonly atMs: Int32Array;
  next: number;
  filled: number;
}

export interface WindowState<N extends keyof Sample> extends Ring {
  readonly names: readonly N[];
  readonly values: Readonly<Record<N, Float64Array>>;
}

export const createWindow = <N extends keyof Sample>(names: readonly N[]): WindowState<N> => ({
  names,
  atMs: new Int32Array(READINGS),
  values: Object.fromEntries(names.map((name) => [name, new Float64Array(READINGS)])) as Record<N, Float64Array>,
  next: 0,
  filled: 0,
});

/** Forgets what was read: what follows is another situation. */
export const emptyWindow = (window: Ring): void => {
  window.filled = 0;
};

/** Milliseconds from the reading at `at` to `nowMs`; right across the wrap of the low 32 bits. */
const ageMs = (window: Ring, at: number, nowMs: number): number => (nowMs - (window.atMs[at] as number)) | 0;

const last = (window: Ring): number => (window.next + READINGS - 1) % READINGS;

/** Remembers one reading. Readings closer than `spacingMs` to the last one are skipped so that the ring spans the window. */
export const pushReading = <N extends keyof Sample>(
  window: WindowState<N>,
  sample: Sample,
  nowMs: number,
  spacingMs: number,
): void => {
  if (window.filled > 0 && ageMs(window, last(window), nowMs) < spacingMs) return;
  const at = window.next;
  window.atMs[at] = nowMs;
  for (let each = 0; each < window.names.length; each++) {
    const name = window.names[each] as N;
    window.values[name][at] = sample[name];
  }
  window.next = (at + 1) % READINGS;
  window.filled = Math.min(READINGS, window.filled + 1);
};

/** Index of the oldest reading within `windowMs`, ABSENT when fewer than two are. */
const oldestWithin = (window: Ring, nowMs: number, windowMs: number): number => {
  let found = ABSENT;
  for (let back = 1; back <= window.filled; back++) {
    const at = (window.next + READINGS - back) % READINGS;
    // One reading older than the window is taken too: without it a pace as slow as the window would never see a rate.
    found = at;
    if (ageMs(window, at, nowMs) >= windowMs) break;
  }
  return window.filled < 2 ? ABSENT : found;
};

/** Milliseconds that a rate over `windowMs` is made of; 0 before there are two readings. */
export const spanMs = (window: Ring, nowMs: number, windowMs: number): number => {
  const from = oldestWithin(window, nowMs, windowMs);
  return from === ABSENT ? 0 : ((window.atMs[last(window)] as number) - (window.atMs[from] as number)) | 0;
};

/**
 * Growth per second of a counter over the window that ends with the newest reading; ABSENT when the counter is absent
 * at either end, when there is no window yet, or when it went backwards (the source was replaced).
 */
export const ratePerSecond = <N extends keyof Sample>(
  window: WindowState<N>,
  counter: N,
  nowMs: number,
  windowMs: number,
): number => {
  const from = oldestWithin(window, nowMs, windowMs);
  if (from === ABSENT) return ABSENT;
  const to = last(window);
  const values = window.values[counter];
  const before = values[from] as number;
  const after = values[to] as number;
  const elapsedMs = ((window.atMs[to] as number) - (window.atMs[from] as number)) | 0;
  if (before === ABSENT || after === ABSENT || after < before || elapsedMs <= 0) return ABSENT;
  return ((after - before) * 1000) / elapsedMs;
};

/** The sum of those that are there; ABSENT when neither is. */
export const sumOfPresent = (a: number, b: number): number => (a === ABSENT ? b : b === ABSENT ? a : a + b);
