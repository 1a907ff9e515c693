/** What is told of stalled allocations: members of the union in event.ts. */
import type { Place } from './thread-readings.ts';

/** A thread that a stall warning names, as kmallocwd's MemAlloc line does. */
export interface StalledTask {
  /** Of the process, and of the thread. */
  pid: number;
  tid: number;
  comm: string;
  /** Field 9 of stat. */
  flags: number;
  /** ABSENT when it could not be read yet. */
  switches: number;
  /** ABSENT for kswapd, which is listed whatever it does. */
  delayMs: number;
  place: Place;
  isUninterruptible: boolean;
  isExiting: boolean;
  isDying: boolean;
  isVictim: boolean;
}

export type StallEvent =
  /** Threads have stalled in allocation for long; the counts are those of kmallocwd (core/stall-summary.ts). */
  | {
      kind: 'stall';
      stalling: number;
      dying: number;
      exiting: number;
      victim: number;
      /** vmstat oom_kill since boot, ABSENT when unknown. */
      oomCount: number;
      longestMs: number;
      /** Threads of the last whole walk, ABSENT before the first. */
      seen: number;
    }
  /** One of them; a few follow each warning. */
  | ({ kind: 'stalled_task' } & StalledTask)
  | { kind: 'stall_over'; longestMs: number };
