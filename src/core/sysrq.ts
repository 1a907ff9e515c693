/** The kernel's own hand: SysRq-f as an intent, or the reason why it is not pressed. */
import { spend } from './act/budget.ts';
import { type Aim, type Aimed, aim } from './aim.ts';
import type { NoActionReason } from './event.ts';
import type { Pressed, SysrqIntent } from './intent.ts';
import { noActionEvent } from './no-action.ts';
import type { TickOutput } from './output.ts';
import type { Policy } from './policy.ts';
import type { ProcessTable } from './process-table.ts';
import { notePress } from './register/press.ts';
import { pressWouldFail, SYSRQ_SPACING_MS } from './register/sysrq.ts';
import type { Sample } from './sample.ts';
import { rowSizeKiB } from './select/badness.ts';
import { hasScope } from './select/policy-match.ts';
import { choose, chooseForKernel, minimumKiBOf, noteDying } from './selection.ts';
import type { State } from './state.ts';
import { ABSENT } from './units.ts';

/** The same refusal, or the same press in observe mode, is told again after this: it is considered every four seconds. */
const REPEAT_MS = 60_000;

/** Whether a refusal, or a press that is not meant, is news. */
const isNews = (state: State, what: string, nowMs: number): boolean => {
  const { climb } = state;
  if (climb.refusal === what && nowMs - climb.refusalMs < REPEAT_MS) return false;
  climb.refusal = what;
  climb.refusalMs = nowMs;
  return true;
};

const refuse = (
  state: State,
  reason: NoActionReason,
  detail: string,
  sample: Sample,
  nowMs: number,
  out: TickOutput,
): void => {
  if (isNews(state, reason, nowMs)) out.events.push(noActionEvent(state, reason, detail, sample));
};

/** Whom a press would take now, and what is to be steered before, as `policy` has it. */
export const aimPress = (state: State, table: ProcessTable, policy: Policy, minimumKiB: number): Aimed =>
  aim(table, chooseForKernel(state, table, policy, minimumKiB), {
    kernel: state.kernel,
    narrowed: hasScope(policy.select),
    directed: state.canSteer && policy.act.sysrqF === 'directed',
    minimumKiB,
  });

export const pressOf = (table: ProcessTable, { slot, steer }: Aim, dryRun: boolean): SysrqIntent => ({
  ...{ kind: 'sysrq_f', dryRun, slot, pid: table.pid[slot] as number, comm: table.comm[slot] as string },
  ...{ sizeKiB: rowSizeKiB(table, slot), steer },
});

/**
 * Considers a press. Where somebody can be signalled by now, it is left: the next tick chooses him. Pushes the intent, or
 * tells why there is none.
 */
export const planPress = (
  state: State,
  table: ProcessTable,
  sample: Sample,
  policy: Policy,
  nowMs: number,
  out: TickOutput,
): void => {
  const { climb, register } = state;
  const minimumKiB = minimumKiBOf(policy, sample);
  noteDying(state, table, minimumKiB, nowMs, out);
  if (climb.helpless !== 'fruitless' && choose(state, table, policy, minimumKiB) !== ABSENT) {
    state.nobodyMs = ABSENT;
    return;
  }
  climb.triedMs = nowMs;
  const futile = pressWouldFail(register, table, nowMs);
  if (futile !== '') {
    refuse(state, 'sysrq_would_fail', futile, sample, nowMs, out);
    return;
  }
  const aimed = aimPress(state, table, policy, minimumKiB);
  if ('refusal' in aimed) {
    refuse(state, aimed.refusal, aimed.detail, sample, nowMs, out);
    return;
  }
  const dryRun = policy.mode === 'observe';
  if (dryRun && !isNews(state, 'observed', nowMs)) return;
  out.intents.push(pressOf(table, aimed, dryRun));
};

/** Applies what came of `intent`. Whoever asked for it by hand is told by his answer; the ladder's press is told here. */
export const settlePress = (
  state: State,
  intent: SysrqIntent,
  { errno, steered }: Pressed,
  sample: Sample,
  isForced: boolean,
  nowMs: number,
  out: TickOutput,
): void => {
  const { dryRun, pid, comm, sizeKiB } = intent;
  const isPressed = errno === 0 && !dryRun;
  if (isPressed) {
    notePress(state.register, { pid, sizeKiB, steered }, sample, nowMs);
    spend(state.budget, nowMs);
  }
  if (isForced) return;
  if (isPressed) state.climb.presses++;
  const outcome = errno !== 0 ? 'failed' : dryRun ? 'observed' : 'pressed';
  const episode = state.episode.number;
  const told = { pid, comm, steered: dryRun ? intent.steer.length : steered, afterMs: 0, errno };
  out.events.push({ kind: 'sysrq', episode, outcome, ...told, detail: state.climb.helpless });
};

/**
 * Whether oom_score_adj has to be put back now: the press has had its effect, or it has had its time. A work item that runs
 * later than that chooses as if nothing had been steered (it cannot be called back).
 */
export const isSteeringOver = ({ register: { press } }: State, nowMs: number): boolean =>
  press.isSteered && (!press.isOpen || nowMs - press.atMs >= SYSRQ_SPACING_MS);
