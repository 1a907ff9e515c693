/**
 * One tick: detect, verify, act, select. Pure in the sense that counts here: the same state and inputs give the same
 * intents and events; it writes into the caller's state and `out`, so that a quiet tick allocates nothing. The only
 * place that sees all four stages.
 */
import { nextStep, type Step } from './act/ladder.ts';
import { cgroupDueMs, stepCgroup } from './cgroup-step.ts';
import { chooseFrom } from './choose-from.ts';
import { detect } from './detect/detect.ts';
import type { Level } from './event.ts';
import { LEVELS } from './event.ts';
import { followLadder } from './footing.ts';
import { memoryFacts } from './memory-facts.ts';
import { noAction } from './no-action.ts';
import type { Observations } from './observations.ts';
import type { TickOutput } from './output.ts';
import type { Policy } from './policy.ts';
import type { ProcessTable } from './process-table.ts';
import { followRegister, registerDueMs } from './register/follow.ts';
import { findDying, type RegisterInputs } from './register/register.ts';
import { takeRescues } from './rescue.ts';
import type { Sample } from './sample.ts';
import { victimLimitMs } from './select/rules/timers.ts';
import { waitsFor } from './selection.ts';
import { takeEvidence, takeLastResort } from './standstill.ts';
import type { State } from './state.ts';
import { planPress } from './sysrq.ts';
import { ABSENT } from './units.ts';
import { DETECTED, LEVEL } from './verdict.ts';
import { detectorNames, followEpisode } from './verify/episode.ts';
import { dueMs, follow } from './verify/return.ts';
import { isPending, type Victim } from './victim.ts';
import { watch } from './watch.ts';

export interface TickInputs extends RegisterInputs {
  readonly sample: Sample;
  /** A scan made after the last tick asked for one; null otherwise. */
  readonly table: ProcessTable | null;
  /** Slots of victims all of whose threads have exited. */
  readonly exited: readonly number[];
  /** What was found out off the loop since the last turn. */
  readonly observed: Observations;
}

const tellLevel = (state: State, level: number, sample: Sample, out: TickOutput): void => {
  if (level === state.level) return;
  const { verdict, signs } = state.detect;
  out.events.push({
    kind: 'level',
    from: LEVELS[state.level] as Level,
    to: LEVELS[level] as Level,
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
  if (inputs.table === null) takeRescues(state, inputs.observed.rescues, nowMs, out.events);
  const verdict = detect(state.detect, sample, policy, nowMs);
  // Told once, though a tick with a table judges the same lateness again.
  if (inputs.table === null && sample.tickLateMs >= policy.detect.lateMs) {
    out.events.push({ kind: 'late', lateMs: sample.tickLateMs, majorFaults: sample.ownMajorFaults });
  }
  tellLevel(state, verdict.level, sample, out);
  // Told once: a tick with a table sees the same inputs again.
  if (inputs.table === null) {
    const { number } = state.episode;
    const limitMs = limitMsOf(policy);
    followRegister(
      state.register,
      inputs,
      sample,
      verdict.level,
      policy,
      limitMs,
      number,
      nowMs,
      out.events,
      out.tasks,
    );
  }
  if (inputs.table === null) watch(state, inputs, policy, nowMs, out);
  const open = state.victims.length > 0 && followVictims(state, inputs, policy, nowMs, out);
  followEpisode(state.episode, verdict.level, verdict.detectors, open, nowMs, out.events);
  if (!state.episode.active) forgetEpisode(state);

  const waits = verdict.level < LEVEL.TERM ? '' : waitsFor(state, policy, sample, nowMs);
  followLadder(state, verdict.level, nowMs);
  const step = nextStep(state.victims, verdict.level, waits !== '', state.climb, state.budget, policy.act, nowMs);
  carryOut(state, step, waits, inputs, policy, nowMs, out);
  if (policy.cgroups.length > 0 || state.cgroupAction.rule !== null) {
    stepCgroup(state, inputs, policy, sample, nowMs, out);
  }
  const isQuiet = state.victims.length === 0 && state.register.dying.length === 0 && verdict.level < LEVEL.TERM;
  state.dueMs = soonest(isQuiet ? ABSENT : nextDueMs(state, policy, nowMs), cgroupDueMs(state));
};

const limitMsOf = ({ act, select }: Policy): number => victimLimitMs(act.victimTimeoutMs, select.corrections.timers);

/** Follows what was signalled; true while the episode has to wait for one of them. */
const followVictims = (state: State, inputs: TickInputs, policy: Policy, nowMs: number, out: TickOutput): boolean => {
  const { sample } = inputs;
  const { level } = state.detect.verdict;
  const limits = { victimTimeoutMs: limitMsOf(policy), holdOffMs: holdOffMs(state, policy) };
  if (policy.mode === 'enforce') forgetSimulated(state);
  for (const victim of state.victims) {
    const exited = inputs.exited.includes(victim.slot);
    const pending = isPending(victim);
    const reaped = findDying(state.register, victim.facts.pid)?.life === 'reaped';
    follow(victim, exited, reaped, sample, level, limits, state.episode.number, nowMs, out.events);
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

const NO_MEMBERS: ReadonlyMap<number, number> = new Map();

const forgetEpisode = (state: State): void => {
  if (state.victims.length > 0) state.victims.length = 0;
  if (state.refused.length > 0 && state.cgroupAction.rule === null) state.refused.length = 0;
  if (state.forkStorm.members.size > 0) state.forkStorm.members = NO_MEMBERS;
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
  waits: string,
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
    case 'wait_for_dying':
      noAction(state, 'waiting_for_victim', waits, sample, nowMs, out);
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
      const shot = { kind: 'signal', signal: 'KILL', dryRun: policy.mode === 'observe', reason: step.reason } as const;
      out.intents.push({ ...shot, slot: victim.slot, pid: victim.facts.pid, company: '', companyOf: victim.slot });
      for (const companion of victim.company) out.intents.push({ ...shot, ...companion, companyOf: victim.slot });
      return;
    }
    case 'evidence':
      takeEvidence(state, sample, policy, nowMs, out);
      return;
    case 'last_resort':
      takeLastResort(state, step.action, policy, nowMs, out);
      return;
    case 'press':
      if (inputs.table === null) askForTable(state, nowMs, out);
      else planPress(state, inputs.table, sample, policy, nowMs, out);
      return;
    case 'choose':
      if (inputs.table === null) {
        // With nobody to choose, a scan of the whole table in each tick would only add to the load.
        if (state.nobodyMs !== ABSENT && nowMs - state.nobodyMs < policy.act.holdOffMs) return;
        askForTable(state, nowMs, out);
      } else chooseFrom(state, inputs.table, step.signal, sample, policy, nowMs, out);
  }
};

const soonest = (a: number, b: number): number => (a === ABSENT || b === ABSENT ? Math.max(a, b) : Math.min(a, b));

const askForTable = (state: State, nowMs: number, out: TickOutput): void => {
  state.selecting = true;
  state.verdictMs = nowMs;
  out.intents.push({ kind: 'scan' });
};

const nextDueMs = (state: State, policy: Policy, nowMs: number): number => {
  let due: number = registerDueMs(state.register, limitMsOf(policy), nowMs);
  for (const victim of state.victims) {
    const checks = dueMs(victim, limitMsOf(policy), holdOffMs(state, policy), nowMs);
    if (checks !== ABSENT) due = due === ABSENT ? checks : Math.min(due, checks);
    if (state.level < LEVEL.TERM || !isPending(victim) || victim.signal === 'KILL') continue;
    const escalation = Math.max(0, victim.signalledMs + policy.act.termTimeoutMs - nowMs);
    due = due === ABSENT ? escalation : Math.min(due, escalation);
  }
  return state.level >= LEVEL.TERM && due === ABSENT ? policy.act.holdOffMs : due;
};
