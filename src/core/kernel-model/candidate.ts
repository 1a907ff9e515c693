/** What a kernel holds of one process: whether it may be killed, is a victim, is the first choice, and its badness. */
import { FLAG, type ProcessTable } from '../process-table.ts';
import { ABSENT } from '../units.ts';
import type { KernelBehaviour } from './behaviour.ts';
import type { KernelContext } from './decision.ts';

/** OOM_SCORE_ADJ_MIN of include/uapi/linux/oom.h. */
const OOM_SCORE_ADJ_MIN = -1000;
/** oom_unkillable_task(), and those without an mm. */
const OUT_OF_BOUNDS = FLAG.KTHREAD | FLAG.INIT | FLAG.GONE | FLAG.NO_MM;

/** ULONG_MAX, LONG_MAX: more than any badness. */
export const FIRST: number = Number.POSITIVE_INFINITY;
/** 0 until 5.8, LONG_MIN later: no candidate. */
export const PASSED: number = Number.NEGATIVE_INFINITY;

export const isOutOfBounds = (table: ProcessTable, slot: number): boolean =>
  ((table.flags[slot] as number) & OUT_OF_BOUNDS) !== 0;

export const isKillable = (table: ProcessTable, slot: number): boolean =>
  !isOutOfBounds(table, slot) && table.oomScoreAdj[slot] !== OOM_SCORE_ADJ_MIN;

/** Whether `a` comes after `b` in the task list, which is in order of creation. */
export const isLater = (table: ProcessTable, a: number, b: number): boolean => {
  const age = (table.startTimeTicks[a] as number) - (table.startTimeTicks[b] as number);
  return age === 0 ? (table.pid[a] as number) > (table.pid[b] as number) : age > 0;
};

/** The reaper has been through its mm, or has given up on it. */
export const isDone = (behaviour: KernelBehaviour, slot: number, context: KernelContext): boolean =>
  behaviour.hidesReaped &&
  (context.isReaped(slot) || (context.isVictim(slot) && context.sinceKillMs(slot) >= behaviour.reaperEndsMs));

/** TIF_MEMDIE of one of its threads, tsk_is_oom_victim() later. */
export const isMarked = (behaviour: KernelBehaviour, slot: number, context: KernelContext): boolean =>
  context.isVictim(slot) && !(behaviour.forgetsReaped && isDone(behaviour, slot, context));

/** Whether the mark is on all that the scan looks at of it: where threads are scanned, those beside the marked are not. */
export const isMarkOfAll = ({ scansThreads }: KernelBehaviour, table: ProcessTable, slot: number): boolean =>
  !scansThreads || (table.threads[slot] as number) <= 1;

/** oom_task_origin(), as far as it counts. */
export const isFirst = (
  behaviour: KernelBehaviour,
  table: ProcessTable,
  slot: number,
  context: KernelContext,
): boolean => {
  if (((table.flags[slot] as number) & FLAG.ORIGIN) === 0) return false;
  if (behaviour.sparesOriginUnkillable && table.oomScoreAdj[slot] === OOM_SCORE_ADJ_MIN) return false;
  const isSpared = behaviour.sparesOriginVictim && isMarked(behaviour, slot, context);
  return !isSpared || !isMarkOfAll(behaviour, table, slot);
};

/** vfork_done is not shown in /proc; an oom_score of 0 and the parent's mm are. */
const isVforkChild = (table: ProcessTable, slot: number): boolean => {
  const group = table.mmGroup[slot] as number;
  if (group === ABSENT || table.oomScore[slot] !== 0) return false;
  for (let row = 0; row < table.count; row++) {
    const other = table.rows[row] as number;
    if (table.pid[other] === table.ppid[slot] && table.mmGroup[other] === group) return true;
  }
  return false;
};

/** oom_badness(), pages; PASSED for whom it does not admit. */
export const pointsOf = (
  behaviour: KernelBehaviour,
  table: ProcessTable,
  slot: number,
  context: KernelContext,
): number => {
  if (!isKillable(table, slot) || isDone(behaviour, slot, context)) return PASSED;
  if (behaviour.excludesVictims && isMarked(behaviour, slot, context)) return PASSED;
  if (behaviour.skipsVfork && isVforkChild(table, slot)) return PASSED;
  return Math.max(behaviour.leastPoints, context.badness(slot));
};
