/**
 * Upper bounds of the buckets in which control counts its ticks, in whole milliseconds, as its clock has them. Both sides of
 * the pipe take them from here; as many as the gauges named after them.
 */

/** From what a timer of a busy host is late by to "the machine hung"; the mark between well and ill is 1 s. */
export const TICK_LATENESS_MS: readonly number[] = [5, 10, 25, 50, 100, 250, 1000, 5000, 15_000, 60_000];

/** A quiet tick takes less than a millisecond, one that scans some; what takes a second waited in the kernel. */
export const TICK_DURATION_MS: readonly number[] = [1, 2, 5, 10, 25, 50, 100, 250, 1000, 10_000];
