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

/**
 * With less than that explained it is more likely a stranger than anybody who is known. A leak explains nearly all of it; page
 * tables, and files that are read in, are the rest. A round for nothing costs 150 ms.
 */
const KNOWN_SHARE = 0.75;

const COUNTED_MASK = FLAG.IDENTIFIED | FLAG.GONE | FLAG.NO_MM;

/**
 * Explained is what belongs to no process (tmpfs, slab, huge pages) as far as it has grown, and what the known have grown by
 * since the last calm round of the index: the size of a service that has always been that large is no explanation. false
 * before the first calm turn, or when nothing has gone.
 */
export const areStrangersLikely = (table: ProcessTable, sample: Sample, calm: Calm): boolean => {
  if (calm.availableKiB === ABSENT) return false;
  const goneKiB = calm.availableKiB - sample.memAvailableKiB - Math.max(0, heldKiB(sample) - calm.heldKiB);
  let grownKiB = 0;
  for (let row = 0; row < table.count; row++) {
    const slot = table.rows[row] as number;
    // Who is only listed may not be chosen, and is no explanation.
    if (((table.flags[slot] as number) & COUNTED_MASK) !== FLAG.IDENTIFIED) continue;
    grownKiB += Math.max(0, rowSizeKiB(table, slot) - Math.max(0, table.calmKiB[slot] as number));
  }
  return grownKiB < goneKiB * KNOWN_SHARE;
};
