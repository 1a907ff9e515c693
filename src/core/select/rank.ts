/**
 * Ranks the table: one pass, best first, ties to the younger process as in the kernel (the task list is in order of
 * creation and select_bad_process() takes the later of equals). Result arrays are made once and written again.
 */

import { EXCLUSIONS } from '../event.ts';
import { areAlike, FLAG, type ProcessTable } from '../process-table.ts';
import { FIRST_POINTS } from '../ranked-event.ts';
import { ABSENT } from '../units.ts';
import { badnessWithin, rowBadness } from './badness.ts';
import { ABORTS, ELIGIBLE, FIRST_CHOICE, isVeto, judgeRow, mustLive, type Scope } from './eligible.ts';

export interface Ranking {
  /** Slots, best victim first; only the first `count` count. */
  readonly order: Int32Array;
  count: number;
  /** By slot: badness plus policy points, pages; FIRST_POINTS for a first choice. */
  readonly points: Float64Array;
  /** By slot: index into EXCLUSIONS or ABSENT. */
  readonly exclusion: Int8Array;
  /** By index into EXCLUSIONS. */
  readonly excluded: Int32Array;
  /** The row that ended the search (patch 2 switched off), ABSENT when none did. Nobody is to be chosen then. */
  abortedBy: number;
  /** By number of an mm group: 1 when one of its members may not be killed. */
  readonly vetoed: Uint8Array;
  /** Slots of processes that must live, have an mm and are not known to share it; only the first `vetoerCount` count. */
  readonly vetoers: Int32Array;
  vetoerCount: number;
  readonly depth: number;
}

/** Whether the slot is what the kernel takes before any badness counts: a task in swapoff(2) or in a KSM unmerge. */
export const isFirstChoice = ({ points }: Ranking, slot: number): boolean => points[slot] === FIRST_POINTS;

/** `depth` bounds how many candidates are kept in order; a command that prints all of them passes the capacity. */
export const createRanking = (capacity: number, depth: number): Ranking => ({
  order: new Int32Array(depth),
  count: 0,
  points: new Float64Array(capacity),
  exclusion: new Int8Array(capacity),
  excluded: new Int32Array(EXCLUSIONS.length),
  abortedBy: ABSENT,
  vetoed: new Uint8Array(capacity),
  vetoers: new Int32Array(capacity),
  vetoerCount: 0,
  depth,
});

/** Whether slot `a` is a better victim than slot `b`. A total order: the outcome does not depend on that of the rows. */
const isBetter = (table: ProcessTable, points: Float64Array, a: number, b: number): boolean => {
  const difference = (points[a] as number) - (points[b] as number);
  if (difference !== 0) return difference > 0;
  const age = (table.startTimeTicks[a] as number) - (table.startTimeTicks[b] as number);
  if (age !== 0) return age > 0;
  return (table.pid[a] as number) > (table.pid[b] as number);
};

const insert = (ranking: Ranking, table: ProcessTable, slot: number): void => {
  const { order, points, depth } = ranking;
  let at = ranking.count;
  if (at === depth) {
    if (!isBetter(table, points, slot, order[depth - 1] as number)) return;
    at = depth - 1;
  } else ranking.count++;
  while (at > 0 && isBetter(table, points, slot, order[at - 1] as number)) {
    order[at] = order[at - 1] as number;
    at--;
  }
  order[at] = slot;
};

/**
 * Before the pass: killing one that shares its mm with a protected one would free nothing or kill the protected; with one that
 * the kernel does not let us signal it would free nothing.
 */
const collectVetoes = (ranking: Ranking, table: ProcessTable, scope: Scope): void => {
  ranking.vetoed.fill(0);
  ranking.vetoerCount = 0;
  for (let row = 0; row < table.count; row++) {
    const slot = table.rows[row] as number;
    const group = table.mmGroup[slot] as number;
    const hasMm = group !== ABSENT || table.mmKey[slot] !== ABSENT;
    const answer = hasMm ? judgeRow(table, slot, scope, false) : ELIGIBLE;
    const isRefused = hasMm && scope.isRefused(slot);
    if (!isVeto(answer) && !isRefused) continue;
    if (group !== ABSENT) ranking.vetoed[group] = 1;
    else if (mustLive(answer)) ranking.vetoers[ranking.vetoerCount++] = slot;
  }
};

/**
 * Who must live and may share an mm with the row, as long as kcmp(2) has not been asked about both: they are of one program and
 * of one size. ABSENT: nobody.
 */
const possibleSharer = (ranking: Ranking, table: ProcessTable, slot: number): number => {
  for (let at = 0; at < ranking.vetoerCount; at++) {
    const other = ranking.vetoers[at] as number;
    const areChecked = ((table.flags[slot] as number) & (table.flags[other] as number) & FLAG.MM_CHECKED) !== 0;
    if (other !== slot && !areChecked && areAlike(table, slot, other)) return other;
  }
  return ABSENT;
};

/** Whether the row shares its mm with one that may not be killed, or may do so. */
const isVetoed = (ranking: Ranking, table: ProcessTable, slot: number): boolean => {
  const group = table.mmGroup[slot] as number;
  return group === ABSENT ? possibleSharer(ranking, table, slot) !== ABSENT : ranking.vetoed[group] === 1;
};

/** The slot behind mm_group, for whoever tells of it: searched for after the pass, which needs no more than that there is one. */
export const sharerBehind = (
  ranking: Ranking,
  table: ProcessTable,
  slot: number,
  isRefused: Scope['isRefused'],
): number => {
  const group = table.mmGroup[slot] as number;
  if (group === ABSENT) return possibleSharer(ranking, table, slot);
  for (let row = 0; row < table.count; row++) {
    const other = table.rows[row] as number;
    if (other === slot || table.mmGroup[other] !== group) continue;
    if (isVeto(ranking.exclusion[other] as number) || isRefused(other)) return other;
  }
  return ABSENT;
};

const pointsOf = (table: ProcessTable, slot: number, { within }: Scope): number => {
  const policyPoints = table.policyPoints[slot] as number;
  if (within === undefined) return rowBadness(table, slot) + (policyPoints * table.totalPages) / 1000;
  const { totalPages, admitsUnkillable } = within;
  return badnessWithin(table, slot, totalPages, admitsUnkillable) + (policyPoints * totalPages) / 1000;
};

/** Fills `ranking` from all rows. */
export const rank = (ranking: Ranking, table: ProcessTable, scope: Scope): void => {
  ranking.count = 0;
  ranking.excluded.fill(0);
  ranking.abortedBy = ABSENT;
  collectVetoes(ranking, table, scope);
  for (let row = 0; row < table.count; row++) {
    const slot = table.rows[row] as number;
    const answer = judgeRow(table, slot, scope, isVetoed(ranking, table, slot));
    const isFirst = answer === FIRST_CHOICE;
    ranking.points[slot] = isFirst ? FIRST_POINTS : pointsOf(table, slot, scope);
    ranking.exclusion[slot] = answer >= 0 ? answer : ABSENT;
    if (answer === ABORTS) ranking.abortedBy = slot;
    else if (isFirst || answer === ELIGIBLE) insert(ranking, table, slot);
    else ranking.excluded[answer] = (ranking.excluded[answer] as number) + 1;
  }
};
