/**
 * The descriptors of threads that are followed: opened at the second look and read again from then on, since under pressure
 * every open falls into direct reclaim (150 of them took 16.7 s in a thrash, through kept descriptors 0.26 s). A kept
 * descriptor answers ESRCH once its thread has gone, whoever has its number then.
 */
import { ABSENT } from '../../core/units.ts';
import type { TaskIo } from './task-io.ts';
import type { ThreadFiles } from './thread-reader.ts';

/** A thread that core/stall follows. */
export interface Followed {
  readonly pid: number;
  readonly tid: number;
}

export interface KeptThread extends ThreadFiles {
  readonly pid: number;
  readonly tid: number;
  /** When it was last looked at. */
  lookedMs: number;
  /** A read of it is under way, perhaps for ever: its descriptors stay. */
  isBusy: boolean;
}

export interface KeptThreads {
  /** Keeps those that are followed now, closes the files of all others. */
  keep(followed: readonly Followed[]): void;
  /** Those that were not looked at since `beforeMs`, longest ago first. */
  due(beforeMs: number): KeptThread[];
  has(tid: number): boolean;
}

export const createKeptThreads = (io: TaskIo): KeptThreads => {
  const byTid = new Map<number, KeptThread>();
  const wanted = new Set<number>();

  const close = (kept: KeptThread): void => {
    byTid.delete(kept.tid);
    for (const fd of [kept.statFd, kept.wchanFd]) if (fd !== ABSENT) io.close(fd);
  };

  return {
    keep: (followed) => {
      wanted.clear();
      for (const { pid, tid } of followed) {
        wanted.add(tid);
        if (byTid.has(tid)) continue;
        byTid.set(tid, {
          pid,
          tid,
          statFd: ABSENT,
          wchanFd: ABSENT,
          lookedMs: Number.NEGATIVE_INFINITY,
          isBusy: false,
        });
      }
      for (const kept of byTid.values()) if (!wanted.has(kept.tid) && !kept.isBusy) close(kept);
    },
    due: (beforeMs) => {
      const due: KeptThread[] = [];
      for (const kept of byTid.values()) if (!kept.isBusy && kept.lookedMs <= beforeMs) due.push(kept);
      return due.sort((a, b) => a.lookedMs - b.lookedMs);
    },
    has: (tid) => byTid.has(tid),
  };
};
