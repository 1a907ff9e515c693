/**
 * Memory that no process returns by its death, watched while memory is short: when it is worth a look who has it, and when
 * it is what makes the shortage, which is told at once and not only when somebody was about to be killed for it.
 */
import type { OomwatchdEvent } from './event.ts';
import type { Holder } from './holder.ts';
import { memoryFacts } from './memory-facts.ts';
import type { Sample } from './sample.ts';
import { ABSENT } from './units.ts';
import { LEVEL } from './verdict.ts';

export interface Holding {
  /** It is worth a look. */
  isWanted: boolean;
  /** Of the last calm turn, KiB; ABSENT before. */
  calmAvailableKiB: number;
  calmNobodysKiB: number;
  /** When it was told last; ABSENT: not in this shortage. */
  toldMs: number;
  /** The largest holder as it was told then. */
  toldKiB: number;
}

export const createHolding = (): Holding => ({
  isWanted: false,
  calmAvailableKiB: ABSENT,
  calmNobodysKiB: ABSENT,
  toldMs: ABSENT,
  toldKiB: 0,
});

/** Kernel, slab and the tmpfs of /run take some 5 % of an ordinary host. */
const WORTH_A_LOOK = 0.1;
/** Half of what was lost since calm went there; of a shortage that was there before us, half of all memory is. */
const CAUSE_SHARE = 0.5;
/** Told again while it lasts: a person who comes late finds it near the end of the log. */
const REPEAT_MS = 60_000;
/** Or sooner when it has grown so much: what a look in the approach found is told at once, and may be a beginning. */
const GROWN = 1.5;

/**
 * What is neither free, nor anonymous memory of a process, nor page cache on the LRU: shmem, slab, page tables, huge pages,
 * what drivers took. From lines that every tick has; ABSENT where one of them is.
 */
export const nobodysKiB = (sample: Sample): number => {
  const { memTotalKiB, memFreeKiB, anonPagesKiB, activeFileKiB, inactiveFileKiB } = sample;
  if (Math.min(memTotalKiB, memFreeKiB, anonPagesKiB, activeFileKiB, inactiveFileKiB) === ABSENT) return ABSENT;
  return Math.max(0, memTotalKiB - memFreeKiB - anonPagesKiB - activeFileKiB - inactiveFileKiB);
};

/** Whether it is what makes the shortage. */
const isCause = (holding: Holding, sample: Sample, heldKiB: number): boolean => {
  if (heldKiB >= sample.memTotalKiB * CAUSE_SHARE) return true;
  if (holding.calmNobodysKiB === ABSENT) return false;
  const lostKiB = holding.calmAvailableKiB - sample.memAvailableKiB;
  return lostKiB > 0 && heldKiB - holding.calmNobodysKiB >= lostKiB * CAUSE_SHARE;
};

const sumKiB = (holders: readonly Holder[]): number => {
  let sum = 0;
  for (const { sizeKiB } of holders) sum += sizeKiB;
  return sum;
};

const alarm = (heldKiB: number, holders: readonly Holder[], sample: Sample): OomwatchdEvent => ({
  kind: 'holders',
  heldKiB,
  holders,
  memory: memoryFacts(sample),
});

/** `looked`: what a look found that has ended since the last turn, null when none has. Returns the holders as known now. */
export const followHolding = (
  holding: Holding,
  holders: readonly Holder[],
  looked: readonly Holder[] | null,
  sample: Sample,
  level: number,
  nowMs: number,
  events: OomwatchdEvent[],
): readonly Holder[] => {
  const heldKiB = nobodysKiB(sample);
  holding.isWanted = level >= LEVEL.APPROACH && heldKiB >= sample.memTotalKiB * WORTH_A_LOOK;
  if (level === LEVEL.CALM) {
    if (holding.toldMs !== ABSENT) events.push(alarm(heldKiB, [], sample));
    holding.toldMs = ABSENT;
    holding.calmAvailableKiB = sample.memAvailableKiB;
    holding.calmNobodysKiB = heldKiB;
    return holders.length === 0 ? holders : [];
  }
  const known = looked ?? holders;
  const largestKiB = known[0]?.sizeKiB ?? 0;
  if (level < LEVEL.TERM || largestKiB === 0) return known;
  const isDue = holding.toldMs === ABSENT || nowMs - holding.toldMs >= REPEAT_MS;
  // What was found in the approach is told at once where it explains the shortage; else the next look names who has it.
  if (looked === null && sumKiB(known) < heldKiB * CAUSE_SHARE) return known;
  if ((isDue || largestKiB >= holding.toldKiB * GROWN) && isCause(holding, sample, heldKiB)) {
    holding.toldMs = nowMs;
    holding.toldKiB = largestKiB;
    events.push(alarm(heldKiB, known, sample));
  }
  return known;
};
