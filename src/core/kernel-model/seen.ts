/** What user space sees, taken as the kernel's: the model is asked about the host as it stands. */
import { FLAG, type ProcessTable } from '../process-table.ts';
import { ABSENT } from '../units.ts';
import type { KernelContext } from './decision.ts';

/** At and below this oom_score reads 0 for a healthy process too (fs/proc/base.c, proc_oom_score()). */
const ADJ_READS_ZERO = -990;

/**
 * Who has SIGKILL pending counts as a fresh victim of the OOM killer, whoever sent it, and its oom_score of 0 as its having
 * been reaped. Who will allocate is not known. `badness`: oom_badness() of a slot, pages.
 */
export const contextAsSeen = (
  table: ProcessTable,
  sysrq: boolean,
  badness: (slot: number) => number,
): KernelContext => {
  const isVictim = (slot: number): boolean => ((table.flags[slot] as number) & FLAG.SIGKILL_PENDING) !== 0;
  return {
    sysrq,
    oomKillAllocatingTask: false,
    currentSlot: ABSENT,
    badness,
    isVictim,
    isReaped: (slot) =>
      isVictim(slot) && table.oomScore[slot] === 0 && (table.oomScoreAdj[slot] as number) > ADJ_READS_ZERO,
    sinceKillMs: () => 0,
  };
};
