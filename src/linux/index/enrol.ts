/** Enrolment: a pid seen in the listing becomes a known process by one kept descriptor. */
import { FLAG } from '../../core/process-table.ts';
import { ABSENT } from '../../core/units.ts';
import { parseOomScore } from '../proc/oom-score.ts';
import { emptyPidStatus, parsePidStatus } from '../proc/pid-status.ts';
import { isKernelThread } from './kernel-thread.ts';
import { type IndexIo, type Slots, takeSlot } from './slots.ts';

const buffer = new Uint8Array(4096);
const status = emptyPidStatus();

/** Whether the process that has this pid now is a kernel thread. */
const showsKernelThread = (io: IndexIo, procRoot: string, pid: number): boolean => {
  const fd = io.openReadOnly(`${procRoot}/${pid}/status`);
  if (fd < 0) return false;
  const length = io.preadAt0(fd, buffer, buffer.length);
  io.close(fd);
  if (length < 0 || parsePidStatus(buffer, length, status) !== null) return false;
  return isKernelThread(pid, status);
};

/** Opens and reads oom_score. Returns the slot, or ABSENT when the process has gone or the table is full. */
export const enrol = (io: IndexIo, slots: Slots, procRoot: string, pid: number): number => {
  const scoreFd = io.openReadOnly(`${procRoot}/${pid}/oom_score`);
  if (scoreFd < 0) return ABSENT;
  const length = io.preadAt0(scoreFd, buffer, 16);
  const score = length < 0 ? ABSENT : parseOomScore(buffer, length);
  if (score === ABSENT) {
    io.close(scoreFd);
    return ABSENT;
  }
  if (score === 0 && showsKernelThread(io, procRoot, pid)) {
    // Hundreds of kernel threads need no 4 KiB seq_file buffer each: oom_score_adj is proof of life enough.
    const adjFd = io.openReadOnly(`${procRoot}/${pid}/oom_score_adj`);
    // oom_score still answers: what was opened by number since then is of the same thread.
    const isSame = io.preadAt0(scoreFd, buffer, 16) >= 0;
    io.close(scoreFd);
    if (!isSame && adjFd >= 0) io.close(adjFd);
    if (!isSame || adjFd < 0) return ABSENT;
    const slot = takeSlot(slots, pid, adjFd);
    if (slot === ABSENT) io.close(adjFd);
    else slots.table.flags[slot] = FLAG.KTHREAD | FLAG.IDENTIFIED;
    if (slot !== ABSENT) slots.table.oomScore[slot] = 0;
    return slot;
  }
  const slot = takeSlot(slots, pid, scoreFd);
  if (slot === ABSENT) io.close(scoreFd);
  else slots.table.oomScore[slot] = score;
  return slot;
};
