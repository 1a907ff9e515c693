/**
 * What a search for mm groups has found so far: of each key the distinct mms, in the order that kcmp(2) gives them, each
 * by one process that has it. Nothing here calls the kernel.
 */
import { areAlike, FLAG } from '../../core/process-table.ts';
import { ABSENT } from '../../core/units.ts';
import type { Slots } from './slots.ts';

/** A process as it was when the pass began. */
export interface Entry {
  readonly slot: number;
  readonly generation: number;
  readonly key: number;
  /** The slot of the first one found with its mm, ABSENT while alone. */
  group: number;
}

export interface MmPass {
  /** Whom to look at, the armed ones first: only a group with one of them matters, as nobody else is a candidate. */
  readonly order: readonly Entry[];
  at: number;
  /** By key: one process for each mm that an armed process has. */
  readonly firsts: Map<number, Entry[]>;
}

const SKIPPED = FLAG.KTHREAD | FLAG.GONE | FLAG.NO_MM;

/** A thread of its own tells about a process whose leader has exited: that one has no mm any more. */
const isComparable = (slots: Slots, slot: number): boolean => {
  const flags = slots.table.flags[slot] as number;
  if (slots.table.mmKey[slot] === ABSENT || (flags & SKIPPED) !== 0) return false;
  return (flags & FLAG.ZOMBIE_LEADER) === 0 || (slots.liveTid[slot] as number) !== 0;
};

export const isArmed = (slots: Slots, slot: number): boolean =>
  ((slots.table.flags[slot] as number) & FLAG.ARMED) !== 0;

export const beginPass = (slots: Slots): MmPass => {
  const { table } = slots;
  const byKey = new Map<number, number[]>();
  for (const slot of table.rows.subarray(0, table.count)) {
    if (!isComparable(slots, slot)) continue;
    const key = table.mmKey[slot] as number;
    const others = byKey.get(key);
    if (others === undefined) byKey.set(key, [slot]);
    else others.push(slot);
  }
  const worth = [...byKey.values()].filter((alike) => alike.length > 1).flat();
  const armed = worth.filter((slot) => isArmed(slots, slot));
  const others = worth.filter((slot) => !isArmed(slots, slot));
  const order = [...armed, ...others].map((slot) => ({
    slot,
    generation: slots.generation[slot] as number,
    key: table.mmKey[slot] as number,
    group: ABSENT,
  }));
  return { order, at: 0, firsts: new Map() };
};

/** Whether the slot still has the process that it had when the pass began. */
export const isStill = (slots: Slots, { slot, generation }: Entry): boolean =>
  slots.generation[slot] === generation && ((slots.table.flags[slot] as number) & FLAG.GONE) === 0;

/** Whether one of them can have the mm of the entry. */
export const isWorthAsking = (slots: Slots, firsts: readonly Entry[], entry: Entry): boolean => {
  for (const first of firsts) if (areAlike(slots.table, first.slot, entry.slot)) return true;
  return false;
};

/** Those that the entry is looked up among, in the order of kcmp(2). */
export const firstsOf = (pass: MmPass, { key }: Entry): Entry[] => {
  let firsts = pass.firsts.get(key);
  if (firsts === undefined) {
    firsts = [];
    pass.firsts.set(key, firsts);
  }
  return firsts;
};

export const join = (entry: Entry, first: Entry): void => {
  first.group = first.slot;
  entry.group = first.slot;
};

/** All at once, so that a number never stands for two groups. */
export const commitPass = (slots: Slots, pass: MmPass): void => {
  const { table } = slots;
  for (let row = 0; row < table.count; row++) table.mmGroup[table.rows[row] as number] = ABSENT;
  for (const entry of pass.order) {
    if (!isStill(slots, entry)) continue;
    table.mmGroup[entry.slot] = entry.group;
    table.flags[entry.slot] = (table.flags[entry.slot] as number) | FLAG.MM_CHECKED;
  }
};

/** Without kcmp(2) nobody can be asked about: what is not known must not keep everybody of one program alive. */
export const giveUp = (slots: Slots): void => {
  const { table } = slots;
  for (let row = 0; row < table.count; row++) {
    const slot = table.rows[row] as number;
    table.flags[slot] = (table.flags[slot] as number) | FLAG.MM_CHECKED;
  }
};
