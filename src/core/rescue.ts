/**
 * What the standby process did while control did not turn, taken over by the first turn after it: its victims are in the
 * register as ours are, so that they are waited for, followed and counted, and nobody else dies for the same shortage.
 */
import { spend } from './act/budget.ts';
import type { OomwatchdEvent } from './event.ts';
import type { RescueOutcome } from './own-process-event.ts';
import { enter } from './register/register.ts';
import type { State } from './state.ts';

export interface Rescue {
  readonly outcome: RescueOutcome;
  /** Slot in the process table, ABSENT where it was vacated since, or where nobody was chosen. */
  readonly slot: number;
  /** ABSENT where nobody was chosen. */
  readonly pid: number;
  readonly comm: string;
  /** What its death can return, KiB, as its oom_score told. */
  readonly sizeKiB: number;
  /** Goes along with the victim before it. */
  readonly isCompanion: boolean;
  readonly errno: number;
  /** How long ago it was. */
  readonly agoMs: number;
  /** By how much control was overdue then. */
  readonly lateMs: number;
  readonly memAvailableKiB: number;
}

/** Takes `rescues` over, oldest first. Appends to `events`. */
export const takeRescues = (
  state: State,
  rescues: readonly Rescue[],
  nowMs: number,
  events: OomwatchdEvent[],
): void => {
  // The rule: under the interpreter a loop over nothing makes an iterator, too.
  if (rescues.length === 0) return;
  for (const { outcome, slot, pid, comm, sizeKiB, isCompanion, errno, agoMs, lateMs, memAvailableKiB } of rescues) {
    events.push({ kind: 'rescue', outcome, pid, comm, sizeKiB, errno, lateMs, memAvailableKiB });
    if (outcome !== 'killed') continue;
    enter(state.register, slot, pid, comm, 'standby', sizeKiB, nowMs - agoMs);
    if (!isCompanion) spend(state.budget, nowMs - agoMs);
  }
};
