/** How many kills are allowed a minute and an hour: a watchdog that is wrong must be wrong slowly. */
import type { ActPolicy } from '../policy.ts';
import { ABSENT } from '../units.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** Times of the last kills in a ring; as large as the largest hourly budget the configuration admits. */
export const BUDGET_RING = 10_000;

export interface Budget {
  readonly atMs: Float64Array;
  next: number;
}

export const createBudget = (): Budget => ({ atMs: new Float64Array(BUDGET_RING).fill(ABSENT), next: 0 });

/** Counts one process that has been signalled (its escalation from TERM to KILL is the same kill). */
export const spend = (budget: Budget, nowMs: number): void => {
  budget.atMs[budget.next] = nowMs;
  budget.next = (budget.next + 1) % BUDGET_RING;
};

/** Newest first, so that the ring is only walked as far as kills are recent. */
const spentWithin = (budget: Budget, nowMs: number, periodMs: number): number => {
  let spent = 0;
  for (; spent < BUDGET_RING; spent++) {
    const at = budget.atMs[(budget.next + BUDGET_RING - 1 - spent) % BUDGET_RING] as number;
    if (at === ABSENT || nowMs - at >= periodMs) break;
  }
  return spent;
};

/** Kills that are left within both budgets. */
export const killsLeft = (budget: Budget, policy: ActPolicy, nowMs: number): number =>
  Math.max(
    0,
    Math.min(
      policy.killsPerMinute - spentWithin(budget, nowMs, MINUTE_MS),
      policy.killsPerHour - spentWithin(budget, nowMs, HOUR_MS),
    ),
  );

/** Whether one more kill is within both budgets. */
export const mayKill = (budget: Budget, policy: ActPolicy, nowMs: number): boolean =>
  killsLeft(budget, policy, nowMs) > 0;
