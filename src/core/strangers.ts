/**
 * Whether somebody must be there whom nobody knows yet: what has gone since calm is in no known process. The index is brought
 * up to date in calm times only, so the children of a fork storm, or a program that fills memory within a second of its
 * start, are younger than its last round, and an innocent would die in their place.
 */
import { type Calm, heldKiB } from './futility.ts';
import { FLAG, type ProcessTable } from './process-table.ts';
import type { Sample } from './sample.ts';
import { rowSizeKiB } from './select/badness.ts';
import { ABSENT } from './units.ts';

/** With less than that explained it is more likely a stranger than anybody who is known. */
const KNOWN_SHARE = 0.5;

const COUNTED_MASK = FLAG.IDENTIFIED | FLAG.GONE | FLAG.NO_MM;

/**
 * Explained is what belongs to no process (tmpfs, slab, huge pages) as far as it has grown, what the young have, and the
 * largest of the others, which may be the leak. Young are those with a pid above `calmPid`, the youngest process of the last
 * calm round of the index. false before the first calm turn, or when nothing has gone.
 */
export const areStrangersLikely = (table: ProcessTable, sample: Sample, calm: Calm, calmPid: number): boolean => {
  if (calm.availableKiB === ABSENT || calmPid === ABSENT) return false;
  const goneKiB = calm.availableKiB - sample.memAvailableKiB - Math.max(0, heldKiB(sample) - calm.heldKiB);
  let youngKiB = 0;
  let largestKiB = 0;
  for (let row = 0; row < table.count; row++) {
    const slot = table.rows[row] as number;
    // Who is only listed may not be chosen, and is no explanation.
    if (((table.flags[slot] as number) & COUNTED_MASK) !== FLAG.IDENTIFIED) continue;
    const sizeKiB = rowSizeKiB(table, slot);
    if ((table.pid[slot] as number) > calmPid) youngKiB += sizeKiB;
    else largestKiB = Math.max(largestKiB, sizeKiB);
  }
  return youngKiB + largestKiB < goneKiB * KNOWN_SHARE;
};
