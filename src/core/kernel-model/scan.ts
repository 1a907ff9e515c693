/**
 * select_bad_process(): one pass over the task list. oom_scan_process_thread() of 4.5 and oom_evaluate_task() of later
 * kernels ask the same questions in the same order.
 */
import { FLAG, type ProcessTable } from '../process-table.ts';
import { ABSENT } from '../units.ts';
import type { KernelBehaviour } from './behaviour.ts';
import {
  FIRST,
  isDone,
  isFirst,
  isLater,
  isMarked,
  isMarkOfAll,
  isOutOfBounds,
  PASSED,
  pointsOf,
} from './candidate.ts';
import type { Because, KernelContext } from './decision.ts';

/** Patch 5: the timer runs from the last victim on, and for all of them. */
const isTimerPending = ({ victimTimerMs }: KernelBehaviour, table: ProcessTable, context: KernelContext): boolean => {
  if (victimTimerMs === Number.POSITIVE_INFINITY) return true;
  for (let row = 0; row < table.count; row++) {
    const slot = table.rows[row] as number;
    if (context.isVictim(slot) && context.sinceKillMs(slot) < victimTimerMs) return true;
  }
  return false;
};

/** Until 5.2 the first of equals was kept, but for a thread that is no leader ("for display purposes", 4.5 and 4.6). */
const winsTie = (
  { scansThreads, tieTo }: KernelBehaviour,
  table: ProcessTable,
  slot: number,
  chosen: number,
): boolean => {
  if (tieTo === 'later') return isLater(table, slot, chosen);
  const gives = (each: number): boolean => scansThreads && ((table.flags[each] as number) & FLAG.ZOMBIE_LEADER) !== 0;
  if (gives(slot) !== gives(chosen)) return gives(chosen);
  return isLater(table, slot, chosen) === gives(slot);
};

type Wait = Extract<Because, 'waits_for_victim' | 'waits_for_exiting'>;

/** Points of one process, or why the scan ends at it. */
const evaluate = (
  behaviour: KernelBehaviour,
  table: ProcessTable,
  slot: number,
  context: KernelContext,
  isPending: boolean,
): number | Wait => {
  if (isOutOfBounds(table, slot)) return PASSED;
  if (!context.sysrq && isMarked(behaviour, slot, context)) {
    if (isPending && !isDone(behaviour, slot, context)) return 'waits_for_victim';
    if (isMarkOfAll(behaviour, table, slot)) return PASSED;
  }
  if (isFirst(behaviour, table, slot, context)) return FIRST;
  const isExiting = ((table.flags[slot] as number) & (FLAG.EXITING | FLAG.CORE_DUMPING)) === FLAG.EXITING;
  if (isExiting && behaviour.abortsOnExiting && !context.sysrq) return 'waits_for_exiting';
  return pointsOf(behaviour, table, slot, context);
};

export interface Found {
  /** ABSENT: there is no candidate. */
  readonly slot: number;
  readonly because: Wait | Extract<Because, 'largest' | 'origin'>;
}

/** Start times tell the order of the task list: that of the rows does not count. */
export const selectBadProcess = (behaviour: KernelBehaviour, table: ProcessTable, context: KernelContext): Found => {
  const isPending = isTimerPending(behaviour, table, context);
  let chosen: number = ABSENT;
  let most = PASSED;
  let end: { readonly slot: number; readonly because: Wait } | null = null;
  for (let row = 0; row < table.count; row++) {
    const slot = table.rows[row] as number;
    const points = evaluate(behaviour, table, slot, context, isPending);
    if (typeof points === 'string') {
      if (end === null || isLater(table, end.slot, slot)) end = { slot, because: points };
    } else if (points !== PASSED && points >= most) {
      // The last origin is taken in all kernels.
      const wins = points === FIRST ? isLater : winsTie.bind(null, behaviour);
      if (chosen !== ABSENT && points === most && !wins(table, slot, chosen)) continue;
      chosen = slot;
      most = points;
    }
  }
  return end ?? { slot: chosen, because: most === FIRST ? 'origin' : 'largest' };
};
