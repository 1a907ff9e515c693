/** "No more often than every N" is one timestamp: when it was last. Of timers that run in real time as of turns that are replayed. */

export interface Last {
  /** When it was; minus infinity: never. */
  ms: number;
}

export const never = (): Last => ({ ms: Number.NEGATIVE_INFINITY });

/** Whether `everyMs` have passed since. */
export const isDue = (last: Last, everyMs: number, nowMs: number): boolean => nowMs - last.ms >= everyMs;

/** Whether it is due; then it is this turn's, and the next one counts from now. */
export const takeTurn = (last: Last, everyMs: number, nowMs: number): boolean => {
  if (!isDue(last, everyMs, nowMs)) return false;
  last.ms = nowMs;
  return true;
};
