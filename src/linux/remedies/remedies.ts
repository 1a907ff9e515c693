/**
 * Carries out remedies on the thread pool. Nothing here waits: take() is called each turn and tells also of a call that
 * has not returned, which then keeps its thread of the pool until it does.
 */
import type { Dying } from '../../core/dying.ts';
import type { RemedyTask } from '../../core/intent.ts';
import type { Remedied, Remedy } from '../../core/remedy.ts';
import type { Roots } from '../root.ts';
import { type Attempt, changed, type Means } from './attempt.ts';
import { thawFileSystem } from './file-system.ts';
import { thawFreezer } from './freezer.ts';
import { abortFuse } from './fuse.ts';
import { setMemoryHigh } from './memory-high.ts';

/** Each of these files answers in milliseconds; after this a lock is held: cgroup_mutex, that of the connection, s_umount. */
export const HUNG_MS = 5000;

export interface Remedies {
  begin(task: RemedyTask): void;
  take(into: Remedied[]): void;
  /** A call is under way, perhaps for ever: an ordinary exit would wait for it. */
  isWaiting(): boolean;
}

/** sys/locks.ts has it; `done` runs on the main thread with 0 or -errno. */
export interface RemedyIo {
  thawAsync(fd: number, done: (answer: number) => void): void;
}

const attempt = (remedy: Remedy, means: Means): Promise<Attempt> => {
  switch (remedy.kind) {
    case 'thaw_freezer_v1':
    case 'thaw_freezer_v2':
      return thawFreezer({ ...remedy, kind: remedy.kind }, means);
    case 'abort_fuse':
      return abortFuse(remedy, means);
    case 'thaw_file_system':
      return thawFileSystem(remedy, means);
    case 'lift_memory_high':
    case 'restore_memory_high':
      return setMemoryHigh(remedy, means);
  }
};

export const createRemedies = (
  io: RemedyIo,
  roots: Roots,
  nowMs: () => number,
  /** The victim has gone, and its pid may be another process's. */
  isGone: (dying: Dying) => boolean,
): Remedies => {
  const results: Remedied[] = [];
  const underWay = new Map<number, { readonly sinceMs: number; isTold: boolean }>();
  const means: Means = { roots, thaw: (fd) => new Promise((resolve) => io.thawAsync(fd, resolve)) };

  const end = (serial: number, result: Attempt): void => {
    underWay.delete(serial);
    results.push({ serial, ...result });
  };

  return {
    begin: ({ remedy, dying }) => {
      const { serial } = remedy;
      underWay.set(serial, { sinceMs: nowMs(), isTold: false });
      if (dying !== null && isGone(dying)) end(serial, changed('the victim has gone meanwhile'));
      else void attempt(remedy, means).then((result) => end(serial, result));
    },
    take: (into) => {
      if (underWay.size === 0 && results.length === 0) return;
      for (const [serial, each] of underWay) {
        if (each.isTold || nowMs() - each.sinceMs < HUNG_MS) continue;
        each.isTold = true;
        results.push({ serial, result: 'hung', errno: 0, oldValue: '', newValue: '', detail: '' });
      }
      while (results.length > 0) into.push(results.shift() as Remedied);
    },
    isWaiting: () => underWay.size > 0,
  };
};
