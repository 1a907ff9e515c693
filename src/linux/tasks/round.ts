/**
 * One round over all threads of the host: for each process its leader, and the others where the leader's stat says that
 * there are some, so that most processes cost no listing. Kernel threads are asked once and left out from then on.
 */
import { ABSENT } from '../../core/units.ts';
import type { TaskIo } from './task-io.ts';

/** A number that is used again may be a process by now: known kernel threads are asked anew after so many rounds. */
const KNOWN_FOR_ROUNDS = 8;

const isNumber = (name: string): boolean => /^\d+$/.test(name);

export interface Round {
  /** The thread to look at, as of the last next(). */
  readonly at: { pid: number; tid: number };
  /** Moves on; false at the end of the round, and the next call begins another. */
  next(): Promise<boolean>;
  /** To be said of the thread looked at, when it is a leader, before next(). */
  hasThreads(threads: number): void;
  isKernelThread(): void;
  /** Gives the round up. */
  stop(): void;
}

/**
 * `knownKernelThreads` adds those that are known already, kswapd left out: each that is asked costs an open, and a host has
 * more of them than of all others while its work is one big process.
 */
export const createRound = (procRoot: string, io: TaskIo, knownKernelThreads: (into: Set<number>) => void): Round => {
  const at = { pid: ABSENT, tid: ABSENT };
  const kernelThreads = new Set<number>();
  let threads = 0;
  let rounds = 0;
  let walk: AsyncIterator<void> | null = null;

  async function* all(): AsyncGenerator<void> {
    for await (const name of io.list(procRoot)) {
      if (!isNumber(name) || kernelThreads.has(Number(name))) continue;
      at.pid = at.tid = Number(name);
      threads = 0;
      yield;
      if (threads <= 1) continue;
      for await (const thread of io.list(`${procRoot}/${name}/task`)) {
        if (thread === name || !isNumber(thread)) continue;
        at.tid = Number(thread);
        yield;
      }
    }
  }

  return {
    at,
    next: async () => {
      if (walk === null) {
        if (rounds++ % KNOWN_FOR_ROUNDS === 0) {
          kernelThreads.clear();
          knownKernelThreads(kernelThreads);
        }
        walk = all();
      }
      const { done } = await walk.next();
      if (done === true) walk = null;
      return done !== true;
    },
    hasThreads: (count) => {
      threads = count;
    },
    isKernelThread: () => {
      kernelThreads.add(at.pid);
    },
    stop: () => {
      // Closes the directories; it does not reject, as listing does not.
      void walk?.return?.();
      walk = null;
      rounds = 0;
    },
  };
};
