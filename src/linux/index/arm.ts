/** Arming: everything that a shot needs is opened and read once, in calm times. */
import { FLAG } from '../../core/process-table.ts';
import { ABSENT } from '../../core/units.ts';
import { openLiveThread } from './live-thread.ts';
import { forgetMemory } from './read-row.ts';
import { closeArms, type IndexEnv, type IndexIo, type Slots } from './slots.ts';

const scratch = new Uint8Array(64);
const warming = new Uint8Array(4096);

/**
 * Opens pidfd, status and oom_score_adj of an identified process. The pidfd comes first; when the descriptor that was
 * kept from its enrolment still answers at the end, the pid was never free in between, so all of them are one process.
 * Returns 0 or -errno; nothing that it opened is left open on failure.
 */
export const arm = (
  io: IndexIo,
  slots: Slots,
  { procRoot, openAdj = null }: Pick<IndexEnv, 'procRoot' | 'openAdj'>,
  slot: number,
): number => {
  const { table } = slots;
  const pid = table.pid[slot] as number;
  if (((table.flags[slot] as number) & FLAG.ARMED) !== 0) return 0;
  // A slot that was shot at unarmed has one already, known to be of its process.
  const held = slots.pidfd[slot] as number;
  const pidfd = held === ABSENT ? io.pidfdOpen(pid) : held;
  if (pidfd < 0) return pidfd;
  slots.pidfd[slot] = pidfd;
  const kept = slots.statusFd[slot] as number;
  const statusFd = kept === ABSENT ? io.openReadOnly(`${procRoot}/${pid}/status`) : kept;
  if (statusFd >= 0) slots.statusFd[slot] = statusFd;
  const writable = statusFd < 0 || openAdj === null ? -1 : openAdj(pid);
  const adjFd =
    writable >= 0 ? writable : statusFd < 0 ? statusFd : io.openReadOnly(`${procRoot}/${pid}/oom_score_adj`);
  if (adjFd >= 0) slots.adjFd[slot] = adjFd;
  slots.adjWritable[slot] = writable >= 0 ? 1 : 0;
  // The first read makes the kernel allocate the file's buffer (fs/seq_file.c): better now than under pressure.
  const warmed = adjFd < 0 ? adjFd : io.preadAt0(statusFd, warming, warming.length);
  const proof = warmed < 0 ? warmed : io.preadAt0(slots.scoreFd[slot] as number, scratch, scratch.length);
  if (proof < 0) {
    if (held !== ABSENT) slots.pidfd[slot] = ABSENT;
    closeArms(io, slots, slot);
    slots.pidfd[slot] = held;
    return proof;
  }
  table.flags[slot] = (table.flags[slot] as number) | FLAG.ARMED;
  slots.armed++;
  return 0;
};

/**
 * The status of an armed process is without memory when its leader has exited, or when the thread has whose status took
 * its place: that of a thread that lives is kept from now on. False when there is none.
 */
export const followThread = (io: IndexIo, slots: Slots, procRoot: string, slot: number): boolean => {
  const pid = slots.table.pid[slot] as number;
  const live = openLiveThread(io, procRoot, pid);
  if (live === null) return false;
  if (io.preadAt0(slots.scoreFd[slot] as number, scratch, scratch.length) < 0) {
    io.close(live.fd);
    return false;
  }
  io.close(slots.statusFd[slot] as number);
  slots.statusFd[slot] = live.fd;
  // After an exec by another thread the leader is alive again.
  slots.byThread[slot] = live.tid === pid ? 0 : 1;
  slots.liveTid[slot] = live.tid === pid ? 0 : live.tid;
  return true;
};

/**
 * Keeps the status of one open that may not be killed: a candidate of the same program and size is taken for a sharer of its
 * mm until kcmp(2) has answered, and in a shortage the size is all there is to tell them apart by. False when it is gone.
 */
export const watchSize = (io: IndexIo, slots: Slots, procRoot: string, slot: number): boolean => {
  if (slots.statusFd[slot] !== ABSENT) return true;
  const fd = io.openReadOnly(`${procRoot}/${slots.table.pid[slot]}/status`);
  if (fd < 0) return false;
  // As in arm(): the buffer is made now, and the pid was never free in between.
  const warmed = io.preadAt0(fd, warming, warming.length);
  if (warmed < 0 || io.preadAt0(slots.scoreFd[slot] as number, scratch, scratch.length) < 0) {
    io.close(fd);
    return false;
  }
  slots.statusFd[slot] = fd;
  return true;
};

/** Back to known: only its oom_score stays open. */
export const disarm = (io: IndexIo, slots: Slots, slot: number): void => {
  const { table } = slots;
  if (((table.flags[slot] as number) & FLAG.ARMED) === 0) {
    if (slots.statusFd[slot] === ABSENT) return;
    io.close(slots.statusFd[slot] as number);
    slots.statusFd[slot] = ABSENT;
    forgetMemory(table, slot);
    return;
  }
  table.flags[slot] = (table.flags[slot] as number) & ~FLAG.ARMED;
  forgetMemory(table, slot);
  closeArms(io, slots, slot);
  slots.armed--;
};
