/**
 * Who would be chosen at this moment, and how each has grown since the last time: what an incident shows of the minutes
 * before it. Ranks into a ranking of its own, as that of the state belongs to the running episode.
 */
import type { CandidateFacts, CandidatesEvent } from './candidates-event.ts';
import type { Policy } from './policy.ts';
import { FLAG, type ProcessTable } from './process-table.ts';
import type { Sample } from './sample.ts';
import { factsOf } from './select/facts.ts';
import { createRanking, type Ranking, rank } from './select/rank.ts';
import { minimumKiBOf, scopeOf } from './selection.ts';
import type { State } from './state.ts';
import { ABSENT } from './units.ts';

/** As many as fit into one frame with their units and executables, and as a person reads. */
const TOLD_MAX = 10;

/**
 * Rows that are ranked: a choice among 10,000 would hold the loop up for a tenth of a second. Who is armed is at the front of
 * every ranking and alone can be signalled; of others who are known some may share an mm with one and keep it alive.
 */
const RANKED_MAX = 256;

export interface CandidateWatch {
  readonly ranking: Ranking;
  /** Those that are ranked. */
  readonly rows: Int32Array;
  /** Those that were ranked in the round before, and their rss + swap. */
  readonly pids: Int32Array;
  readonly sizesKiB: Float64Array;
  remembered: number;
}

/** For tables of `capacity` rows. */
export const createCandidateWatch = (capacity: number): CandidateWatch => ({
  ranking: createRanking(capacity, TOLD_MAX),
  rows: new Int32Array(RANKED_MAX),
  pids: new Int32Array(RANKED_MAX),
  sizesKiB: new Float64Array(RANKED_MAX),
  remembered: 0,
});

const STATES = FLAG.ARMED | FLAG.IDENTIFIED | FLAG.KTHREAD;

/** Appends the slots whose STATES are these, as far as there is room; how many there are then. */
const collect = (table: ProcessTable, states: number, rows: Int32Array, from: number): number => {
  let count = from;
  for (let row = 0; row < table.count && count < rows.length; row++) {
    const slot = table.rows[row] as number;
    if (((table.flags[slot] as number) & STATES) === states) rows[count++] = slot;
  }
  return count;
};

/** The same table with fewer rows. */
const worthRanking = (watch: CandidateWatch, table: ProcessTable): ProcessTable => {
  const armed = collect(table, FLAG.ARMED | FLAG.IDENTIFIED, watch.rows, 0);
  return { ...table, rows: watch.rows, count: collect(table, FLAG.IDENTIFIED, watch.rows, armed) };
};

/** rss + swap, KiB; ABSENT when its memory was not read. */
const sizeOf = (table: ProcessTable, slot: number): number => {
  const rssKiB = table.rssKiB[slot] as number;
  return rssKiB === ABSENT ? ABSENT : rssKiB + Math.max(0, table.swapKiB[slot] as number);
};

const growthOf = ({ pids, sizesKiB, remembered }: CandidateWatch, table: ProcessTable, slot: number): number => {
  const nowKiB = sizeOf(table, slot);
  const at = pids.subarray(0, remembered).indexOf(table.pid[slot] as number);
  const thenKiB = at < 0 ? ABSENT : (sizesKiB[at] as number);
  return nowKiB === ABSENT || thenKiB === ABSENT ? 0 : nowKiB - thenKiB;
};

const remember = (watch: CandidateWatch, table: ProcessTable): void => {
  watch.remembered = table.count;
  for (let row = 0; row < table.count; row++) {
    const slot = table.rows[row] as number;
    watch.pids[row] = table.pid[slot] as number;
    watch.sizesKiB[row] = sizeOf(table, slot);
  }
};

/** The best candidates by the rules of a choice on the whole host; growth counts from the call before. */
export const candidatesNow = (
  watch: CandidateWatch,
  state: State,
  table: ProcessTable,
  policy: Policy,
  sample: Sample,
): CandidatesEvent => {
  const { ranking } = watch;
  const ranked = worthRanking(watch, table);
  rank(ranking, ranked, scopeOf(state, ranked, policy, minimumKiBOf(policy, sample), null));
  const top: CandidateFacts[] = [];
  for (let at = 0; at < ranking.count; at++) {
    const slot = ranking.order[at] as number;
    top.push({ ...factsOf(table, slot), growthKiB: growthOf(watch, table, slot) });
  }
  remember(watch, ranked);
  return { kind: 'candidates', known: table.count, top };
};
