/**
 * The descriptors by which one dying process is watched, each a duplicate: its slot may be released or disarmed while a
 * call through them is still under way on a thread of the pool. They are made once, at first sight.
 */
import type { Dying } from '../../core/dying.ts';
import { ABSENT } from '../../core/units.ts';
import type { IndexIo, Slots } from '../index/slots.ts';
import { emptyPidStatus, type PidStatus, parsePidStatus } from '../proc/pid-status.ts';
import { ESRCH } from '../sys/errno.ts';

/** sys/libc.ts has them all, tests hand in their own. Results are values or -errno. */
export interface VictimIo extends IndexIo {
  duplicate(fd: number): number;
  processMreleaseAsync(pidfd: number, done: (answer: number) => void): void;
}

export interface Watch {
  readonly pid: number;
  /** Also the proof that /proc/PID is still this process. ABSENT when there were no descriptors left for it. */
  pidfd: number;
  scoreFd: number;
  /** status of the leader, ABSENT when the slot was not armed. */
  statusFd: number;
  /** status of another thread that had the mm when the leader had none. */
  threadFd: number;
  /** It has been found gone, and its descriptors are closed. */
  isGone: boolean;
  /** The leader has exited, others live: seen, or known from the index. */
  isLeaderless: boolean;
  /** Threads when it was first seen, ABSENT when unknown. */
  threads: number;
  /** The search for a thread with the mm that is under way. */
  search: Promise<void> | null;
  searchedMs: number;
  lookedMs: number;
  /** Calls under way that need the descriptors. */
  uses: number;
}

const proof = new Uint8Array(64);

const copyOf = (io: VictimIo, fd: number): number => (fd === ABSENT ? ABSENT : Math.max(io.duplicate(fd), ABSENT));

/**
 * The pidfd of the slot, or a new one that is proved by the descriptor kept since enrolment (as in linux/executor); or
 * -errno, -ESRCH when it has gone.
 */
const ownPidfd = (io: VictimIo, slots: Slots, slot: number, pid: number): number => {
  const held = slot === ABSENT ? ABSENT : (slots.pidfd[slot] as number);
  const pidfd = held === ABSENT ? io.pidfdOpen(pid) : io.duplicate(held);
  if (pidfd < 0 || slot === ABSENT) return pidfd;
  const alive = io.preadAt0(slots.scoreFd[slot] as number, proof, proof.length);
  if (alive >= 0) return pidfd;
  io.close(pidfd);
  return alive;
};

/** Without a slot, or when the slot has another process by now, only the pid itself is left to ask by. */
export const openWatch = (io: VictimIo, slots: Slots, dying: Dying, nowMs: number): Watch => {
  const { pid } = dying;
  const slot = dying.slot !== ABSENT && slots.table.pid[dying.slot] === pid ? dying.slot : ABSENT;
  const pidfd = ownPidfd(io, slots, slot, pid);
  const isKept = slot !== ABSENT && pidfd !== -ESRCH;
  return {
    pid,
    pidfd: Math.max(pidfd, ABSENT),
    isGone: pidfd === -ESRCH,
    scoreFd: isKept ? copyOf(io, slots.scoreFd[slot] as number) : ABSENT,
    statusFd: isKept ? copyOf(io, slots.statusFd[slot] as number) : ABSENT,
    threadFd: ABSENT,
    isLeaderless: isKept && slots.byThread[slot] === 1,
    threads: isKept ? (slots.table.threads[slot] as number) : ABSENT,
    search: null,
    searchedMs: ABSENT,
    lookedMs: nowMs,
    uses: 0,
  };
};

const closeOne = (io: VictimIo, fd: number): number => {
  if (fd !== ABSENT) io.close(fd);
  return ABSENT;
};

export const closeWatch = (io: VictimIo, watch: Watch): void => {
  watch.pidfd = closeOne(io, watch.pidfd);
  watch.scoreFd = closeOne(io, watch.scoreFd);
  watch.statusFd = closeOne(io, watch.statusFd);
  watch.threadFd = closeOne(io, watch.threadFd);
};

/** Takes over the status of thread `tid`, which has the mm. */
export const followBy = (io: VictimIo, watch: Watch, tid: number, fd: number): void => {
  closeOne(io, watch.threadFd);
  watch.threadFd = fd;
  watch.isLeaderless = tid !== watch.pid;
};

/** All threads have exited (pidfd_open(2)), or there was none to begin with. */
export const hasGone = (io: VictimIo, watch: Watch): boolean =>
  watch.isGone || (watch.pidfd !== ABSENT && io.isReadable(watch.pidfd));

/** Room for the supplementary groups that status lists before the memory lines. */
const text = new Uint8Array(65_536);

const readStatus = (io: VictimIo, fd: number, out: PidStatus): boolean => {
  if (fd === ABSENT) return false;
  const length = io.preadAt0(fd, text, text.length);
  return length > 0 && parsePidStatus(text, length, out) === null;
};

const living = emptyPidStatus();

/**
 * The status that shows its memory: that of the followed thread while it has the mm, else the leader's. It is one record
 * that is written over by the next call; null when neither can be read. The kernel pins the mm for the read, so for some
 * microseconds this process could be its last user and would free it here: one more reason not to poll it in a loop.
 */
export const readLiving = (io: VictimIo, watch: Watch): PidStatus | null => {
  if (watch.threadFd !== ABSENT) {
    if (readStatus(io, watch.threadFd, living) && living.vmRssKiB !== ABSENT) return living;
    watch.threadFd = closeOne(io, watch.threadFd);
  }
  if (readStatus(io, watch.statusFd, living)) return living;
  // The index may have kept that of a thread, which has ended now.
  watch.statusFd = closeOne(io, watch.statusFd);
  return null;
};
