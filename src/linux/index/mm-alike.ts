/** What the table says for or against two processes having one mm, before kcmp(2) is asked and after it has answered. */
import { FLAG, type ProcessTable } from '../../core/process-table.ts';
import { ABSENT } from '../../core/units.ts';

/** One mm has one size, but its readings are some time apart, and a process that grows is the one that matters. */
const RSS_SLACK_KIB = 16 * 1024;
/** Of about 2000; 20 are 3 % of all memory. */
const SCORE_SLACK = 20;

const areOfOneSize = (table: ProcessTable, a: number, b: number): boolean => {
  const rssA = table.rssKiB[a] as number;
  const rssB = table.rssKiB[b] as number;
  if (rssA !== ABSENT && rssB !== ABSENT) return Math.abs(rssA - rssB) <= RSS_SLACK_KIB + Math.max(rssA, rssB) / 4;
  const scoreA = table.oomScore[a] as number;
  const scoreB = table.oomScore[b] as number;
  // The kernel hides vfork children and those at -1000, whatever their size.
  return scoreA === 0 || scoreB === 0 || Math.abs(scoreA - scoreB) <= SCORE_SLACK;
};

/** Whether two rows can have one mm by their key and size. */
export const areAlike = (table: ProcessTable, a: number, b: number): boolean =>
  table.mmKey[a] !== ABSENT && table.mmKey[a] === table.mmKey[b] && areOfOneSize(table, a, b);

const isArmed = (table: ProcessTable, slot: number): boolean =>
  ((table.flags[slot] as number) & (FLAG.ARMED | FLAG.GONE)) === FLAG.ARMED;

/**
 * After a scan: who is not like the first of its group any more has called exec since, as every vfork child does, and must
 * not be killed along with it. The key of one that is not armed was read a while ago, and grows with a JIT: of that one
 * only the size counts. Allocates nothing.
 */
export const leaveGroups = (table: ProcessTable): void => {
  for (let row = 0; row < table.count; row++) {
    const slot = table.rows[row] as number;
    const first = table.mmGroup[slot] as number;
    if (first === ABSENT || first === slot || table.mmGroup[first] !== first || !isArmed(table, first)) continue;
    const stays = isArmed(table, slot) ? areAlike(table, slot, first) : areOfOneSize(table, slot, first);
    if (!stays) table.mmGroup[slot] = ABSENT;
  }
};
