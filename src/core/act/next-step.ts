/**
 * What to do now, as data. One table of situations in order of precedence; the first that holds decides. Nothing waits
 * here: "wait" is a step of its own, and the next tick asks again.
 */
import type { ActPolicy } from '../policy.ts';
import { ABSENT } from '../units.ts';
import { LEVEL } from '../verdict.ts';
import { isPending, type Victim } from '../victim.ts';
import { type Budget, mayKill } from './budget.ts';

export type Step =
  | { kind: 'none' }
  /** A victim is dying or has been asked to: no second one while its outcome is open. */
  | { kind: 'wait' }
  /** The same for one that others have killed, or that is stuck since an earlier episode. */
  | { kind: 'wait_for_dying' }
  | { kind: 'escalate'; victim: Victim; reason: 'term_timeout' | 'kill_mark' }
  | { kind: 'over_budget' }
  | { kind: 'choose'; signal: 'TERM' | 'KILL' };

const NONE: Step = { kind: 'none' };
const WAIT: Step = { kind: 'wait' };
const WAIT_FOR_DYING: Step = { kind: 'wait_for_dying' };
const OVER_BUDGET: Step = { kind: 'over_budget' };
const CHOOSE_TERM: Step = { kind: 'choose', signal: 'TERM' };
const CHOOSE_KILL: Step = { kind: 'choose', signal: 'KILL' };

/** In observe mode the same answer again after this: the shortage stays, and one line a minute is a reminder, not a flood. */
const OBSERVE_REPEAT_MS = 60_000;

const escalation = (victim: Victim, level: number, policy: ActPolicy, nowMs: number): Step => {
  // Gone already: its memory is on its way, and a signal would only answer ESRCH.
  if (victim.signal === 'KILL' || victim.exitedMs !== ABSENT) return WAIT;
  if (level >= LEVEL.KILL) return { kind: 'escalate', victim, reason: 'kill_mark' };
  if (nowMs - victim.signalledMs >= policy.termTimeoutMs) return { kind: 'escalate', victim, reason: 'term_timeout' };
  return WAIT;
};

/**
 * The next step at `level` with these victims. Each victim is asked in order of its signal. `isWaiting`: somebody else is
 * dying who has memory to give back (core/register), and his time is not up.
 */
export const nextStep = (
  victims: readonly Victim[],
  level: number,
  isWaiting: boolean,
  budget: Budget,
  policy: ActPolicy,
  nowMs: number,
): Step => {
  if (level < LEVEL.TERM) return NONE;
  let lastSignalMs = Number.NEGATIVE_INFINITY;
  for (const victim of victims) {
    lastSignalMs = Math.max(lastSignalMs, victim.signalledMs);
    if (!isPending(victim)) continue;
    const step = escalation(victim, level, policy, nowMs);
    if (step !== WAIT) return step;
    if (!victim.simulated || nowMs - victim.signalledMs < OBSERVE_REPEAT_MS) return WAIT;
  }
  if (nowMs - lastSignalMs < policy.holdOffMs) return WAIT;
  if (isWaiting) return WAIT_FOR_DYING;
  if (!mayKill(budget, policy, nowMs)) return OVER_BUDGET;
  return level >= LEVEL.KILL ? CHOOSE_KILL : CHOOSE_TERM;
};
