/** Whether cgroups are worth reading now: only while something in the whole host waits for memory. */
import type { Sample } from '../sample.ts';
import { ABSENT, WHOLE_PERMYRIAD } from '../units.ts';

export interface CgroupStall {
  someUs: number;
  atMs: number;
  /** When a stall was last seen; ABSENT: never. */
  seenMs: number;
}

export const createCgroupStall = (): CgroupStall => ({ someUs: ABSENT, atMs: ABSENT, seenMs: ABSENT });

/** A rate over less is noise of single reads. */
const SPAN_MS = 500;
/** Of a cgroup in trouble each task waits most of the time, and one is enough for "some". A calm host reads 0. */
const SOME_PERMYRIAD = 100;
/** Read on for so long: that it is over is seen, too. */
const STAYS_MS = 5000;
const US_PER_MS = 1000;

/** Notes the stall time of `sample`; true while cgroups are to be read. Without PSI always: nothing else would tell. */
export const isStalling = (stall: CgroupStall, sample: Sample, nowMs: number): boolean => {
  const { memorySomeUs } = sample;
  if (memorySomeUs === ABSENT) return true;
  if (stall.atMs === ABSENT || memorySomeUs < stall.someUs) {
    stall.someUs = memorySomeUs;
    stall.atMs = nowMs;
  }
  const elapsedMs = nowMs - stall.atMs;
  if (elapsedMs >= SPAN_MS) {
    const share = ((memorySomeUs - stall.someUs) / (elapsedMs * US_PER_MS)) * WHOLE_PERMYRIAD;
    if (share >= SOME_PERMYRIAD) stall.seenMs = nowMs;
    stall.someUs = memorySomeUs;
    stall.atMs = nowMs;
  }
  return stall.seenMs !== ABSENT && nowMs - stall.seenMs < STAYS_MS;
};
