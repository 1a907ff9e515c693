/**
 * What only /proc/PID/stat has: start times, and who is in exit with its memory attached (PF_EXITING). Since the 2026
 * stable kernels reading it can wait for the target's exec_update_lock for ever (kernel-facts 0.5), so it is read on the
 * lane, one process at a time, off the loop.
 */
import { readFile } from 'node:fs';
import { FLAG, type ProcessTable } from '../../core/process-table.ts';
import { ABSENT } from '../../core/units.ts';
import { emptyPidStat, PF, type PidStat, parsePidStat } from '../proc/pid-stat.ts';
import { TASK_STATE } from '../proc/pid-status.ts';
import type { Lane } from './lane.ts';

export interface StatSweep {
  /** Starts reading for the next armed process that has no start time, or was seen exiting; round and round. */
  next(): void;
  /** Looks at every armed process once, one after the other, for who is exiting: while a shortage approaches. */
  lookForExits(): void;
}

/** One that was seen exiting is no candidate, so it need not be armed any more. */
const WATCHED = FLAG.ARMED | FLAG.EXITING;

/**
 * PF_EXITING, and the mm still there: vsize is 0 once exit_mm() has let go of it (do_exit() sets the flag first,
 * kernel-facts 4.1). A zombie has none.
 */
const isExitingWithMemory = ({ state, flags, vsizeBytes }: PidStat): boolean =>
  (flags & PF.EXITING) !== 0 && vsizeBytes > 0 && state !== TASK_STATE.ZOMBIE && state !== TASK_STATE.DEAD;

export const createStatSweep = (
  table: ProcessTable,
  procRoot: string,
  lane: Lane,
  /** Whether the slot's kept descriptor still answers, and is of this pid. */
  isSame: (slot: number, pid: number) => boolean,
): StatSweep => {
  const stat = emptyPidStat();
  let isReading = false;
  /** The row behind the last one asked for: one that cannot be read must not keep the others from theirs. */
  let cursor = 0;
  /** Rows that the sweep for exits has still to look at. */
  let left = 0;

  const take = (slot: number): void => {
    table.startTimeTicks[slot] = stat.startTimeTicks;
    const flags = table.flags[slot] as number;
    table.flags[slot] = isExitingWithMemory(stat) ? flags | FLAG.EXITING : flags & ~FLAG.EXITING;
  };
  const read = (slot: number): void => {
    const pid = table.pid[slot] as number;
    isReading = true;
    lane.run((ended) =>
      readFile(`${procRoot}/${pid}/stat`, (error, content) => {
        ended();
        isReading = false;
        // isSame reads a kept descriptor: the file that was opened by number was this process's.
        const isIts = error === null && table.pid[slot] === pid && isSame(slot, pid);
        if (isIts && parsePidStat(content, content.length, stat) === null) take(slot);
        sweep();
      }),
    );
  };
  /** The next watched row behind the cursor that is `wanted`, within `rows`; those looked at are counted off. */
  const readNext = (rows: number, wanted: (slot: number) => boolean): number => {
    for (let step = 0; step < rows && table.count > 0; step++) {
      const row = (cursor + step) % table.count;
      const slot = table.rows[row] as number;
      if (((table.flags[slot] as number) & WATCHED) === 0 || !wanted(slot)) continue;
      cursor = row + 1;
      read(slot);
      return step + 1;
    }
    return rows;
  };
  const sweep = (): void => {
    if (left > 0 && !isReading) left -= readNext(left, () => true);
  };

  return {
    next: () => {
      if (isReading) return;
      const isWanted = (slot: number): boolean =>
        table.startTimeTicks[slot] === ABSENT || ((table.flags[slot] as number) & FLAG.EXITING) !== 0;
      readNext(table.count, isWanted);
    },
    lookForExits: () => {
      left = table.count;
      sweep();
    },
  };
};
