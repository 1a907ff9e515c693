/**
 * The emergency scan: every known process's oom_score, and the status of candidates and of those who may not be killed, read
 * through kept descriptors. No
 * open, no listing, no allocation; a vanished process is marked GONE and cleaned up by the next refresh.
 */
import { FLAG } from '../../core/process-table.ts';
import { ABSENT } from '../../core/units.ts';
import { leaveGroups } from './mm-alike.ts';
import { readArmed, readScore, readSize } from './read-row.ts';
import type { IndexIo, Slots } from './slots.ts';

export const scan = (io: IndexIo, slots: Slots): void => {
  const { table } = slots;
  for (let row = 0; row < table.count; row++) {
    const slot = table.rows[row] as number;
    const flags = table.flags[slot] as number;
    if ((flags & (FLAG.KTHREAD | FLAG.GONE)) !== 0) continue;
    readScore(io, slots, slot);
    if ((flags & FLAG.ARMED) !== 0) readArmed(io, slots, slot);
    else if (slots.statusFd[slot] !== ABSENT) readSize(io, slots, slot);
  }
  leaveGroups(table);
};
