/**
 * One tick: detect, verify, act, select. Pure in the sense that counts here: the same state and inputs give the same
 * intents and events; it writes into the caller's state and `out`, so that a quiet tick allocates nothing. The only
 * place that sees all four stages.
 */
import { nextStep, type Step } from './act/next-step.ts';
import { detect } from './detect/detect.ts';
import type { NoActionReason, OomwatchdEvent } from './event.ts';
import { EXCLUSIONS, LEVELS } from './event.ts';
import type { Intent } from './intent.ts';
import { markKiB } from './mark.ts';
import { memoryFacts } from './memory-facts.ts';
import type { Policy } from './policy.ts';
import type { ProcessTable } from './process-table.ts';
import type { Sample } from './sample.ts';
import { rowSizeKiB } from './select/badness.ts';
import { hasScope } from './select/policy-match.ts';
import { rank } from './select/rank.ts';
import type { State } from './state.ts';
import { ABSENT } from './units.ts';
import { DETECTED, LEVEL } from './verdict.ts';
import { detectorNames, followEpisode } from './verify/episode.ts';
import { dueMs, follow } from './verify/return.ts';
import { isPending, isVictimSlot, type Victim } from './victim.ts';

export interface TickInputs {
  readonly sample: Sample;
  /** A scan made after the last tick asked for one; null otherwise. */
  readonly table: ProcessTable | null;
  /** Slots of victims all of whose threads have exited. */
  readonly exited: readonly number[];
}

export interface TickOutput {
  intents: Intent[];
  events: OomwatchdEvent[];
}

/** The same reason is told again after this: a shortage without action is worth a line now and then, not one a tick. */
const NO_ACTION_REPEAT_MS = 10_000;

const noAction = (
  state: State,
  reason: NoActionReason,
  detail: string,
  sample: Sample,
  nowMs: number,
  out: TickOutput,
): void => {
  if (state.noAction === reason && nowMs - state.noActionMs < NO_ACTION_REPEAT_MS) return;
  state.noAction = reason;
  state.noActionMs = nowMs;
  out.events.push({ kind: 'no_action', episode: state.episode.number, reason, detail, memory: memoryFacts(sample) });
};

const tellLevel = (state: State, level: number, sample: Sample, out: TickOutput): void => {
  if (level === state.level) return;
  const { verdict, signs } = state.detect;
  out.events.push({
    kind: 'level',
    from: LEVELS[state.level] ?? 'calm',
    to: LEVELS[level] ?? 'calm',
    detectors: detectorNames(verdict.detectors),
    memory: memoryFacts(sample),
    exhaustionMs: verdict.exhaustionMs,
    memoryFullPermyriad: signs.fullPermyriad,
  });
  state.level = level;
};

/** Runs one tick over `inputs`. When it asks for a scan, call it again with the table and a fresh sample. */
export const tick = (state: State, inputs: TickInputs, policy: Policy, nowMs: number, out: TickOutput): void => {
  const { sample } = inputs;
  const verdict = detect(state.detect, sample, policy, nowMs);
  // Told once, though a tick with a table judges the same lateness again.
  if (inputs.table === null && sample.tickLateMs >= policy.detect.lateMs) {
    out.events.push({ kind: 'late', lateMs: sample.tickLateMs, majorFaults: sample.ownMajorFaults });
  }
  tellLevel(state, verdict.level, sample, out);
  const open = state.victims.length > 0 && followVictims(state, inputs, policy, nowMs, out);
  followEpisode(state.episode, verdict.level, verdict.detectors, open, nowMs, out.events);
  if (!state.episode.active) forgetEpisode(state);

  const step = nextStep(state.victims, verdict.level, state.budget, policy.act, nowMs);
  carryOut(state, step, inputs, policy, nowMs, out);
  state.dueMs = state.victims.length === 0 && verdict.level < LEVEL.TERM ? ABSENT : nextDueMs(state, policy, nowMs);
};

/** Follows what was signalled; true while the episode has to wait for one of them. */
const followVictims = (state: State, inputs: TickInputs, policy: Policy, nowMs: number, out: TickOutput): boolean => {
  const { sample } = inputs;
  const { level } = state.detect.verdict;
  const limits = { victimTimeoutMs: policy.act.victimTimeoutMs, holdOffMs: holdOffMs(state, policy) };
  if (policy.mode === 'enforce') forgetSimulated(state);
  for (const victim of state.victims) {
    const exited = inputs.exited.includes(victim.slot);
    const pending = isPending(victim);
    follow(victim, exited, sample, level, limits, state.episode.number, nowMs, out.events);
    if (pending && victim.verdict !== null) state.episode.returnedKiB += returnedOf(victim.baselineKiB, sample);
  }
  return state.victims.some((victim) => isOpen(victim, policy, nowMs));
};

/**
 * How long to wait after an exit before its outcome is judged. A thrash verdict is made of a window: until that has passed
 * it speaks of the time before the kill, and would take a second victim for a thrash that is over.
 */
const holdOffMs = (state: State, { act, detect: { thrash } }: Policy): number =>
  state.detect.verdict.detectors === DETECTED.THRASH ? Math.max(act.holdOffMs, thrash.windowMs) : act.holdOffMs;

const returnedOf = (baselineKiB: number, sample: Sample): number =>
  Math.max(0, sample.memAvailableKiB + Math.max(0, sample.swapFreeKiB) - baselineKiB);

const forgetEpisode = (state: State): void => {
  if (state.victims.length > 0) state.victims.length = 0;
  if (state.refused.length > 0) state.refused.length = 0;
  state.noAction = null;
  state.nobodyMs = ABSENT;
};

/** Enforcing since a reload: who was only named so far has not been asked to leave yet. */
const forgetSimulated = (state: State): void => {
  const { victims } = state;
  for (let at = victims.length - 1; at >= 0; at--) if (victims[at]?.simulated === true) victims.splice(at, 1);
};

/** Whether an episode has to wait for a victim: not for one that ignores SIGTERM while nobody has to die any more. */
const isOpen = (victim: Victim, policy: Policy, nowMs: number): boolean =>
  isPending(victim) &&
  !victim.simulated &&
  (victim.signal === 'KILL' || nowMs - victim.signalledMs < policy.act.termTimeoutMs);

const carryOut = (
  state: State,
  step: Step,
  inputs: TickInputs,
  policy: Policy,
  nowMs: number,
  out: TickOutput,
): void => {
  const { sample } = inputs;
  const wasSelecting = state.selecting;
  state.selecting = false;
  switch (step.kind) {
    case 'none':
      if (wasSelecting) noAction(state, 'recovered_while_selecting', '', sample, nowMs, out);
      return;
    case 'wait':
      return;
    case 'over_budget':
      noAction(
        state,
        'budget_exhausted',
        `${policy.act.killsPerMinute} a minute, ${policy.act.killsPerHour} an hour`,
        sample,
        nowMs,
        out,
      );
      return;
    case 'escalate': {
      const { victim } = step;
      state.verdictMs = nowMs;
      out.intents.push({
        kind: 'signal',
        signal: 'KILL',
        slot: victim.slot,
        pid: victim.facts.pid,
        dryRun: policy.mode === 'observe',
        reason: step.reason,
      });
      return;
    }
    case 'choose':
      if (inputs.table === null) {
        // With nobody to choose, a scan of the whole table in each tick would only add to the load.
        if (state.nobodyMs !== ABSENT && nowMs - state.nobodyMs < policy.act.holdOffMs) return;
        state.selecting = true;
        state.verdictMs = nowMs;
        out.intents.push({ kind: 'scan' });
      } else choose(state, inputs.table, step.signal, sample, policy, nowMs, out);
  }
};

const choose = (
  state: State,
  table: ProcessTable,
  signal: 'TERM' | 'KILL',
  sample: Sample,
  policy: Policy,
  nowMs: number,
  out: TickOutput,
): void => {
  const minimumKiB = Math.max(0, markKiB(policy.select.minimumSize, sample.memTotalKiB));
  rank(state.ranking, table, {
    onlyPid: policy.select.onlyPid,
    narrowed: hasScope(policy.select),
    minimumKiB,
    admitsUnidentified: false,
    isTaken: (slot) =>
      isVictimSlot(state.victims, slot, table.pid[slot] as number) ||
      state.refused.some((refusal) => refusal.slot === slot && refusal.pid === table.pid[slot]),
  });
  if (state.ranking.count === 0) {
    // Whoever runs the tick may look who the unidentified are and ask again: that is no refusal to act yet.
    const isFinal = state.nobodyMs !== ABSENT || state.ranking.excluded[UNIDENTIFIED] === 0;
    state.nobodyMs = nowMs;
    if (!isFinal) return;
    noAction(state, whyNobody(state, table, minimumKiB), `${table.count} processes known`, sample, nowMs, out);
    return;
  }
  state.nobodyMs = ABSENT;
  const slot = state.ranking.order[0] as number;
  out.intents.push({
    kind: 'signal',
    signal,
    slot,
    pid: table.pid[slot] as number,
    dryRun: policy.mode === 'observe',
    reason: '',
  });
};

const BELOW_MINIMUM = EXCLUSIONS.indexOf('below_minimum_size');
const PROTECTED = EXCLUSIONS.indexOf('protected');
const UNIDENTIFIED = EXCLUSIONS.indexOf('unidentified');

/** Every host has small processes and protected ones: what counts is whether a protected one would have been worth it. */
const whyNobody = ({ ranking }: State, table: ProcessTable, minimumKiB: number): NoActionReason => {
  for (let row = 0; row < table.count; row++) {
    const slot = table.rows[row] as number;
    if (ranking.exclusion[slot] === PROTECTED && rowSizeKiB(table, slot) >= minimumKiB) return 'all_protected';
  }
  if ((ranking.excluded[BELOW_MINIMUM] as number) > 0) return 'below_minimum_size';
  return (ranking.excluded[PROTECTED] as number) > 0 ? 'all_protected' : 'no_candidate';
};

const nextDueMs = (state: State, policy: Policy, nowMs: number): number => {
  let due: number = ABSENT;
  for (const victim of state.victims) {
    const checks = dueMs(victim, policy.act.victimTimeoutMs, holdOffMs(state, policy), nowMs);
    if (checks !== ABSENT) due = due === ABSENT ? checks : Math.min(due, checks);
    if (state.level < LEVEL.TERM || !isPending(victim) || victim.signal === 'KILL') continue;
    const escalation = Math.max(0, victim.signalledMs + policy.act.termTimeoutMs - nowMs);
    due = due === ABSENT ? escalation : Math.min(due, escalation);
  }
  return state.level >= LEVEL.TERM && due === ABSENT ? policy.act.holdOffMs : due;
};
