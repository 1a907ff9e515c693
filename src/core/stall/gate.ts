/**
 * Whether anything stalls at all, by numbers that cost nothing: kmallocwd looks at its tasks only while a request has been
 * in flight for a whole period (its per-cpu counters memalloc_in_flight, v5; kernel-facts 2.1 and 2.2). User space has no
 * such counter, but signs that something waits for memory; only when they go on the threads are walked.
 */
import type { Sample } from '../sample.ts';
import { ABSENT } from '../units.ts';

/** Signs of one moment are what any host has now and then: the first and the last must be this far apart. */
const SPAN_MS = 1000;
/**
 * Signs may be this far apart and still belong together. PSI totals move every 2 s (PSI_FREQ, kernel/sched/psi.c), and a
 * thrash comes in waves: one that is over is forgotten after two of these.
 */
const GAP_MS = 5000;
/** A twentieth of the time, below which a stall is what any busy memcg has (as control/loop.ts paces by). */
const SOME_SHARE = 0.05;
/** PSI is differenced over this: less would see the jump of its total, or nothing. */
const PSI_MS = 2000;
const US_PER_MS = 1000;

export interface StallGate {
  /** First and last sign of those that belong together; ABSENT: none. */
  sinceMs: number;
  lastMs: number;
  allocstall: number;
  pgscanDirect: number;
  someUs: number;
  someMs: number;
}

export const createStallGate = (): StallGate => ({
  sinceMs: ABSENT,
  lastMs: ABSENT,
  allocstall: ABSENT,
  pgscanDirect: ABSENT,
  someUs: ABSENT,
  someMs: ABSENT,
});

/** Whether a counter has moved since it was last read; it is not read in each turn. */
const hasMoved = (gate: StallGate, field: 'allocstall' | 'pgscanDirect', now: number): boolean => {
  if (now === ABSENT) return false;
  const before = gate[field];
  gate[field] = now;
  return before !== ABSENT && now > before;
};

const hasWaited = (gate: StallGate, someUs: number, nowMs: number): boolean => {
  if (someUs === ABSENT) return false;
  // Nobody waited, the rule: no arithmetic, which makes heap numbers under the interpreter.
  if (someUs === gate.someUs) {
    if (nowMs - gate.someMs >= PSI_MS) gate.someMs = nowMs;
    return false;
  }
  const isFirst = gate.someUs === ABSENT;
  const waitedMs = isFirst ? 0 : (someUs - gate.someUs) / US_PER_MS;
  const isSign = waitedMs > 0 && waitedMs >= Math.max(PSI_MS, nowMs - gate.someMs) * SOME_SHARE;
  if (isFirst || isSign || nowMs - gate.someMs >= PSI_MS) {
    gate.someUs = someUs;
    gate.someMs = nowMs;
  }
  return isSign;
};

/**
 * One turn: true while something stalls. Signs are direct reclaim (allocstall, pgscan_direct), tasks that wait for memory
 * (PSI some), a turn later than `lateMs`, and somebody who was killed and is not gone (`isDying`).
 */
export const somethingStalls = (
  gate: StallGate,
  sample: Sample,
  isDying: boolean,
  lateMs: number,
  nowMs: number,
): boolean => {
  const entered = hasMoved(gate, 'allocstall', sample.allocstall);
  const scanned = hasMoved(gate, 'pgscanDirect', sample.pgscanDirect);
  const waited = hasWaited(gate, sample.memorySomeUs, nowMs);
  if (gate.lastMs !== ABSENT && nowMs - gate.lastMs > GAP_MS) gate.sinceMs = gate.lastMs = ABSENT;
  if (entered || scanned || waited || isDying || sample.tickLateMs >= lateMs) {
    if (gate.sinceMs === ABSENT) gate.sinceMs = nowMs;
    gate.lastMs = nowMs;
  }
  return gate.sinceMs !== ABSENT && gate.lastMs - gate.sinceMs >= SPAN_MS;
};
