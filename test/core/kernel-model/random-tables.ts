/** Small process tables, 100,000 of them in seconds: one table and one context, written again for each. */
import type { KernelContext } from '../../../src/core/kernel-model/decision.ts';
import { clearSlot, createProcessTable, FLAG, type ProcessTable } from '../../../src/core/process-table.ts';
import { rowBadness } from '../../../src/core/select/badness.ts';
import { ABSENT } from '../../../src/core/units.ts';
import { KNOWN } from '../support/tables.ts';

export const ROWS_MAX = 8;
const FIRST_PID = 100;
/** Pages; a thousandth of it, which is what a point of oom_score_adj counts, is more than any two sizes differ by. */
const TOTAL_PAGES = 10_000_000;

/** mulberry32: the same numbers for the same seed. */
const randomOf = (seed: number): (() => number) => {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 0x1_0000_0000;
  };
};

export interface RandomTables {
  readonly table: ProcessTable;
  /** By slot: since when it is a victim, ms; ABSENT for one that is none. */
  readonly victimMs: Int32Array;
  readonly context: { -readonly [key in keyof KernelContext]: KernelContext[key] };
  readonly random: () => number;
  /** Whether it happens this time. */
  chance(share: number): boolean;
  pick<T>(values: readonly T[]): T;
  shuffleRows(): void;
}

export const createRandomTables = (seed: number): RandomTables => {
  const random = randomOf(seed);
  const table = createProcessTable(ROWS_MAX);
  table.totalPages = TOTAL_PAGES;
  const victimMs = new Int32Array(ROWS_MAX);
  return {
    table,
    victimMs,
    random,
    context: {
      sysrq: false,
      oomKillAllocatingTask: false,
      currentSlot: ABSENT,
      badness: (slot) => rowBadness(table, slot),
      isVictim: (slot) => victimMs[slot] !== ABSENT,
      isReaped: () => false,
      sinceKillMs: (slot) => victimMs[slot] as number,
    },
    chance: (share) => random() < share,
    pick: (values) => values[Math.floor(random() * values.length)] as (typeof values)[number],
    shuffleRows: () => {
      const { rows, count } = table;
      for (let at = count - 1; at > 0; at--) {
        const other = Math.floor(random() * (at + 1));
        const slot = rows[at] as number;
        rows[at] = rows[other] as number;
        rows[other] = slot;
      }
    },
  };
};

/** Begins a table with plain, killable, identified processes; `sizes`: in steps, equal ones are equal in size. */
export const beginTable = ({ table, victimMs, random, shuffleRows }: RandomTables, sizes: number): void => {
  table.count = 1 + Math.floor(random() * ROWS_MAX);
  for (let slot = 0; slot < table.count; slot++) {
    clearSlot(table, slot, FIRST_PID + slot);
    table.rows[slot] = slot;
    table.ppid[slot] = 1;
    table.flags[slot] = KNOWN;
    table.startTimeTicks[slot] = Math.floor(random() * 4);
    table.threads[slot] = 1;
    table.rssKiB[slot] = 4 * (1 + Math.floor(random() * sizes));
    table.oomScore[slot] = 700;
    victimMs[slot] = ABSENT;
  }
  shuffleRows();
};

/** Killed by the OOM killer that long ago. */
export const makeVictim = ({ table, victimMs }: RandomTables, slot: number, sinceMs: number): void => {
  victimMs[slot] = sinceMs;
  table.flags[slot] = (table.flags[slot] as number) | FLAG.SIGKILL_PENDING;
};

export const hasFlag = (table: ProcessTable, slot: number, flag: number): boolean =>
  ((table.flags[slot] as number) & flag) !== 0;

/** Whether any row is so. */
export const anyRow = (table: ProcessTable, is: (slot: number) => boolean): boolean => {
  for (let row = 0; row < table.count; row++) if (is(table.rows[row] as number)) return true;
  return false;
};
