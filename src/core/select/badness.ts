/** oom_badness() of mm/oom_kill.c as of 5.9 and later (read in 5.10, 6.1, 6.12 and 7.2): pages, not thousandths. */
import type { ProcessTable } from '../process-table.ts';
import { ABSENT } from '../units.ts';

/** OOM_SCORE_ADJ_MIN of include/uapi/linux/oom.h: never a candidate. */
export const OOM_SCORE_ADJ_MIN = -1000;

/** C division of longs: towards zero. */
const divide = (a: number, b: number): number => Math.trunc(a / b);

/**
 * points = rss + swapents + pgtables_bytes / PAGE_SIZE + oom_score_adj * (totalpages / 1000). May be negative, as in
 * the kernel, where only LONG_MIN means "not eligible".
 */
export const badnessPages = (
  rssPages: number,
  swapPages: number,
  pageTablePages: number,
  oomScoreAdj: number,
  totalPages: number,
): number => rssPages + swapPages + pageTablePages + oomScoreAdj * divide(totalPages, 1000);

/** What /proc/PID/oom_score shows for a badness: fs/proc/base.c, proc_oom_score(). */
export const oomScoreOf = (badness: number, totalPages: number): number =>
  totalPages <= 0 ? 0 : divide((1000 + divide(badness * 1000, totalPages)) * 2, 3);

/** The badness that an oom_score stands for, to its resolution of 0.15 % of totalPages. */
export const badnessOfScore = (oomScore: number, totalPages: number): number =>
  Math.round(((oomScore * 3) / 2 - 1000) * (totalPages / 1000));

const scorePagesOf = (table: ProcessTable): number => (table.scorePages === 0 ? table.totalPages : table.scorePages);

/** Pages without the share of oom_score_adj, as an oom_score tells them. */
const pagesOfScore = (table: ProcessTable, slot: number): number => {
  const scorePages = scorePagesOf(table);
  const adjPages = (table.oomScoreAdj[slot] as number) * divide(scorePages, 1000);
  return badnessOfScore(table.oomScore[slot] as number, scorePages) - adjPages;
};

const badnessAmong = (table: ProcessTable, slot: number, totalPages: number): number => {
  const rssKiB = table.rssKiB[slot] as number;
  const adj = table.oomScoreAdj[slot] as number;
  if (rssKiB === ABSENT) return badnessPages(pagesOfScore(table, slot), 0, 0, adj, totalPages);
  return badnessPages(
    rssKiB / table.pageKiB,
    Math.max(0, table.swapKiB[slot] as number) / table.pageKiB,
    Math.floor(Math.max(0, table.pageTablesKiB[slot] as number) / table.pageKiB),
    adj,
    totalPages,
  );
};

/** Badness of a row: exact when its memory was read, else as its oom_score tells (not armed, or a zombie leader). */
export const rowBadness = (table: ProcessTable, slot: number): number => badnessAmong(table, slot, table.totalPages);

/** What a row has in memory, KiB, without what was swapped out; an unarmed row's size, which does not tell the two apart. */
export const rowInMemoryKiB = (table: ProcessTable, slot: number): number => {
  const rssKiB = table.rssKiB[slot] as number;
  return rssKiB === ABSENT ? rowSizeKiB(table, slot) : rssKiB;
};

/** Memory of a row as far as it is known, KiB; an unarmed row's follows from its oom_score less the adj share. */
export const rowSizeKiB = (table: ProcessTable, slot: number): number => {
  const rssKiB = table.rssKiB[slot] as number;
  if (rssKiB !== ABSENT) return rssKiB + Math.max(0, table.swapKiB[slot] as number);
  return Math.max(0, pagesOfScore(table, slot) * table.pageKiB);
};

/** Badness of a row for a memcg's OOM: `totalPages` is its limit. With `admitsUnkillable` -1000 counts as 0. */
export const badnessWithin = (
  table: ProcessTable,
  slot: number,
  totalPages: number,
  admitsUnkillable: boolean,
): number => {
  const adj = table.oomScoreAdj[slot] as number;
  const tables = Math.floor(Math.max(0, table.pageTablesKiB[slot] as number) / table.pageKiB);
  const counted = adj === OOM_SCORE_ADJ_MIN && admitsUnkillable ? 0 : adj;
  return badnessPages(rowSizeKiB(table, slot) / table.pageKiB, 0, tables, counted, totalPages);
};

/**
 * The kernel's view differs from ours by more than its approximation explains: 2 points of rounding, and per-CPU
 * counters that lag (kernel-facts 4.3), for which 1 % of totalPages is generous.
 */
export const disagreesWithKernel = (table: ProcessTable, slot: number): boolean => {
  const shown = table.oomScore[slot] as number;
  if (shown === ABSENT || table.rssKiB[slot] === ABSENT) return false;
  const scorePages = scorePagesOf(table);
  return Math.abs(shown - oomScoreOf(badnessAmong(table, slot, scorePages), scorePages)) > 2 + 7;
};
