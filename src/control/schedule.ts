/** When the loop turns: after its own sleep, or at once when something wakes it. Never two turns at a time. */

export interface Schedule {
  /** Turns now: a PSI event, a signal. */
  wake(): void;
  stop(): void;
}

/** `turn` gets the time at which it was due and returns the milliseconds to sleep. */
export const schedule = (nowMs: () => number, turn: (dueMs: number) => number): Schedule => {
  let timer: NodeJS.Timeout;
  let stopped = false;
  const go = (dueMs: number): void => {
    const sleepMs = turn(dueMs);
    if (stopped) return;
    const nextMs = nowMs() + sleepMs;
    timer = setTimeout(go, sleepMs, nextMs);
  };
  timer = setTimeout(go, 0, nowMs());
  return {
    wake: () => {
      if (stopped) return;
      clearTimeout(timer);
      go(nowMs());
    },
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
};
