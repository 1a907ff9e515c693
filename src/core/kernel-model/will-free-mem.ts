/** task_will_free_mem(): whether a process is about to give its memory back by itself, as far as the kernel looks. */
import { FLAG, type ProcessTable } from '../process-table.ts';
import { ABSENT } from '../units.ts';
import type { KernelBehaviour } from './behaviour.ts';
import type { KernelContext } from './decision.ts';

const has = (table: ProcessTable, slot: number, flag: number): boolean => ((table.flags[slot] as number) & flag) !== 0;

/** SIGNAL_GROUP_EXIT: a SIGKILL has been sent to it, by whomever. */
const isKilled = (table: ProcessTable, slot: number, context: KernelContext): boolean =>
  has(table, slot, FLAG.SIGKILL_PENDING) || context.isVictim(slot);

/** __task_will_free_mem(): the whole process leaves. */
const processLeaves = (table: ProcessTable, slot: number, context: KernelContext): boolean => {
  if (has(table, slot, FLAG.CORE_DUMPING)) return false;
  if (isKilled(table, slot, context)) return true;
  return has(table, slot, FLAG.EXITING) && (table.threads[slot] as number) <= 1;
};

const sharersLeave = (table: ProcessTable, slot: number, context: KernelContext): boolean => {
  const group = table.mmGroup[slot] as number;
  if (group === ABSENT) return true;
  for (let row = 0; row < table.count; row++) {
    const other = table.rows[row] as number;
    if (table.mmGroup[other] === group && !processLeaves(table, other, context)) return false;
  }
  return true;
};

/** `isDone`: the reaper is through with it, so that nothing is to be expected (4.8, 696453e66630). */
export const willFreeMem = (
  { asksAboutExit }: KernelBehaviour,
  table: ProcessTable,
  slot: number,
  context: KernelContext,
  isDone: boolean,
): boolean => {
  if (asksAboutExit === 'thread') return has(table, slot, FLAG.EXITING) && !has(table, slot, FLAG.CORE_DUMPING);
  if (!processLeaves(table, slot, context)) return false;
  return asksAboutExit === 'process' || (!isDone && sharersLeave(table, slot, context));
};

/** out_of_memory(): current is let go instead of anybody being killed. A pending SIGKILL sufficed until 4.8. */
export const currentLeaves = (
  behaviour: KernelBehaviour,
  table: ProcessTable,
  slot: number,
  context: KernelContext,
  isDone: boolean,
): boolean =>
  (behaviour.asksAboutExit !== 'sharers' && isKilled(table, slot, context)) ||
  willFreeMem(behaviour, table, slot, context, isDone);
