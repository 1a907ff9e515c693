/**
 * The other lines of an OOM report: who asked for memory, which process was selected, whose cgroup dies as a whole. Given
 * is the unescaped text (see kill-text.ts for how names are told from words of the kernel).
 */
import { COMM_MAX } from './kill-text.ts';

const INVOKED = ' invoked oom-killer: gfp_mask=';
const ORDER = /, order=(-?\d{1,3}), oom_(?:score_)?adj=/;

export interface InvokedText {
  readonly comm: string;
  readonly order: number;
}

/** "NAME invoked oom-killer: gfp_mask=0x..., order=0, oom_score_adj=0": the words are longer than a name. Else null. */
export const invokedText = (text: string): InvokedText | null => {
  const end = text.indexOf(INVOKED);
  const order = end < 0 || end > COMM_MAX ? null : ORDER.exec(text.slice(end));
  return order === null ? null : { comm: text.slice(0, end), order: Number(order[1]) };
};

export interface SelectedText {
  readonly pid: number;
  readonly comm: string;
  readonly uid: number;
  readonly constraint: string;
  /** "" for a global one. */
  readonly oomMemcg: string;
  readonly taskMemcg: string;
}

export const SELECTED_PREFIX = 'oom-kill:constraint=';
const CONSTRAINT = /^oom-kill:constraint=(\w{1,40}),/;
/**
 * pid and uid are taken from the end, where only the kernel prints. The name before them has at most 15 bytes and may hold
 * ",task=a,pid=1" itself: the first ",task=" that leaves no more than that is the kernel's.
 */
const TASK = /,task=([\s\S]{0,15}),pid=(\d{1,7}),uid=(\d{1,10})$/;
const GLOBAL = ',global_oom';
const OOM_MEMCG = ',oom_memcg=';
const TASK_MEMCG = ',task_memcg=';

/** Printed by pr_cont in pieces: null also when the rest is still to come. */
export const selectedText = (text: string): SelectedText | null => {
  const constraint = CONSTRAINT.exec(text);
  const task = constraint === null ? null : TASK.exec(text);
  if (constraint === null || task === null) return null;
  const paths = text.slice(0, task.index);
  const head = {
    pid: Number(task[2]),
    comm: task[1] as string,
    uid: Number(task[3]),
    constraint: constraint[1] as string,
  };
  // mm/memcontrol.c, mem_cgroup_print_oom_context: one of the two. A path that holds these words bends the paths alone.
  const isMemcg = head.constraint === 'CONSTRAINT_MEMCG';
  const from = paths.indexOf(isMemcg ? OOM_MEMCG : GLOBAL);
  const taskMemcg = paths.indexOf(TASK_MEMCG, from);
  if (from < 0 || taskMemcg < 0) return null;
  return {
    ...head,
    oomMemcg: isMemcg ? paths.slice(from + OOM_MEMCG.length, taskMemcg) : '',
    taskMemcg: paths.slice(taskMemcg + TASK_MEMCG.length),
  };
};

export const GROUP_PREFIX = 'Tasks in ';
const GROUP_END = ' are going to be killed due to memory.oom.group set';

/** "Tasks in PATH are going to be killed due to memory.oom.group set" (4.19+): the path, or null. */
export const groupText = (text: string): string | null =>
  text.startsWith(GROUP_PREFIX) && text.endsWith(GROUP_END)
    ? text.slice(GROUP_PREFIX.length, text.length - GROUP_END.length)
    : null;
