/**
 * Reads that may never return, one after the other: each gets some time, then the others go on without it and it can be asked
 * which one hangs. It holds a thread of the pool until it returns and is not begun again before that.
 */

export interface Patience {
  /** What `read` gives, `absent` when it hangs (also from an earlier call of that name), fails, or too many hang. */
  ask<T>(name: string, read: () => Promise<T>, absent: T): Promise<T>;
  /** Names of those that hang now and were begun `forMs` ago at least. */
  hanging(forMs: number): readonly string[];
  /** Any is under way. */
  isWaiting(): boolean;
}

/** The pool has 12 threads, which reaping and examining need too. */
const HANGING_MAX = 2;

/** Asked for each turn, which allocates nothing while all is well. */
const NONE: readonly string[] = [];

/** `nowMs`: the monotonic clock. */
export const createPatience = (patienceMs: number, nowMs: () => number): Patience => {
  const running = new Set<string>();
  /** With when it was begun. */
  const hanging = new Map<string, number>();
  return {
    ask: (name, read, absent) => {
      if (running.has(name) || hanging.size >= HANGING_MAX) return Promise.resolve(absent);
      running.add(name);
      const sinceMs = nowMs();
      const end = (): void => {
        running.delete(name);
        hanging.delete(name);
      };
      return new Promise((resolve) => {
        const timer = setTimeout(() => {
          hanging.set(name, sinceMs);
          resolve(absent);
        }, patienceMs);
        read().then(
          (value) => {
            clearTimeout(timer);
            end();
            resolve(value);
          },
          // Not there (no ZFS, no cgroup v2), or not ours to read: there is nothing to tell of it.
          () => {
            clearTimeout(timer);
            end();
            resolve(absent);
          },
        );
      });
    },
    hanging: (forMs) =>
      hanging.size === 0
        ? NONE
        : [...hanging].filter(([, sinceMs]) => nowMs() - sinceMs >= forMs).map(([name]) => name),
    isWaiting: () => running.size > 0,
  };
};
