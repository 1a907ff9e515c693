/** Makes the children of some processes known at once, for a budget: in a fork storm they are younger than any round. */
import { FLAG } from '../../core/process-table.ts';
import { ABSENT } from '../../core/units.ts';
import { readChildren } from './children.ts';
import type { IndexIo, Slots } from './slots.ts';

/** Children, and theirs: a shell is often in between. */
const DEPTH = 2;

export interface Descent {
  readonly io: IndexIo;
  readonly slots: Slots;
  readonly procRoot: string;
  /** Enrols, identifies and arms; its slot or ABSENT. */
  know(pid: number): number;
  nowMs(): number;
}

/** A first look may have been between fork and exec: identified once more after this. */
const SECOND_LOOK_MS = 300;

const isKnown = (slots: Slots, pid: number, nowMs: number): boolean => {
  const slot = slots.byPid.get(pid);
  if (slot === undefined || ((slots.table.flags[slot] as number) & FLAG.IDENTIFIED) === 0) return false;
  return (slots.identities[slot] as number) > 1 || nowMs - (slots.identifiedMs[slot] as number) < SECOND_LOOK_MS;
};

/** `pids` themselves first, then level by level. What does not fit into `budgetMs` is left to the next call. */
export const descend = (
  { io, slots, procRoot, know, nowMs }: Descent,
  pids: readonly number[],
  budgetMs: number,
): void => {
  const endMs = nowMs() + budgetMs;
  let level: readonly number[] = pids;
  for (let depth = 0; depth <= DEPTH; depth++) {
    const below: number[] = [];
    for (const pid of level) {
      if (nowMs() >= endMs) return;
      if (!isKnown(slots, pid, nowMs()) && know(pid) === ABSENT) continue;
      if (depth < DEPTH) readChildren(io, procRoot, pid, below);
    }
    level = below;
  }
};
