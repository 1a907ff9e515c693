/** What is told with a victim: the ranking that it was taken from, and why the others were not. Made after the shot. */
import { isWithin } from './cgroup-row.ts';
import { EXCLUSIONS, type Exclusion } from './event.ts';
import type { SignalIntent } from './intent.ts';
import type { Policy } from './policy.ts';
import { FLAG, type ProcessTable } from './process-table.ts';
import type { Choice, PassedOver, PassedOverReason, RankedEvent, RankedFacts, Sharer } from './ranked-event.ts';
import { rowSizeKiB } from './select/badness.ts';
import { mayDieWhole } from './select/company.ts';
import { factsOf } from './select/facts.ts';
import { ruleMatches } from './select/policy-match.ts';
import { sharerBehind } from './select/rank.ts';
import { correctionFacts } from './select/rules/trace.ts';
import { isRefused, isVictimOf, wholeOf } from './selection.ts';
import type { State } from './state.ts';
import { ABSENT } from './units.ts';

/** How many of the ranked candidates are told with the choice: enough to see why the runners-up were not taken. */
const TOLD = 5;
/** And of those who are larger and were not taken: they share the frame. */
const PASSED_OVER = 5;
/** Nobody asks why one that is much smaller lives. */
const SIZE_SHARE = 0.5;

/** Never asked about: they are no processes any more, or none at all. */
const NO_PROCESS = FLAG.KTHREAD | FLAG.GONE | FLAG.NO_MM;

const pointsOf = ({ ranking }: State, slot: number): number => Math.round(ranking.points[slot] as number);

const policyShareOf = (
  table: ProcessTable,
  { select }: Policy,
  slot: number,
): Pick<PassedOver, 'policyPoints' | 'rules'> => {
  const rules = select.rules.filter((rule) => rule.points !== 0 && ruleMatches(rule, table, slot)).map(({ id }) => id);
  return rules.length === 0 ? {} : { policyPoints: table.policyPoints[slot] as number, rules };
};

/** What keeps one of the ranking alive that may die by itself; undefined: nothing. */
const keptByOf = (state: State, table: ProcessTable, policy: Policy, slot: number): RankedFacts['keptBy'] => {
  const whole = wholeOf(table, slot, policy);
  return whole === null || mayDieWhole(table, state.ranking, whole.path) ? undefined : whole.company;
};

const rankedFacts = (
  state: State,
  table: ProcessTable,
  policy: Policy,
  { isOfCgroup }: SignalIntent,
  slot: number,
): RankedFacts => {
  // A rule for a cgroup has a scope of its own, and all inside of that may die.
  const keptBy = isOfCgroup === true ? undefined : keptByOf(state, table, policy, slot);
  return {
    ...factsOf(table, slot),
    pointsPages: pointsOf(state, slot),
    ...policyShareOf(table, policy, slot),
    ...(keptBy === undefined ? {} : { keptBy }),
  };
};

const choiceOf = ({ reason }: SignalIntent, better: readonly RankedFacts[]): Choice => {
  if (reason === 'fork_storm') return 'fork_storm';
  return better.every(({ keptBy }) => keptBy !== undefined) ? 'points' : 'swarm';
};

const whyOf = (state: State, table: ProcessTable, slot: number): PassedOverReason => {
  if (isRefused(state, table, slot)) return 'refused';
  const exclusion = state.ranking.exclusion[slot] as number;
  return exclusion === ABSENT ? 'outranked' : (EXCLUSIONS[exclusion] as Exclusion);
};

const sharerOf = (state: State, table: ProcessTable, slot: number): Pick<PassedOver, 'sharesWith'> => {
  const sharer = sharerBehind(state.ranking, table, slot, (other) => isRefused(state, table, other));
  if (sharer === ABSENT) return {};
  const sharesWith: Sharer = {
    pid: table.pid[sharer] as number,
    comm: table.comm[sharer] as string,
    why: whyOf(state, table, sharer),
    isCertain: table.mmGroup[slot] !== ABSENT,
  };
  return { sharesWith };
};

/** Slots of the largest that were not taken, largest first. `told`: those that are told of anyway. */
const largestOf = (
  state: State,
  table: ProcessTable,
  { slot: victim, isOfCgroup }: SignalIntent,
  told: readonly number[],
): number[] => {
  const leastKiB = Math.max(1, rowSizeKiB(table, victim) * SIZE_SHARE);
  const within = isOfCgroup === true ? state.cgroupAction.path : '';
  const largest: number[] = [];
  for (let row = 0; row < table.count; row++) {
    const slot = table.rows[row] as number;
    const sizeKiB = rowSizeKiB(table, slot);
    const last = largest[PASSED_OVER - 1];
    if (sizeKiB < leastKiB || (last !== undefined && sizeKiB <= rowSizeKiB(table, last))) continue;
    if (((table.flags[slot] as number) & NO_PROCESS) !== 0 || told.includes(slot)) continue;
    // A rule for a cgroup asks nobody outside of it.
    if (within !== '' && !isWithin(table.cgroup[slot] as string, within)) continue;
    const at = largest.findIndex((other) => rowSizeKiB(table, other) < sizeKiB);
    largest.splice(at < 0 ? largest.length : at, 0, slot);
    largest.length = Math.min(largest.length, PASSED_OVER);
  }
  return largest;
};

const passedOverOf = (state: State, table: ProcessTable, policy: Policy, slot: number): PassedOver => {
  const protectedBy = policy.select.rules[table.protectRule[slot] as number]?.id;
  const why = whyOf(state, table, slot);
  return {
    pid: table.pid[slot] as number,
    comm: table.comm[slot] as string,
    unit: table.unit[slot] as string,
    sizeKiB: Math.round(rowSizeKiB(table, slot)),
    oomScoreAdj: table.oomScoreAdj[slot] as number,
    pointsPages: pointsOf(state, slot),
    why,
    ...(why === 'mm_group' ? sharerOf(state, table, slot) : {}),
    ...(why === 'protected' && protectedBy !== undefined
      ? { rules: [protectedBy] }
      : policyShareOf(table, policy, slot)),
  };
};

/** The event about the choice that `intent` carries out; the ranking is still that of the choice. */
export const rankedEvent = (
  state: State,
  table: ProcessTable,
  policy: Policy,
  intent: SignalIntent,
  scanMs: number,
): RankedEvent => {
  const { ranking } = state;
  const excluded: Partial<Record<Exclusion, number>> = {};
  EXCLUSIONS.forEach((reason, index) => {
    const count = ranking.excluded[index] as number;
    if (count > 0) excluded[reason] = count;
  });
  const order = ranking.order.subarray(0, ranking.count);
  const slots = Array.from(order.subarray(0, TOLD));
  const place = order.indexOf(intent.slot) + 1;
  const top = slots.map((slot) => rankedFacts(state, table, policy, intent, slot));
  const better = place === 0 ? top : top.slice(0, place - 1);
  if (!slots.includes(intent.slot)) top.push({ ...rankedFacts(state, table, policy, intent, intent.slot), place });
  const told = [...slots, intent.slot, ...state.company.map(({ slot }) => slot)];
  return {
    kind: 'ranked',
    episode: state.episode.number,
    scanned: table.count,
    top,
    chosen: intent.pid,
    choice: choiceOf(intent, better),
    passedOver: largestOf(state, table, intent, told).map((slot) => passedOverOf(state, table, policy, slot)),
    excluded,
    corrections: correctionFacts(table, policy.select.corrections, (slot) => isVictimOf(state, table, slot)),
    scanMs,
  };
};
