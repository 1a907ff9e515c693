/** What is told of the processes beside control: the reporter, and standby, which acts while control does not. */

/**
 * What the standby process did or did not do in an absence of control. observed: would have killed, in observe mode.
 * nobody: no candidate is left. over_budget: no kill is left.
 */
export const RESCUE_OUTCOMES = ['killed', 'refused', 'observed', 'nobody', 'over_budget'] as const;
export type RescueOutcome = (typeof RESCUE_OUTCOMES)[number];

/** What a drill came to: a child killed the way a victim would be. not_calm: put off, as there is something else to do. */
export const DRILL_OUTCOMES = ['passed', 'failed', 'not_calm'] as const;
export type DrillOutcome = (typeof DRILL_OUTCOMES)[number];

export type OwnProcessEvent =
  | { kind: 'drilled'; outcome: DrillOutcome; durationMs: number; detail: string }
  /** The second process acted, or did not, while control was late. */
  | {
      kind: 'rescue';
      outcome: RescueOutcome;
      pid: number;
      comm: string;
      sizeKiB: number;
      errno: number;
      /** By how much control was overdue then. */
      lateMs: number;
      memAvailableKiB: number;
    }
  | { kind: 'standby'; state: 'started' | 'exited'; detail: string }
  | { kind: 'reporter'; state: 'started' | 'exited' | 'restarting'; detail: string };
