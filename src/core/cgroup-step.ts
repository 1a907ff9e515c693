/**
 * One turn of what rules for cgroups demand: their victims are followed, escalated and chosen as those of a shortage are,
 * with the same budget, register and waits, but nobody outside of the cgroup is touched. A shortage of the whole host comes
 * first.
 */
import { createClimb } from './act/climb.ts';
import { nextStep } from './act/ladder.ts';
import { type Demand, ruleEvent } from './cgroup/rule-watch.ts';
import { roomOf, rowOf } from './cgroup-action.ts';
import type { CgroupRuleOutcome } from './cgroup-event.ts';
import { limitKiBOf, wholePathOf } from './cgroup-row.ts';
import { markKiB } from './mark.ts';
import type { TickOutput } from './output.ts';
import type { Policy } from './policy.ts';
import type { ProcessTable } from './process-table.ts';
import { findDying } from './register/register.ts';
import type { Sample } from './sample.ts';
import { mayDieWhole, type WholeCgroup } from './select/company.ts';
import { victimLimitMs } from './select/rules/timers.ts';
import { choose, pushSignals, waitsFor } from './selection.ts';
import type { State } from './state.ts';
import type { TickInputs } from './tick.ts';
import { ABSENT } from './units.ts';
import { LEVEL } from './verdict.ts';
import { follow } from './verify/return.ts';
import { isPending, type Victim } from './victim.ts';

/** Rows are read twice a second: an outcome is judged by the second reading after the exit. */
const HOLD_OFF_MS = 1500;
/** A reason for doing nothing is told again after this. */
const REPEAT_MS = 60_000;
/** How soon a victim is looked at again. */
const LOOK_MS = 50;
/** With nobody to choose, whoever is in the cgroup is looked at again after this. */
const NOBODY_MS = 2000;

/** Whether the marks of what is acted on are still reached, whatever its hold says. */
const heldOf = ({ ruleWatch, cgroupAction }: State): Demand | undefined =>
  ruleWatch.held.find(({ rule, path }) => rule === cgroupAction.rule && path === cgroupAction.path);

/** The rungs above signals are for a host that is short, never for a cgroup. */
const ON_THE_GROUND = createClimb();

/** TERM or KILL as the rule says, CALM once its marks are not reached any more. */
const levelOf = (state: State): number => {
  if (heldOf(state) === undefined) return LEVEL.CALM;
  return state.cgroupAction.rule?.action === 'kill' ? LEVEL.KILL : LEVEL.TERM;
};

const tellOutcome = (state: State, outcome: CgroupRuleOutcome, nowMs: number, out: TickOutput): void => {
  const { cgroupAction: action } = state;
  const held = heldOf(state);
  if (held === undefined || (action.outcome === outcome && nowMs - action.outcomeMs < REPEAT_MS)) return;
  action.outcome = outcome;
  action.outcomeMs = nowMs;
  out.events.push(ruleEvent(held, outcome, nowMs));
};

/** Follows what was signalled; once all of it is judged the next demand takes its place. */
const followVictims = (state: State, inputs: TickInputs, policy: Policy, nowMs: number, out: TickOutput): void => {
  const { cgroupAction: action, ruleWatch } = state;
  if (action.victims.length > 0) {
    const room = roomOf(state, inputs.sample);
    const victimTimeoutMs = victimLimitMs(policy.act.victimTimeoutMs, policy.select.corrections.timers);
    const limits = { victimTimeoutMs, holdOffMs: HOLD_OFF_MS };
    for (const victim of action.victims) {
      const exited = inputs.exited.includes(victim.slot);
      const reaped = findDying(state.register, victim.facts.pid)?.life === 'reaped';
      follow(victim, exited, reaped, room, levelOf(state), limits, state.episode.number, nowMs, out.events);
    }
  }
  const isHeld = heldOf(state) !== undefined;
  // Asked to leave and no longer in the way: nobody waits for it, and it is not killed.
  const isAwaited = (victim: Victim): boolean =>
    isPending(victim) && !victim.simulated && (isHeld || victim.signal === 'KILL');
  if (action.victims.some(isAwaited)) return;
  const { demand } = ruleWatch;
  if (isHeld && (demand === null || (demand.rule === action.rule && demand.path === action.path))) return;
  action.victims.length = 0;
  action.rule = demand?.rule ?? null;
  action.path = demand?.path ?? '';
  action.outcome = null;
  action.nobodyMs = ABSENT;
};

/** The unit's own cgroup at the front of a path, as deep as the rule's cgroup at least: nothing outside of that dies. */
const wholeOf = (state: State, table: ProcessTable, slot: number): WholeCgroup | null => {
  const { rule, path } = state.cgroupAction;
  if (rule === null || rule.scope === 'process') return null;
  if (rule.scope === 'cgroup') return { path, company: 'cgroup' };
  const ofUnit = wholePathOf('unit', table.cgroup[slot] as string, table.unit[slot] as string);
  return { path: ofUnit.length > path.length ? ofUnit : path, company: 'unit' };
};

/** Chooses within the cgroup; why nobody is, or null. */
const chooseWithin = (
  state: State,
  inputs: TickInputs,
  table: ProcessTable,
  signal: 'TERM' | 'KILL',
  policy: Policy,
  out: TickOutput,
): CgroupRuleOutcome | null => {
  const { cgroupAction: action } = state;
  const row = rowOf(state, action.path);
  if (action.rule === null || row === undefined) return 'nobody';
  const limitKiB = limitKiBOf(row);
  const within = {
    path: action.path,
    totalPages: limitKiB === ABSENT ? table.totalPages : Math.floor(limitKiB / table.pageKiB),
    admitsUnkillable: action.rule.unkillable,
  };
  const minimumKiB = Math.max(0, markKiB(policy.select.minimumSize, limitKiB === ABSENT ? row.currentKiB : limitKiB));
  const slot = choose(state, table, policy, minimumKiB, within);
  if (slot === ABSENT) return 'nobody';
  const whole = wholeOf(state, table, slot);
  if (whole !== null) {
    if (inputs.observed.cgroupMembers?.isWhole !== true) return 'unknown_inside';
    if (!mayDieWhole(table, state.ranking, whole.path)) return 'protected_inside';
  }
  const dryRun = policy.mode === 'observe';
  pushSignals(state, table, slot, signal, dryRun, '', out, whole, true);
  return null;
};

/** The next step within the cgroup that is acted on. Asks for a scan like the tick, and is called again with the table. */
export const stepCgroup = (
  state: State,
  inputs: TickInputs,
  policy: Policy,
  sample: Sample,
  nowMs: number,
  out: TickOutput,
): void => {
  const { cgroupAction: action } = state;
  if (inputs.table === null) followVictims(state, inputs, policy, nowMs, out);
  const wasSelecting = action.selecting;
  action.selecting = false;
  // The host itself is short: whom that takes is for the whole ranking to say.
  if (state.level >= LEVEL.TERM || out.intents.length > 0 || action.rule === null) return;
  const waits = waitsFor(state, policy, sample, nowMs);
  const step = nextStep(action.victims, levelOf(state), waits !== '', ON_THE_GROUND, state.budget, policy.act, nowMs);
  // The marks are reached, but a new hold runs since the last choice.
  const held = heldOf(state);
  const isDemanded = held !== undefined && state.ruleWatch.demand === held;
  if (step.kind !== 'escalate' && !isDemanded) return;
  switch (step.kind) {
    case 'none':
    case 'wait':
    // On the ground there are none of these.
    case 'press':
    case 'evidence':
    case 'last_resort':
      return;
    case 'wait_for_dying':
      tellOutcome(state, 'waiting_for_victim', nowMs, out);
      return;
    case 'over_budget':
      tellOutcome(state, 'budget_exhausted', nowMs, out);
      return;
    case 'escalate': {
      const { victim, reason } = step;
      const shot = {
        kind: 'signal',
        signal: 'KILL',
        dryRun: policy.mode === 'observe',
        reason,
        isOfCgroup: true,
      } as const;
      state.verdictMs = nowMs;
      out.intents.push({ ...shot, slot: victim.slot, pid: victim.facts.pid, company: '', companyOf: victim.slot });
      for (const companion of victim.company) out.intents.push({ ...shot, ...companion, companyOf: victim.slot });
      return;
    }
    case 'choose':
      if (inputs.table === null) {
        const isKnown = inputs.observed.cgroupMembers?.path === action.path;
        if (!isKnown || (action.nobodyMs !== ABSENT && nowMs - action.nobodyMs < NOBODY_MS)) return;
        action.selecting = true;
        state.verdictMs = nowMs;
        out.intents.push({ kind: 'scan' });
      } else if (wasSelecting) {
        const outcome = chooseWithin(state, inputs, inputs.table, step.signal, policy, out);
        action.nobodyMs = outcome === null ? ABSENT : nowMs;
        if (outcome !== null) tellOutcome(state, outcome, nowMs, out);
        else if (held !== undefined) {
          // Its own hold begins anew: what the kill was worth has to show first. The demand is of the reading before it.
          held.sinceMs = nowMs;
          state.ruleWatch.demand = null;
        }
      }
  }
};

/** Milliseconds until a victim of a rule is to be looked at; ABSENT when there is none. */
export const cgroupDueMs = ({ cgroupAction: { victims } }: State): number =>
  victims.length > 0 && victims.some((victim) => isPending(victim) && !victim.simulated) ? LOOK_MS : ABSENT;
