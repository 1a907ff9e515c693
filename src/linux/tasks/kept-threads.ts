/**
 * The descriptors of threads that are followed: opened once and read again and again, since under pressure every open falls
 * into direct reclaim (150 of them took 16.7 s in a thrash, through kept descriptors 0.26 s). A kept descriptor answers
 * ESRCH once its thread has gone, whoever has its number then.
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
  /** Told of just now: the next keep() says whether it is followed. */
  isOffered: boolean;
}

/** Held at the most that nobody follows; more are closed, and opened again if need be. */
const OFFERED_MAX = 128;

const NEVER_MS = Number.NEGATIVE_INFINITY;
const NO_FILES: ThreadFiles = { statFd: ABSENT, wchanFd: ABSENT };

export interface KeptThreads {
  /** Keeps those that are followed now, closes the files of all others. */
  keep(followed: readonly Followed[]): void;
  /** Files of a thread that was told of just now: held until it is known whether it is followed. */
  offer(pid: number, tid: number, files: ThreadFiles, nowMs: number): void;
  /** Closes files that nobody needs. */
  letGo(files: ThreadFiles): void;
  /** Those that were not looked at since `beforeMs`, longest ago first. */
  due(beforeMs: number): KeptThread[];
  has(tid: number): boolean;
}

export const createKeptThreads = (io: TaskIo): KeptThreads => {
  const byTid = new Map<number, KeptThread>();
  const wanted = new Set<number>();

  let offered = 0;

  const closeFiles = (files: ThreadFiles): void => {
    for (const fd of [files.statFd, files.wchanFd]) if (fd !== ABSENT) io.close(fd);
  };
  const close = (kept: KeptThread): void => {
    byTid.delete(kept.tid);
    closeFiles(kept);
  };

  return {
    keep: (followed) => {
      wanted.clear();
      for (const { pid, tid } of followed) {
        wanted.add(tid);
        const known = byTid.get(tid);
        if (known !== undefined) known.isOffered = false;
        else byTid.set(tid, { pid, tid, ...NO_FILES, lookedMs: NEVER_MS, isBusy: false, isOffered: false });
      }
      offered = 0;
      for (const kept of byTid.values()) if (!wanted.has(kept.tid) && !kept.isBusy) close(kept);
    },
    offer: (pid, tid, { statFd, wchanFd }, nowMs) => {
      if (offered >= OFFERED_MAX || byTid.has(tid)) {
        closeFiles({ statFd, wchanFd });
        return;
      }
      offered++;
      byTid.set(tid, { pid, tid, statFd, wchanFd, lookedMs: nowMs, isBusy: false, isOffered: true });
    },
    letGo: closeFiles,
    due: (beforeMs) => {
      const due: KeptThread[] = [];
      for (const kept of byTid.values()) {
        if (!kept.isBusy && !kept.isOffered && kept.lookedMs <= beforeMs) due.push(kept);
      }
      return due.sort((a, b) => a.lookedMs - b.lookedMs);
    },
    has: (tid) => byTid.has(tid),
  };
};
