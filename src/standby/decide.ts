/**
 * When standby acts: one table of situations in order of precedence, the first that holds decides. Pure; the loop around it
 * reads and shoots.
 */
import type { ActPolicy, StandbyPolicy } from '../core/policy.ts';
import { ABSENT } from '../core/units.ts';
import { LEVEL } from '../core/verdict.ts';

/** An absence of control: from a turn that did not come to the next one. */
export interface Absence {
  kills: number;
  /** Of the last shot; ABSENT: none. */
  shotMs: number;
  /** When its victim was seen gone; ABSENT: not yet. */
  goneMs: number;
  isNobodyTold: boolean;
  isBudgetTold: boolean;
}

export const createAbsence = (): Absence => ({
  kills: 0,
  shotMs: ABSENT,
  goneMs: ABSENT,
  isNobodyTold: false,
  isBudgetTold: false,
});

/** Control is back. */
export const endAbsence = (absence: Absence): void => {
  absence.kills = 0;
  absence.shotMs = absence.goneMs = ABSENT;
  absence.isNobodyTold = absence.isBudgetTold = false;
};

export interface Situation {
  /** Of this process, growing. */
  readonly nowMs: number;
  /** Since control's turn was due; at most 0 while it is not. */
  readonly overdueMs: number;
  /** Until memory is gone at the present rate; ABSENT: it does not shrink. */
  readonly exhaustionMs: number;
  readonly level: number;
  readonly mayAct: boolean;
  readonly killsLeft: number;
  /** For how long control waits for a victim of its own. */
  readonly waitMs: number;
  readonly holdOffMs: number;
  readonly hasCandidate: boolean;
  readonly isObserving: boolean;
}

/**
 * How long overdue control has to be. The whole bound is there so that nobody dies for a turn that is only late, as it was by
 * 1.2 s on a machine short of CPU. Half of it, still eight times what a thrash took on a calm one, must do when memory is gone
 * before the rest has passed: who dies then is whom control would have taken.
 */
export const boundMs = (overdueMs: number, exhaustionMs: number, { afterMs }: StandbyPolicy): number =>
  exhaustionMs !== ABSENT && exhaustionMs < afterMs - overdueMs ? afterMs / 2 : afterMs;

export type Step = 'rest' | 'watch' | 'kill' | 'nobody' | 'over_budget';

export const nextStep = (
  absence: Absence,
  situation: Situation,
  { victimTimeoutMs }: Pick<ActPolicy, 'victimTimeoutMs'>,
  policy: StandbyPolicy,
): Step => {
  const { nowMs, overdueMs, exhaustionMs, level, mayAct, killsLeft, waitMs, holdOffMs, hasCandidate, isObserving } =
    situation;
  if (overdueMs <= 0) return 'rest';
  if (overdueMs <= boundMs(overdueMs, exhaustionMs, policy)) return 'watch';
  if (level < LEVEL.KILL || !mayAct || waitMs > 0) return 'watch';
  // One name is enough: nobody goes, so the best candidate stays the best.
  if (isObserving && absence.kills > 0) return 'watch';
  if (absence.shotMs !== ABSENT) {
    if (absence.goneMs === ABSENT && nowMs - absence.shotMs < victimTimeoutMs) return 'watch';
    if (absence.goneMs !== ABSENT && nowMs - absence.goneMs < holdOffMs) return 'watch';
  }
  if (absence.kills >= Math.min(policy.kills, killsLeft)) return 'over_budget';
  return hasCandidate ? 'kill' : 'nobody';
};
