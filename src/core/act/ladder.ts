/**
 * What to do now, as data: the ladder from SIGTERM to the last resort. One table of rows in order of precedence; the first
 * that has a step decides. Nothing waits here: "wait" is a step of its own, and the next tick asks again.
 */
import type { LastDeed } from '../ladder-event.ts';
import type { ActPolicy } from '../policy.ts';
import { ABSENT } from '../units.ts';
import { LEVEL } from '../verdict.ts';
import { isPending, type Victim } from '../victim.ts';
import { type Budget, mayKill } from './budget.ts';
import type { Climb } from './climb.ts';

export type Step =
  | { kind: 'none' }
  /** A victim is dying or has been asked to: no second one while its outcome is open. */
  | { kind: 'wait' }
  /** The same for one that others have killed, or that is stuck since an earlier episode. */
  | { kind: 'wait_for_dying' }
  | { kind: 'escalate'; victim: Victim; reason: 'term_timeout' | 'kill_mark' }
  | { kind: 'over_budget' }
  | { kind: 'choose'; signal: 'TERM' | 'KILL' }
  /** Have the kernel kill, if it would not take anybody who is protected (core/press). */
  | { kind: 'press' }
  | { kind: 'evidence' }
  | { kind: 'last_resort'; action: LastDeed };

/** What a row looks at. */
export interface Situation {
  readonly victims: readonly Victim[];
  readonly level: number;
  /** Somebody else is dying who has memory to give back (core/register), and his time is not up. */
  readonly isWaiting: boolean;
  readonly climb: Climb;
  readonly budget: Budget;
  readonly policy: ActPolicy;
  readonly nowMs: number;
}

const NONE: Step = { kind: 'none' };
const WAIT: Step = { kind: 'wait' };
const WAIT_FOR_DYING: Step = { kind: 'wait_for_dying' };
const OVER_BUDGET: Step = { kind: 'over_budget' };
const CHOOSE_TERM: Step = { kind: 'choose', signal: 'TERM' };
const CHOOSE_KILL: Step = { kind: 'choose', signal: 'KILL' };
const PRESS: Step = { kind: 'press' };
const EVIDENCE: Step = { kind: 'evidence' };

/** In observe mode the same answer again after this: the shortage stays, and one line a minute is a reminder, not a flood. */
const OBSERVE_REPEAT_MS = 60_000;

/**
 * So long must nobody have been found before the kernel is asked: an index that is a round behind is fresh by then, and the
 * kernel gives its own victims as long before it reaps (OOM_REAPER_DELAY, mm/oom_kill.c). Of victims that do not go the
 * deadline has passed already.
 */
export const HELPLESS_MS = 2000;

/** A press is considered no more often than the kernel can choose somebody new (kernel-facts 0.6, 4.14). */
export const PRESS_EVERY_MS = 4000;

/**
 * So long must a standstill have lasted before evidence is taken: every rung below has had its time (5 s for a victim, twice
 * 2 s, two presses of 4 s), and one SysRq-w prints as much as the kernel does in a minute.
 */
export const EVIDENCE_AFTER_MS = 30_000;

/**
 * Between the evidence and the last resort: a record of 100 bytes takes 9 ms at 115200 baud, and w prints hundreds; in a thrash of
 * the guest the first one began 2.5 s after it was asked for.
 */
export const EVIDENCE_LEAD_MS = 10_000;

const longerThan = (sinceMs: number, forMs: number, nowMs: number): boolean =>
  sinceMs !== ABSENT && nowMs - sinceMs >= forMs;

const evidenceDueMs = ({ lastResort, lastResortAfterMs }: ActPolicy): number =>
  lastResort === 'off' ? EVIDENCE_AFTER_MS : Math.min(EVIDENCE_AFTER_MS, lastResortAfterMs);

const escalation = (victim: Victim, { level, policy, nowMs }: Situation): Step => {
  // Gone already: its memory is on its way, and a signal would only answer ESRCH.
  if (victim.signal === 'KILL' || victim.exitedMs !== ABSENT) return WAIT;
  if (level >= LEVEL.KILL) return { kind: 'escalate', victim, reason: 'kill_mark' };
  if (nowMs - victim.signalledMs >= policy.termTimeoutMs) return { kind: 'escalate', victim, reason: 'term_timeout' };
  return WAIT;
};

/** One row: null leaves it to the rows below. */
export interface Row {
  readonly row: string;
  step(situation: Situation): Step | null;
}

/** Above the term level; below it nothing is done. */
export const ROWS: readonly Row[] = [
  {
    // Once, off by default, after evidence. Nothing verifies it: the kernel that would is gone.
    row: 'last resort: the host has stood still for long, in spite of everything below',
    step: ({ climb, policy, nowMs }) => {
      if (policy.lastResort === 'off' || climb.lastResortMs !== ABSENT) return null;
      if (!longerThan(climb.stalledMs, policy.lastResortAfterMs, nowMs)) return null;
      const isWitnessed = policy.evidence === '' || longerThan(climb.evidenceMs, EVIDENCE_LEAD_MS, nowMs);
      return isWitnessed ? { kind: 'last_resort', action: policy.lastResort } : null;
    },
  },
  {
    // Once: what nobody can find out afterwards. The rungs below go on.
    row: 'evidence: a standstill that outlasts the rungs below',
    step: ({ climb, policy, nowMs }) => {
      if (policy.evidence === '' || climb.evidenceMs !== ABSENT) return null;
      return longerThan(climb.stalledMs, evidenceDueMs(policy), nowMs) ? EVIDENCE : null;
    },
  },
  {
    // term -> kill by its timeout or by the kill mark. Each victim is asked in order of its signal; core/verify judges.
    row: 'a victim whose outcome is open: SIGKILL after SIGTERM, else wait',
    step: (situation) => {
      for (const victim of situation.victims) {
        if (!isPending(victim)) continue;
        const step = escalation(victim, situation);
        if (step !== WAIT) return step;
        if (!victim.simulated || situation.nowMs - victim.signalledMs < OBSERVE_REPEAT_MS) return WAIT;
      }
      return null;
    },
  },
  {
    row: 'hold-off after the last signal',
    step: ({ victims, policy, nowMs }) =>
      victims.some(({ signalledMs }) => nowMs - signalledMs < policy.holdOffMs) ? WAIT : null,
  },
  {
    row: 'somebody else is dying (patches 5 and 6)',
    step: ({ isWaiting }) => (isWaiting ? WAIT_FOR_DYING : null),
  },
  {
    row: 'the budget of kills, those of the kernel by our hand included',
    step: ({ budget, policy, nowMs }) => (mayKill(budget, policy, nowMs) ? null : OVER_BUDGET),
  },
  {
    // Verified by vmstat's oom_kill, a record of the kernel's or memory (core/register/sysrq); then it is asked again.
    row: 'SysRq-f: nobody may be signalled, or nobody who was reacts',
    step: ({ climb, policy, nowMs }) => {
      const patienceMs = climb.helpless === 'fruitless' ? 0 : HELPLESS_MS;
      if (policy.sysrqF === 'off' || !longerThan(climb.helplessMs, patienceMs, nowMs)) return null;
      return climb.triedMs === ABSENT || nowMs - climb.triedMs >= PRESS_EVERY_MS ? PRESS : null;
    },
  },
  {
    // The first victim, and the next one after each whose outcome is known; company and reaping come with the signal.
    row: 'a victim',
    step: ({ level }) => (level >= LEVEL.KILL ? CHOOSE_KILL : CHOOSE_TERM),
  },
];

/** The next step. The last row always has one. */
export const nextStep = (
  victims: readonly Victim[],
  level: number,
  isWaiting: boolean,
  climb: Climb,
  budget: Budget,
  policy: ActPolicy,
  nowMs: number,
): Step => {
  if (level < LEVEL.TERM) return NONE;
  const situation: Situation = { victims, level, isWaiting, climb, budget, policy, nowMs };
  let step: Step | null = null;
  for (let at = 0; step === null; at++) step = (ROWS[at] as Row).step(situation);
  return step;
};
