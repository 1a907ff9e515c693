/**
 * Where the descriptors of known processes live, beside the rows of the process table. A kept descriptor of /proc/PID
 * is bound to the process, not to the number: it answers ESRCH for ever once the process is reaped, so it is the proof
 * against pid reuse.
 */
import { clearSlot, createProcessTable, FLAG, type ProcessTable } from '../../core/process-table.ts';
import { ABSENT } from '../../core/units.ts';
import type { CgroupMode } from '../proc/cgroup-mode.ts';
import type { OomGroups } from './oom-group.ts';

/** The system calls the index needs; sys/libc.ts has them all, tests hand in their own. Results are values or -errno. */
export interface IndexIo {
  openReadOnly(path: string): number;
  openDirectory(path: string): number;
  preadAt0(fd: number, buffer: Uint8Array, length: number): number;
  close(fd: number): number;
  getdents64(fd: number, buffer: Uint8Array): number;
  rewind(fd: number): number;
  pidfdOpen(pid: number): number;
  pidfdSendSignal(pidfd: number, signal: number): number;
  isReadable(fd: number): boolean;
}

/** What the index must know of its surroundings. */
export interface IndexEnv {
  readonly procRoot: string;
  readonly cgroupMode: CgroupMode;
  readonly selfPid: number;
  /** Pids of the parents of this process at its start. */
  readonly ancestors: ReadonlySet<number>;
  /** Whether policy names this executable: only then is it worth verifying. Without it all are. */
  readonly isNamedExe?: (path: string) => boolean;
  /** Opens oom_score_adj of a candidate for writing; null while nobody's is ever changed. A descriptor or -errno. */
  readonly openAdj?: ((pid: number) => number) | null;
  /** Cgroups that the kernel kills as a whole; without it there are none. */
  readonly oomGroups?: OomGroups;
}

export interface Slots {
  readonly table: ProcessTable;
  readonly byPid: Map<number, number>;
  /** oom_score; oom_score_adj for kernel threads, which needs no 4 KiB seq_file buffer. Kept for every known process. */
  readonly scoreFd: Int32Array;
  /** status, oom_score_adj and pidfd: only of candidates (ARMED). */
  readonly statusFd: Int32Array;
  readonly adjFd: Int32Array;
  readonly pidfd: Int32Array;
  /** 1: adjFd may be written through. */
  readonly adjWritable: Uint8Array;
  /** 1: statusFd is that of a live thread, as the leader is a zombie. */
  readonly byThread: Uint8Array;
  /** That thread, 0 when it is the leader's. */
  readonly liveTid: Int32Array;
  /** Which process this is of all that the slot has had: an answer that was asked for an earlier one is not for it. */
  readonly generation: Uint32Array;
  /** Monotonic time of the last identification, ABSENT before. */
  readonly identifiedMs: Float64Array;
  /** How often it was identified; stops counting at 255. */
  readonly identities: Uint8ClampedArray;
  readonly free: Int32Array;
  freeCount: number;
  armed: number;
  /** Processes that did not fit: told, because an unknown process cannot be chosen. */
  overflow: number;
}

export const createSlots = (capacity: number): Slots => {
  const slots: Slots = {
    table: createProcessTable(capacity),
    byPid: new Map(),
    scoreFd: new Int32Array(capacity).fill(ABSENT),
    statusFd: new Int32Array(capacity).fill(ABSENT),
    adjFd: new Int32Array(capacity).fill(ABSENT),
    pidfd: new Int32Array(capacity).fill(ABSENT),
    adjWritable: new Uint8Array(capacity),
    byThread: new Uint8Array(capacity),
    liveTid: new Int32Array(capacity),
    generation: new Uint32Array(capacity),
    identifiedMs: new Float64Array(capacity).fill(ABSENT),
    identities: new Uint8ClampedArray(capacity),
    free: new Int32Array(capacity),
    freeCount: capacity,
    armed: 0,
    overflow: 0,
  };
  for (let slot = 0; slot < capacity; slot++) slots.free[slot] = capacity - 1 - slot;
  return slots;
};

/** A slot for a newly seen pid with its first kept descriptor; ABSENT when the table is full. */
export const takeSlot = (slots: Slots, pid: number, scoreFd: number): number => {
  if (slots.freeCount === 0) {
    slots.overflow++;
    return ABSENT;
  }
  const slot = slots.free[--slots.freeCount] as number;
  const { table } = slots;
  clearSlot(table, slot, pid);
  slots.generation[slot] = (slots.generation[slot] as number) + 1;
  slots.scoreFd[slot] = scoreFd;
  slots.identifiedMs[slot] = ABSENT;
  slots.identities[slot] = 0;
  slots.byPid.set(pid, slot);
  table.rows[table.count++] = slot;
  return slot;
};

const closeKept = (io: IndexIo, fds: Int32Array, slot: number): void => {
  const fd = fds[slot] as number;
  if (fd !== ABSENT) io.close(fd);
  fds[slot] = ABSENT;
};

/** Closes what only a candidate needs. */
export const closeArms = (io: IndexIo, slots: Slots, slot: number): void => {
  closeKept(io, slots.statusFd, slot);
  closeKept(io, slots.adjFd, slot);
  closeKept(io, slots.pidfd, slot);
  slots.adjWritable[slot] = 0;
  slots.byThread[slot] = 0;
  slots.liveTid[slot] = 0;
};

/** Gives back the slot in row `row`: the last row takes its place, so the caller looks at `row` again. */
export const releaseRow = (io: IndexIo, slots: Slots, row: number): void => {
  const { table } = slots;
  const slot = table.rows[row] as number;
  if (((table.flags[slot] as number) & FLAG.ARMED) !== 0) slots.armed--;
  closeKept(io, slots.scoreFd, slot);
  closeArms(io, slots, slot);
  const pid = table.pid[slot] as number;
  if (slots.byPid.get(pid) === slot) slots.byPid.delete(pid);
  table.rows[row] = table.rows[--table.count] as number;
  slots.free[slots.freeCount++] = slot;
};
