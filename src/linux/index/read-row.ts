/** Reads the kept descriptors of one row again: no open, no allocation. */
import { FLAG, type ProcessTable } from '../../core/process-table.ts';
import { ABSENT } from '../../core/units.ts';
import { NO_OOM_SCORE_ADJ, parseOomScore, parseOomScoreAdj } from '../proc/oom-score.ts';
import { emptyPidStatus, type PidStatus, parsePidStatus, TASK_STATE } from '../proc/pid-status.ts';
import { ESRCH } from '../sys/errno.ts';
import type { IndexIo, Slots } from './slots.ts';

/** Room for the supplementary groups that status lists before the memory lines; with more, oom_score still ranks it. */
const buffer = new Uint8Array(65_536);
const status: PidStatus = emptyPidStatus();

const setFlag = (slots: Slots, slot: number, bit: number, on: boolean): void => {
  const flags = slots.table.flags;
  flags[slot] = on ? (flags[slot] as number) | bit : (flags[slot] as number) & ~bit;
};

/** What was read once and is not kept up is not known any more: oom_score ranks the row then. */
export const forgetMemory = (table: ProcessTable, slot: number): void => {
  table.rssKiB[slot] = ABSENT;
  table.rssAnonKiB[slot] = ABSENT;
  table.swapKiB[slot] = ABSENT;
  table.pageTablesKiB[slot] = ABSENT;
};

/** oom_score of a known process. A kernel thread's kept file is oom_score_adj, so only its life is read. */
export const readScore = (io: IndexIo, slots: Slots, slot: number): void => {
  const length = io.preadAt0(slots.scoreFd[slot] as number, buffer, buffer.length);
  // Any other failure (ENOMEM) says nothing about the process: the row stays as it was.
  if (length === -ESRCH) setFlag(slots, slot, FLAG.GONE, true);
  if (length < 0) return;
  if (((slots.table.flags[slot] as number) & FLAG.KTHREAD) !== 0) return;
  slots.table.oomScore[slot] = parseOomScore(buffer, length);
};

/**
 * VmExe and VmLib in 31 bits, so that no heap number is made: both are of the mm (fs/proc/task_mmu.c, task_mem()), so who
 * shares one has the same key. That two programs have the same by chance costs a call of kcmp(2), nothing else.
 */
const mmKeyOf = (parsed: PidStatus): number =>
  parsed.vmExeKiB === ABSENT ? ABSENT : (Math.imul(parsed.vmExeKiB, 65_599) ^ parsed.vmLibKiB) & 0x7fffffff;

/** Columns of a status that was just parsed. A zombie leader's live threads still hold the memory (kernel-facts 0.1). */
export const applyStatus = (slots: Slots, slot: number, parsed: PidStatus): void => {
  const { table } = slots;
  const hasMm = parsed.vmRssKiB !== ABSENT;
  const leaderOnly = slots.byThread[slot] === 1 || (parsed.state === TASK_STATE.ZOMBIE && parsed.threads > 1);
  setFlag(slots, slot, FLAG.ZOMBIE_LEADER, leaderOnly);
  setFlag(slots, slot, FLAG.NO_MM, !hasMm && !leaderOnly);
  setFlag(slots, slot, FLAG.SIGKILL_PENDING, parsed.sharedSigkill === 1);
  setFlag(slots, slot, FLAG.CORE_DUMPING, parsed.coreDumping === 1);
  table.ppid[slot] = parsed.ppid;
  table.session[slot] = parsed.session;
  table.uid[slot] = parsed.uid;
  table.threads[slot] = parsed.threads;
  // Without an mm of the leader the numbers are unknown, not zero: oom_score still has them.
  table.rssKiB[slot] = parsed.vmRssKiB;
  table.rssAnonKiB[slot] = parsed.rssAnonKiB;
  table.swapKiB[slot] = parsed.vmSwapKiB;
  table.pageTablesKiB[slot] = parsed.vmPteKiB;
  table.mmKey[slot] = mmKeyOf(parsed);
};

/** status through its kept descriptor. */
export const readSize = (io: IndexIo, slots: Slots, slot: number): void => {
  const { table } = slots;
  const length = io.preadAt0(slots.statusFd[slot] as number, buffer, buffer.length);
  // The status of a thread ends with the thread; whether the process lives is for its oom_score to tell.
  if (length === -ESRCH && slots.byThread[slot] === 0) setFlag(slots, slot, FLAG.GONE, true);
  if (length < 0 || parsePidStatus(buffer, length, status) !== null) {
    forgetMemory(table, slot);
    return;
  }
  applyStatus(slots, slot, status);
};

/** status and oom_score_adj of an armed process. */
export const readArmed = (io: IndexIo, slots: Slots, slot: number): void => {
  const { table } = slots;
  readSize(io, slots, slot);
  const adjLength = io.preadAt0(slots.adjFd[slot] as number, buffer, 16);
  const adj = adjLength > 0 ? parseOomScoreAdj(buffer, adjLength) : NO_OOM_SCORE_ADJ;
  if (adj !== NO_OOM_SCORE_ADJ) table.oomScoreAdj[slot] = adj;
};
