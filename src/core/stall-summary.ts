/** What core/stall says of a moment and core/livelock judges: counts as kmallocwd prints them, and where the stalled are. */
import { ABSENT } from './units.ts';

export interface StallSummary {
  /** Threads that stall in allocation or reclaim: seen so again and again without progress in user mode. */
  stalling: number;
  /** As kmallocwd counts (mm/page_alloc.c of its patch): threads with SIGKILL pending, with PF_EXITING, of OOM victims. */
  dying: number;
  exiting: number;
  victim: number;
  /** Of the longest stall, ABSENT while nothing stalls. */
  longestMs: number;
  /** Of the stalling: in D, runnable (burning CPU in reclaim), in a throttle of memory.high, waiting for a mmap_lock. */
  uninterruptible: number;
  runnable: number;
  overHigh: number;
  mmapLock: number;
  /** Waiting for pages to be read in or written out (io_schedule, folio_wait_*, swap). */
  pageIo: number;
  /** With PF_MEMALLOC_NOFS or PF_MEMALLOC_NOIO (0x40000, 0x80000 of include/linux/sched.h): they never call the killer. */
  noFs: number;
  /** Threads seen by the last whole walk; ABSENT before the first. */
  seen: number;
}

export const emptyStallSummary = (): StallSummary => ({
  stalling: 0,
  dying: 0,
  exiting: 0,
  victim: 0,
  longestMs: ABSENT,
  uninterruptible: 0,
  runnable: 0,
  overHigh: 0,
  mmapLock: 0,
  pageIo: 0,
  noFs: 0,
  seen: ABSENT,
});
