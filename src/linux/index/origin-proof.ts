/**
 * What proves that a task makes memory short by its own doing, in swapoff(2) or in a KSM unmerge: oom_task_origin() of the
 * kernel (include/linux/oom.h), which no file shows (kernel-facts 4.1). Pure: texts in, answers out.
 */
import { parseSwaps, type SwapArea } from '../proc/swaps.ts';

/** unistd.h of x86-64, and the generic one of all newer architectures. */
const SYS_SWAPOFF = process.arch === 'x64' ? 168 : 225;
const SYS_WRITE = process.arch === 'x64' ? 1 : 64;

/**
 * Whether a swap area is being switched off. From the begin of swapoff(2) SwapTotal counts no more of it than the pages
 * that are still in it (mm/swapfile.c, si_swapinfo()); /proc/swaps lists it in full until the end.
 */
export const isSwapoffUnderWay = (swaps: string, meminfo: string): boolean => {
  const areas: SwapArea[] = [];
  const total = /^SwapTotal: +(\d+) kB$/m.exec(meminfo)?.[1];
  if (total === undefined || parseSwaps(swaps, areas) !== null) return false;
  return areas.reduce((sum, { sizeKiB }) => sum + sizeKiB, 0) > Number(total);
};

/** `run` stays 2 when all has been unmerged (mm/ksm.c, run_store()), but then nothing is shared any more. */
export const isUnmergeUnderWay = (run: string, pagesShared: string): boolean =>
  run.trim() === '2' && Number(pagesShared) > 0;

/** Where a task is by its /proc/PID/syscall: "168 0x7f.. ..." in a system call, "running" when on its way in whatever. */
export type Whereabouts = 'swapoff' | 'write' | 'running' | 'elsewhere';

export const whereabouts = (syscall: string): Whereabouts => {
  if (syscall === 'running\n') return 'running';
  const number = Number(/^(\d+) 0x/.exec(syscall)?.[1] ?? Number.NaN);
  if (number === SYS_SWAPOFF) return 'swapoff';
  return number === SYS_WRITE ? 'write' : 'elsewhere';
};

/** Whether a kernel stack (/proc/PID/stack) is that of the unmerge. */
export const isUnmerging = (stack: string): boolean => stack.includes('unmerge_and_remove_all_rmap_items');
