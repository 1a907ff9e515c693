/**
 * What one look at a thread showed, as linux/tasks reads it and core/stall judges it, and what a whole walk counted.
 * Records are made once and filled again.
 */
import { ABSENT } from './units.ts';

/**
 * Where a thread in D sleeps, by /proc/PID/task/TID/wchan. elsewhere: in none of the others; unknown: not read, as for one
 * that is not in D, or not told (always "0" on Debian's 5.10, kernel-facts 4.6).
 */
export const PLACES = ['unknown', 'elsewhere', 'reclaim', 'over_high', 'mmap_lock', 'page_io'] as const;
export type Place = (typeof PLACES)[number];

/** Task flags with the same meaning from 5.10 to 7.2 (include/linux/sched.h; kernel-facts 4.2). */
export const TASK_FLAG = {
  EXITING: 0x4,
  MEMALLOC: 0x800,
  KSWAPD: 0x20000,
  /** PF_MEMALLOC_NOFS and PF_MEMALLOC_NOIO: reclaim may not enter a file system, and the killer is not called. */
  NO_FS: 0xc0000,
  KTHREAD: 0x200000,
} as const;

export interface ThreadReading {
  /** When it was read, monotonic. */
  atMs: number;
  pid: number;
  tid: number;
  /** With tid the identity: a number that is used again has another start (kernel-facts 4.2). ABSENT when not read. */
  startTimeTicks: number;
  /** As the thread set it, one character a byte. */
  comm: string;
  /** One letter: R, S, D, ...; "" when the thread has gone. */
  state: string;
  /** TASK_FLAG and others; ABSENT when stat was not read. */
  flags: number;
  /** USER_HZ ticks in user mode, and major faults, since it began; ABSENT when not read. */
  utimeTicks: number;
  majorFaults: number;
  /** SIGKILL is pending for this thread: fatal_signal_pending() of the kernel. */
  isKillPending: boolean;
  place: Place;
  /** Context switches since it began; ABSENT when not asked for. */
  switches: number;
}

export const emptyReading = (): ThreadReading => ({
  atMs: 0,
  pid: ABSENT,
  tid: ABSENT,
  startTimeTicks: ABSENT,
  comm: '',
  state: '',
  flags: ABSENT,
  utimeTicks: ABSENT,
  majorFaults: ABSENT,
  isKillPending: false,
  place: 'unknown',
  switches: ABSENT,
});

/** What a walk over all threads counted (kmallocwd's dying, exiting and victim; kernel-facts 2.2 and 2.6). */
export interface WalkCounts {
  /** Walks completed since control started; 0: none. */
  walks: number;
  /** Of processes: kernel threads are left out. */
  threads: number;
  /** SIGKILL pending for the thread. */
  dying: number;
  /** PF_EXITING, and not a zombie. */
  exiting: number;
  /** Of processes that somebody killed and that are not gone. */
  victim: number;
}

const emptyWalkCounts = (): WalkCounts => ({ walks: 0, threads: ABSENT, dying: 0, exiting: 0, victim: 0 });

/** What linux/tasks has found out since the last turn. */
export interface ThreadFindings {
  /** Readings of threads that are worth a look: the first `count` of `readings`. */
  count: number;
  readonly readings: readonly ThreadReading[];
  /** As of the last whole walk. */
  readonly walk: WalkCounts;
  /** Whose stat has not answered for seconds: its exec_update_lock is held (kernel-facts 0.5); ABSENT: nobody's. */
  hungPid: number;
}

/** Findings with room for `capacity` readings. */
export const createThreadFindings = (capacity: number): ThreadFindings => ({
  count: 0,
  readings: Array.from({ length: capacity }, emptyReading),
  walk: emptyWalkCounts(),
  hungPid: ABSENT,
});
