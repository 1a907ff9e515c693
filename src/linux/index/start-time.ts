/**
 * Start times, read off the loop: since the 2026 stable kernels reading /proc/PID/stat can wait for the target's
 * exec_update_lock for ever (kernel-facts 0.5). One read is in flight at a time, on a thread of the pool; one that does
 * not answer costs that thread and the start times that have not been read yet, never a tick.
 */
import { readFile } from 'node:fs';
import { FLAG, type ProcessTable } from '../../core/process-table.ts';
import { ABSENT } from '../../core/units.ts';
import { emptyPidStat, parsePidStat } from '../proc/pid-stat.ts';

export interface StartTimes {
  /** Starts reading for the next armed process that has none, round and round. */
  next(): void;
  /** Since when the read in flight has been waiting; ABSENT when none is. */
  waitingSinceMs(): number;
}

export const createStartTimes = (
  table: ProcessTable,
  procRoot: string,
  nowMs: () => number,
  isSame: (slot: number, pid: number) => boolean,
): StartTimes => {
  const stat = emptyPidStat();
  let waitingSince: number = ABSENT;
  /** The row behind the last one asked for: one that cannot be read must not keep the others from theirs. */
  let cursor = 0;
  const read = (slot: number, pid: number): void => {
    waitingSince = nowMs();
    readFile(`${procRoot}/${pid}/stat`, (error, content) => {
      waitingSince = ABSENT;
      // isSame reads a kept descriptor: the file that was opened by number was this process's.
      if (error !== null || table.pid[slot] !== pid || !isSame(slot, pid)) return;
      if (parsePidStat(content, content.length, stat) === null) table.startTimeTicks[slot] = stat.startTimeTicks;
    });
  };
  return {
    next: () => {
      if (waitingSince !== ABSENT) return;
      for (let step = 0; step < table.count; step++) {
        const row = (cursor + step) % table.count;
        const slot = table.rows[row] as number;
        const wanted = ((table.flags[slot] as number) & FLAG.ARMED) !== 0 && table.startTimeTicks[slot] === ABSENT;
        if (wanted) {
          cursor = row + 1;
          read(slot, table.pid[slot] as number);
          return;
        }
      }
    },
    waitingSinceMs: () => waitingSince,
  };
};
