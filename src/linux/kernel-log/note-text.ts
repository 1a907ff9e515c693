/** Lines that say how things stand but name no victim, and which lines look like the OOM killer's at all. */
import type { KernelNote } from '../../core/kernel-event.ts';

/** A line of mm/page_alloc.c begins with a name that a process chose, of 15 bytes at most. */
const NOTES: readonly (readonly [RegExp, KernelNote])[] = [
  [/^(?:Kernel panic - not syncing: )?(?:Out of memory and no killable processes|System is deadlocked)/, 'no_killable'],
  [/^(?:Kernel panic - not syncing: )?Out of memory: (?:\w+|system-wide) panic_on_oom is enabled/, 'panic_on_oom'],
  // drivers/tty/sysrq.c; "SysRq : " up to 4.x.
  [/^(?:sysrq: )?(?:SysRq : )?Manual OOM execution/, 'sysrq_manual'],
  [/^(?:sysrq: )?OOM request ignored/, 'sysrq_ignored'],
  [/^Huh VM_FAULT_OOM leaked out to the #PF handler/, 'fault_oom_leaked'],
  [/^[\s\S]{0,15}: page allocation failure[.:] order:/, 'allocation_failure'],
  [/^[\s\S]{0,15}: page allocation stalls for \d+ms/, 'allocation_stall'],
  // kernel/hung_task.c, kernel/watchdog.c, kernel/workqueue.c, kernel/rcu/tree_stall.h
  [/^INFO: task [\s\S]{0,80}:\d+ (?:<[^>]*> )?(?:is )?blocked .{0,60}for more than \d+ seconds/, 'hung_task'],
  [/^(?:NMI )?(?:watchdog: )?(?:BUG: (?:soft|workqueue) lockup|Watchdog detected hard LOCKUP)/, 'lockup'],
  [/^(?:rcu: )?INFO: rcu_?\w* (?:self-)?detected (?:expedited )?stall/, 'rcu_stall'],
];

/** The note that a text is, or null. */
export const noteOf = (text: string): KernelNote | null => NOTES.find(([shape]) => shape.test(text))?.[1] ?? null;

const OOM_WORDS = /^(?:Out of memory|Memory cgroup out of memory|oom|OOM|Killed process|Tasks in (?:\/|$))/;
/** A frame of a call trace; a line of any other kind that begins with the name of a process; suspend (kernel/power). */
const NOT_OOM = /^oom_\w+\+0x|^.{0,15}(?:\[\d+\]: | \(\d+\): | cpuset=)|^OOM killer (?:en|dis)abled\./s;

/** Whether a text that is in no known shape should have been in one. */
export const looksLikeOom = (text: string): boolean => OOM_WORDS.test(text) && !NOT_OOM.test(text);

/** mem_cgroup_print_oom_meminfo() of mm/memcontrol.c: the report is on a cgroup, whatever follows. */
export const isMemcgUsage = (text: string): boolean => /^memory: usage \d+kB, limit \d+kB, failcnt \d+/.test(text);

const BEGINNINGS =
  /^(?:Out of|Memory cg|memory: usage |oom|OOM|Killed p|Tasks in |Kernel p|sysrq|SysRq|Manual|Huh|INFO: |rcu: |NMI |watchdog: |Watchdog|BUG: |System is)/;

/**
 * Whether any of the shapes could fit, decided on the text as it was read, so that a flood of other records costs little
 * for each. The beginnings hold no byte that the kernel escapes.
 */
export const isOfInterest = (text: string): boolean =>
  BEGINNINGS.test(text) || text.includes(' invoked oom-killer: ') || text.includes(': page allocation ');
