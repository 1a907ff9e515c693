/**
 * Reads that may never return, one after the other: each gets some time, then the others go on without it and it is told
 * which one hangs. It holds a thread of the pool until it returns and is not begun again before that.
 */

export interface Patience {
  /** What `read` gives, `absent` when it hangs (also from an earlier call of that name), fails, or too many hang. */
  ask<T>(name: string, read: () => Promise<T>, absent: T): Promise<T>;
  /** Names of those that hang now. */
  hanging(): readonly string[];
  /** Any is under way. */
  isWaiting(): boolean;
}

/** The pool has 12 threads, which reaping and examining need too. */
const HANGING_MAX = 2;

export const createPatience = (patienceMs: number): Patience => {
  const running = new Set<string>();
  const hanging = new Set<string>();
  return {
    ask: (name, read, absent) => {
      if (running.has(name) || hanging.size >= HANGING_MAX) return Promise.resolve(absent);
      running.add(name);
      const end = (): void => {
        running.delete(name);
        hanging.delete(name);
      };
      return new Promise((resolve) => {
        const timer = setTimeout(() => {
          hanging.add(name);
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
    hanging: () => [...hanging],
    isWaiting: () => running.size > 0,
  };
};
