/**
 * out_of_memory() and oom_kill_process() of mm/oom_kill.c for a global OOM: whom a kernel would take from a process table.
 * Pure, for tests and `explain`: it shows what each correction changes, and nothing is decided by it.
 */
import type { ProcessTable } from '../process-table.ts';
import { ABSENT } from '../units.ts';
import type { KernelBehaviour } from './behaviour.ts';
import { isDone, isKillable, isLater, pointsOf } from './candidate.ts';
import type { Because, Decision, KernelContext } from './decision.ts';
import { selectBadProcess } from './scan.ts';
import { behaviourOf, type KernelVersion } from './versions.ts';
import { currentLeaves, willFreeMem } from './will-free-mem.ts';

/** The child with the highest badness and an mm of its own; ABSENT when there is none. */
const childOf = (behaviour: KernelBehaviour, table: ProcessTable, slot: number, context: KernelContext): number => {
  const group = table.mmGroup[slot] as number;
  let child: number = ABSENT;
  // victim_points of oom_kill_process(): even the smallest child goes before its parent.
  let most = 0;
  for (let row = 0; row < table.count; row++) {
    const other = table.rows[row] as number;
    if (table.ppid[other] !== table.pid[slot] || (group !== ABSENT && table.mmGroup[other] === group)) continue;
    const points = pointsOf(behaviour, table, other, context);
    if (points < most || points <= 0 || (points === most && isLater(table, other, child))) continue;
    child = other;
    most = points;
  }
  return child;
};

const oomKillProcess = (
  behaviour: KernelBehaviour,
  table: ProcessTable,
  chosen: number,
  because: Because,
  context: KernelContext,
): Decision => {
  const leaves = willFreeMem(behaviour, table, chosen, context, isDone(behaviour, chosen, context));
  const child = behaviour.sacrificesChild && !leaves ? childOf(behaviour, table, chosen, context) : ABSENT;
  const slot = child === ABSENT ? chosen : child;
  // Killed twice, marked twice, or not found by find_lock_non_victim_task_mm() of patch 1: nobody new dies of it.
  if (context.isVictim(slot)) return { outcome: 'nothing', slot, because: 'already_victim_again' };
  if (leaves) return { outcome: 'wait', slot, because: 'marks_exiting' };
  return { outcome: 'kill', slot, because: child === ABSENT ? because : 'sacrificed_child' };
};

/** What a kernel that behaves so would do. */
export const decide = (behaviour: KernelBehaviour, table: ProcessTable, context: KernelContext): Decision => {
  const current = context.sysrq ? ABSENT : context.currentSlot;
  if (current !== ABSENT) {
    const leaves = currentLeaves(behaviour, table, current, context, isDone(behaviour, current, context));
    if (leaves) return { outcome: 'wait', slot: current, because: 'marks_exiting' };
  }
  const killsCurrent = context.oomKillAllocatingTask && current !== ABSENT && isKillable(table, current);
  if (killsCurrent && !behaviour.waitsUnderAllocatingTask) {
    return oomKillProcess(behaviour, table, current, 'allocating_task', context);
  }
  const { slot, because } = selectBadProcess(behaviour, table, context);
  if (slot === ABSENT) return { outcome: context.sysrq ? 'nothing' : 'panic', slot, because: 'no_killable' };
  if (because === 'waits_for_victim' || because === 'waits_for_exiting') return { outcome: 'wait', slot, because };
  return killsCurrent
    ? oomKillProcess(behaviour, table, current, 'allocating_task', context)
    : oomKillProcess(behaviour, table, slot, because, context);
};

/** What the kernel of that version would do. */
export const asKernel = (version: KernelVersion, table: ProcessTable, context: KernelContext): Decision =>
  decide(behaviourOf(version), table, context);
