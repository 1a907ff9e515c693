/** Enrols a process that somebody else has killed: it may have grown and died between two rounds of the index. */
import { FLAG } from '../../core/process-table.ts';
import { ABSENT } from '../../core/units.ts';
import { arm } from '../index/arm.ts';
import { enrol } from '../index/enrol.ts';
import type { ProcessIndex } from '../index/process-index.ts';
import { readArmed, readScore } from '../index/read-row.ts';
import { processOf } from '../kernel-log/thread-group.ts';
import type { VictimIo } from './watch.ts';

/**
 * Its slot, identified and with pidfd and status kept; ABSENT when it has gone, when it does not fit, or when the row of
 * its pid is still that of a predecessor. The next round of the index disarms it again unless it is pinned.
 */
export const enrolVictim = (
  io: VictimIo,
  { slots, table, identify }: Pick<ProcessIndex, 'slots' | 'table' | 'identify'>,
  procRoot: string,
  tid: number,
): number => {
  const pid = processOf(io, procRoot, tid);
  const known = slots.byPid.get(pid);
  const slot = known === undefined ? enrol(io, slots, procRoot, pid) : known;
  if (slot === ABSENT) return ABSENT;
  readScore(io, slots, slot);
  const flagsOf = (): number => table.flags[slot] as number;
  if ((flagsOf() & FLAG.IDENTIFIED) === 0) identify(slot);
  if ((flagsOf() & (FLAG.GONE | FLAG.KTHREAD)) !== 0) return ABSENT;
  // Out of descriptors it is told by its score alone.
  if (arm(io, slots, { procRoot }, slot) === 0) readArmed(io, slots, slot);
  return slot;
};
