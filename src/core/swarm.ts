/**
 * Many small processes of one parent that make a shortage together: none of them is the largest process of the host, and by
 * size an innocent service would die for them. The largest of them goes first; whether its parent replaces it is for
 * core/fork-storm.
 */
import type { Calm } from './futility.ts';
import type { ProcessTable } from './process-table.ts';
import type { Sample } from './sample.ts';
import { rowInMemoryKiB, rowSizeKiB } from './select/badness.ts';
import { isFirstChoice, type Ranking } from './select/rank.ts';
import { ABSENT } from './units.ts';

/** Fewer are ranked well enough one by one ... */
const MANY = 4;
/**
 * ... but beside one that has been there in calm and has what it had then. Of a fork storm three are known when it begins to hurt,
 * and of two of them not yet who their parent is: there all who are young count together.
 */
const FEW = 2;
/** Of what was lost: who has grown by less is not to blame for it. */
const UNMOVED_SHARE = 0.1;
/** What they have must be most of what was lost since calm, or they are no more to blame than anybody. */
const CAUSE_SHARE = 0.5;

interface Swarm {
  /** Without what was swapped out: that is not what MemAvailable has lost. */
  inMemoryKiB: number;
  count: number;
  largest: number;
}

const join = (swarm: Swarm, table: ProcessTable, { points }: Ranking, slot: number): void => {
  swarm.inMemoryKiB += rowInMemoryKiB(table, slot);
  swarm.count++;
  const isLarger = swarm.largest === ABSENT || (points[slot] as number) > (points[swarm.largest] as number);
  if (isLarger) swarm.largest = slot;
};

/** Whether its size explains nothing of what was lost since the last calm round. */
const isUnmoved = (table: ProcessTable, slot: number, calmArrivals: number, lostKiB: number): boolean => {
  const calmKiB = table.calmKiB[slot] as number;
  if ((table.arrival[slot] as number) > calmArrivals || calmKiB === ABSENT) return false;
  return rowSizeKiB(table, slot) - calmKiB < lostKiB * UNMOVED_SHARE;
};

/**
 * The slot to take in place of `best`, the first of the ranking: `best` itself where there is no swarm, or where the kernel
 * would take it whatever the others have. Young are those that came after `calmArrivals`, the arrivals of the table as of the
 * last calm round of the index; ABSENT: before the first.
 */
export const swarmVictim = (
  best: number,
  table: ProcessTable,
  ranking: Ranking,
  sample: Sample,
  calm: Calm,
  calmArrivals: number,
): number => {
  const lostKiB = calm.availableKiB - sample.memAvailableKiB;
  if (calmArrivals === ABSENT || calm.availableKiB === ABSENT || lostKiB <= 0) return best;
  if (isFirstChoice(ranking, best)) return best;
  const swarms = new Map<number, Swarm>();
  const all: Swarm = { inMemoryKiB: 0, count: 0, largest: ABSENT };
  let found: Swarm | null = null;
  for (let row = 0; row < table.count; row++) {
    const slot = table.rows[row] as number;
    const ppid = table.ppid[slot] as number;
    if (ranking.exclusion[slot] !== ABSENT || (table.arrival[slot] as number) <= calmArrivals) continue;
    join(all, table, ranking, slot);
    if (ppid <= 1) continue;
    const swarm = swarms.get(ppid) ?? { inMemoryKiB: 0, count: 0, largest: ABSENT };
    swarms.set(ppid, swarm);
    join(swarm, table, ranking, slot);
    if (found === null || swarm.inMemoryKiB > found.inMemoryKiB) found = swarm;
  }
  const isBlameless = isUnmoved(table, best, calmArrivals, lostKiB);
  const swarm = isBlameless ? all : found;
  if (swarm === null || swarm.count < (isBlameless ? FEW : MANY)) return best;
  if (swarm.inMemoryKiB < lostKiB * CAUSE_SHARE) return best;
  return swarm.inMemoryKiB > rowSizeKiB(table, best) ? swarm.largest : best;
};
