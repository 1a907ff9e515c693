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
import { hasScope } from './select/policy-match.ts';
import { rank } from './select/rank.ts';
import type { State } from './state.ts';
import { ABSENT } from './units.ts';
import { LEVEL } from './verdict.ts';
import { detectorNames, followEpisode } from './verify/episode.ts';
import { dueMs, follow } from './verify/return.ts';
import { isPending, isVictimSlot } from './victim.ts';

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

const noAction = (state: State, reason: NoActionReason, detail: string, sample: Sample, nowMs: number, out: TickOutput): void => {
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
  if (sample.tickLateMs >= policy.detect.lateMs) {
    out.events.push({ kind: 'late', lateMs: sample.tickLateMs, majorFaults: sample.ownMajorFaults });
  }
  tellLevel(state, verdict.level, sample, out);
  for (const victim of state.victims) {
    const exited = inputs.exited.includes(victim.slot);
    const pending = isPending(victim);
    follow(victim, exited, sample, verdict.level, policy.act, state.episode.number, nowMs, out.events);
    if (pending && victim.verdict !== null) state.episode.returnedKiB += returnedOf(victim.baselineKiB, sample);
  }
  const open = state.victims.some((victim) => isPending(victim) && !victim.simulated);
  followEpisode(state.episode, verdict.level, verdict.detectors, open, nowMs, out.events);
  if (!state.episode.active) forgetEpisode(state);

  const step = nextStep(state.victims, verdict.level, state.budget, policy.act, nowMs);
  carryOut(state, step, inputs, policy, nowMs, out);
  state.dueMs = nextDueMs(state, policy, nowMs);
};

const returnedOf = (baselineKiB: number, sample: Sample): number =>
  Math.max(0, sample.memAvailableKiB + Math.max(0, sample.swapFreeKiB) - baselineKiB);

const forgetEpisode = (state: State): void => {
  if (state.victims.length > 0) state.victims.length = 0;
  if (state.refused.length > 0) state.refused.length = 0;
  state.noAction = null;
};

const carryOut = (state: State, step: Step, inputs: TickInputs, policy: Policy, nowMs: number, out: TickOutput): void => {
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
  rank(state.ranking, table, {
    onlyPid: policy.select.onlyPid,
    narrowed: hasScope(policy.select),
    minimumKiB: Math.max(0, markKiB(policy.select.minimumSize, sample.memTotalKiB)),
    admitsUnidentified: false,
    isTaken: (slot) =>
      isVictimSlot(state.victims, slot, table.pid[slot] as number) ||
      state.refused.some((refusal) => refusal.slot === slot && refusal.pid === table.pid[slot]),
  });
  if (state.ranking.count === 0) {
    const { excluded } = state.ranking;
    const small = excluded[EXCLUSIONS.indexOf('below_minimum_size')] as number;
    const spared = excluded[EXCLUSIONS.indexOf('protected')] as number;
    const reason = small > 0 ? 'below_minimum_size' : spared > 0 ? 'all_protected' : 'no_candidate';
    noAction(state, reason, `${table.count} processes known`, sample, nowMs, out);
    return;
  }
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

const nextDueMs = (state: State, policy: Policy, nowMs: number): number => {
  let due: number = ABSENT;
  for (const victim of state.victims) {
    const checks = dueMs(victim, policy.act.victimTimeoutMs, policy.act.holdOffMs, nowMs);
    if (checks !== ABSENT) due = due === ABSENT ? checks : Math.min(due, checks);
    if (!isPending(victim) || victim.signal === 'KILL') continue;
    const escalation = Math.max(0, victim.signalledMs + policy.act.termTimeoutMs - nowMs);
    due = due === ABSENT ? escalation : Math.min(due, escalation);
  }
  return state.level >= LEVEL.TERM && due === ABSENT ? policy.act.holdOffMs : due;
};
