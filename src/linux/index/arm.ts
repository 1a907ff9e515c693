/** Arming: everything that a shot needs is opened and read once, in calm times. */
import { FLAG, type ProcessTable } from '../../core/process-table.ts';
import { ABSENT } from '../../core/units.ts';
import { openLiveThreadStatus } from './live-thread.ts';
import { closeArms, type IndexIo, type Slots } from './slots.ts';

const scratch = new Uint8Array(64);
const warming = new Uint8Array(4096);

/** The leader's status, or that of a live thread when the leader is a zombie and shows no memory. */
const openStatus = (io: IndexIo, slots: Slots, procRoot: string, slot: number): number => {
  const pid = slots.table.pid[slot] as number;
  if (((slots.table.flags[slot] as number) & FLAG.ZOMBIE_LEADER) !== 0) {
    const fd = openLiveThreadStatus(io, procRoot, pid);
    if (fd >= 0) {
      slots.byThread[slot] = 1;
      return fd;
    }
  }
  return io.openReadOnly(`${procRoot}/${pid}/status`);
};

/**
 * Opens pidfd, status and oom_score_adj of an identified process. The pidfd comes first; when the descriptor that was
 * kept from its enrolment still answers at the end, the pid was never free in between, so all of them are one process.
 * Returns 0 or -errno; nothing is left open on failure.
 */
export const arm = (io: IndexIo, slots: Slots, procRoot: string, slot: number): number => {
  const { table } = slots;
  const pid = table.pid[slot] as number;
  if (((table.flags[slot] as number) & FLAG.ARMED) !== 0) return 0;
  const pidfd = io.pidfdOpen(pid);
  if (pidfd < 0) return pidfd;
  slots.pidfd[slot] = pidfd;
  const statusFd = openStatus(io, slots, procRoot, slot);
  if (statusFd >= 0) slots.statusFd[slot] = statusFd;
  const adjFd = statusFd < 0 ? statusFd : io.openReadOnly(`${procRoot}/${pid}/oom_score_adj`);
  if (adjFd >= 0) slots.adjFd[slot] = adjFd;
  // The first read makes the kernel allocate the file's buffer (fs/seq_file.c): better now than under pressure.
  const warmed = adjFd < 0 ? adjFd : io.preadAt0(statusFd, warming, warming.length);
  const proof = warmed < 0 ? warmed : io.preadAt0(slots.scoreFd[slot] as number, scratch, scratch.length);
  if (proof < 0) {
    closeArms(io, slots, slot);
    return proof;
  }
  table.flags[slot] = (table.flags[slot] as number) | FLAG.ARMED;
  slots.armed++;
  return 0;
};

/** What was read once and is not kept up is not known any more. */
export const forgetMemory = (table: ProcessTable, slot: number): void => {
  table.rssKiB[slot] = ABSENT;
  table.rssAnonKiB[slot] = ABSENT;
  table.swapKiB[slot] = ABSENT;
  table.pageTablesKiB[slot] = ABSENT;
};

/** Back to known: only its oom_score stays open. */
export const disarm = (io: IndexIo, slots: Slots, slot: number): void => {
  const { table } = slots;
  if (((table.flags[slot] as number) & FLAG.ARMED) === 0) return;
  table.flags[slot] = (table.flags[slot] as number) & ~FLAG.ARMED;
  forgetMemory(table, slot);
  closeArms(io, slots, slot);
  slots.armed--;
};
