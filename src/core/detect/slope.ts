/**
 * Distance to exhaustion at the present slope. Memory and free swap are taken together, as pages move between them;
 * the slope is the faster of the last step and a short average, because a leak that accelerates must not be averaged
 * away and a single quiet step must not hide it.
 */
import type { Sample } from '../sample.ts';
import { ABSENT } from '../units.ts';

export interface SlopeState {
  freeKiB: number;
  atMs: number;
  /** Average of the loss per millisecond, positive while memory shrinks. */
  averageKiBPerMs: number;
  /** The faster of the average and the last step; what pacing and forecast go by. */
  lossKiBPerMs: number;
}

export const createSlope = (): SlopeState => ({ freeKiB: ABSENT, atMs: 0, averageKiBPerMs: 0, lossKiBPerMs: 0 });

/** The next sample is the first one. */
export const forgetSlope = (slope: SlopeState): void => {
  slope.freeKiB = ABSENT;
  slope.averageKiBPerMs = slope.lossKiBPerMs = 0;
};

/** Half of the weight is 200 ms old: two fast ticks near the mark, long enough to smooth the 1/64 batches of per-CPU counters. */
const HALF_LIFE_MS = 200;

/**
 * Shorter steps are joined to the next one: a tick that scans reads memory twice within 2 ms, and one huge page (2 MiB)
 * in between would be a leak of 1 GiB/s. Just below the 10 ms of the fastest pace, as timers fire a little early.
 */
const MIN_STEP_MS = 8;

/** Takes one sample in. */
export const updateSlope = (slope: SlopeState, sample: Sample, nowMs: number): void => {
  if (sample.memAvailableKiB === ABSENT) return;
  const freeKiB = sample.memAvailableKiB + Math.max(0, sample.swapFreeKiB);
  const elapsedMs = nowMs - slope.atMs;
  if (slope.freeKiB !== ABSENT) {
    if (elapsedMs < MIN_STEP_MS) return;
    const step = (slope.freeKiB - freeKiB) / elapsedMs;
    const keep = 0.5 ** (elapsedMs / HALF_LIFE_MS);
    slope.averageKiBPerMs = slope.averageKiBPerMs * keep + step * (1 - keep);
    slope.lossKiBPerMs = Math.max(0, slope.averageKiBPerMs, step);
  }
  slope.freeKiB = freeKiB;
  slope.atMs = nowMs;
};

/** Milliseconds until memory and swap are gone at the present slope; ABSENT when nothing is being lost. */
export const exhaustionMs = (slope: SlopeState): number =>
  slope.freeKiB === ABSENT || slope.lossKiBPerMs <= 0 ? ABSENT : Math.floor(slope.freeKiB / slope.lossKiBPerMs);
