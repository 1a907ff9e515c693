/**
 * One lane for everything that may wait for another process's exec_update_lock without limit (kernel-facts 4.4: stat,
 * syscall, stack, kcmp). All of it runs on threads of the pool, of which there are four in all: one call is in flight at
 * a time, whoever asks, so that one that hangs costs one thread. The others wait behind it, and it is told since when.
 */
import { ABSENT } from '../../core/units.ts';

/** Starts a call; `ended` must be called once, when it has ended. */
type Start = (ended: () => void) => void;

export interface Lane {
  /** Starts at once when nothing is in flight, else in turn. Whoever asks has at most one waiting. */
  run(start: Start): void;
  /** Since when the call in flight has been waiting; ABSENT when none is. */
  waitingSinceMs(): number;
}

export const createLane = (nowMs: () => number): Lane => {
  const waiting: Start[] = [];
  let sinceMs: number = ABSENT;
  const begin = (start: Start): void => {
    sinceMs = nowMs();
    start(() => {
      sinceMs = ABSENT;
      const next = waiting.shift();
      if (next !== undefined) begin(next);
    });
  };
  return {
    run: (start) => {
      if (sinceMs === ABSENT) begin(start);
      else waiting.push(start);
    },
    waitingSinceMs: () => sinceMs,
  };
};
