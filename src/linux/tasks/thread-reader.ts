/**
 * Reads one thread: stat, for one in D also wchan, and status where the context switches are wanted. One file at a time;
 * it can be seen from outside which one is being read, and since when, for a read may hang.
 */
import { emptyReading, TASK_FLAG, type ThreadReading } from '../../core/thread-readings.ts';
import { ABSENT } from '../../core/units.ts';
import { latin1 } from '../bytes.ts';
import { isKernelThread } from '../index/kernel-thread.ts';
import { emptyPidStat, PF, parsePidStat } from '../proc/pid-stat.ts';
import { commOfStatus, emptyPidStatus, parsePidStatus } from '../proc/pid-status.ts';
import { switchesOf } from '../proc/pid-switches.ts';
import type { TaskIo } from './task-io.ts';
import { placeOf } from './wchan-place.ts';

/** Descriptors of one thread that are kept from look to look; ABSENT: not open. */
export interface ThreadFiles {
  statFd: number;
  wchanFd: number;
}

export interface ThreadReader {
  /** As the last call found it; its state is "" when the thread has gone. */
  readonly reading: ThreadReading;
  /** Threads of its process, as a leader's stat says; 0 when unknown. */
  readonly threads: () => number;
  /** Whose file is being read now and since when; ABSENT: none is. */
  readonly readingPid: () => number;
  readonly readingSinceMs: () => number;
  /** By stat and wchan, whose descriptors are opened where they are not, and left open. */
  look(pid: number, tid: number, files: ThreadFiles): Promise<void>;
  /** By status alone, which never blocks: state, pending SIGKILL, no flags. */
  glance(pid: number, tid: number): Promise<void>;
  /** Adds the context switches to the reading. */
  countSwitches(pid: number, tid: number): Promise<void>;
}

/** status is the longest of the three: some 1,500 bytes, and its groups may push it to any length. */
const TEXT_BYTES = 16_384;
const SIGKILL_MASK = 0x100;
const letter = (byte: number): string => String.fromCharCode(byte);

/** What can be part of a stall: asleep in D, or in reclaim; kswapd, which kmallocwd always lists. */
export const isTelling = ({ state, flags }: ThreadReading): boolean => {
  if (flags !== ABSENT && (flags & PF.KTHREAD) !== 0) return (flags & TASK_FLAG.KSWAPD) !== 0;
  return state === 'D' || (flags !== ABSENT && (flags & PF.MEMALLOC) !== 0);
};

export const createThreadReader = (procRoot: string, io: TaskIo, nowMs: () => number): ThreadReader => {
  const reading = emptyReading();
  const text = new Uint8Array(TEXT_BYTES);
  const stat = emptyPidStat();
  const status = emptyPidStatus();
  let threads = 0;
  let readingPid: number = ABSENT;
  let readingSinceMs: number = ABSENT;

  const pathOf = (pid: number, tid: number, file: string): string => `${procRoot}/${pid}/task/${tid}/${file}`;
  const readKept = async (pid: number, fd: number): Promise<number> => {
    readingPid = pid;
    readingSinceMs = nowMs();
    const length = await io.read(fd, text);
    readingPid = readingSinceMs = ABSENT;
    return length;
  };
  const readOnce = async (pid: number, tid: number, file: string): Promise<number> => {
    const fd = await io.open(pathOf(pid, tid, file));
    if (fd < 0) return ABSENT;
    const length = await readKept(pid, fd);
    io.close(fd);
    return length;
  };
  const readFile = async (pid: number, tid: number, file: 'stat' | 'wchan', files: ThreadFiles): Promise<number> => {
    const key = file === 'stat' ? 'statFd' : 'wchanFd';
    if (files[key] === ABSENT) files[key] = await io.open(pathOf(pid, tid, file));
    return files[key] === ABSENT ? ABSENT : readKept(pid, files[key]);
  };
  const begin = (pid: number, tid: number): void => {
    Object.assign(reading, emptyReading());
    reading.pid = pid;
    reading.tid = tid;
    reading.atMs = nowMs();
    threads = 0;
  };

  return {
    reading,
    threads: () => threads,
    readingPid: () => readingPid,
    readingSinceMs: () => readingSinceMs,
    look: async (pid, tid, files) => {
      begin(pid, tid);
      const length = await readFile(pid, tid, 'stat', files);
      reading.atMs = nowMs();
      if (length <= 0 || parsePidStat(text, length, stat) !== null) return;
      reading.state = letter(stat.state);
      reading.flags = stat.flags;
      reading.startTimeTicks = stat.startTimeTicks;
      reading.utimeTicks = stat.utimeTicks;
      reading.majorFaults = stat.majorFaults;
      reading.isKillPending = (stat.pendingMask & SIGKILL_MASK) !== 0;
      threads = stat.threads;
      // Of all others the name is not needed, and each one is garbage.
      if (isTelling(reading)) reading.comm = latin1(text, stat.commFrom, stat.commEnd);
      if (reading.state !== 'D' || (stat.flags & PF.KTHREAD) !== 0) return;
      const named = await readFile(pid, tid, 'wchan', files);
      if (named > 0) reading.place = placeOf(latin1(text, 0, named));
    },
    glance: async (pid, tid) => {
      begin(pid, tid);
      const length = await readOnce(pid, tid, 'status');
      reading.atMs = nowMs();
      if (length <= 0 || parsePidStatus(text, length, status) !== null) return;
      if (isKernelThread(pid, status)) reading.flags = PF.KTHREAD;
      reading.state = letter(status.state);
      reading.isKillPending = status.threadSigkill === 1;
      if (reading.state === 'D') reading.comm = commOfStatus(text, status);
      threads = status.threads;
    },
    countSwitches: async (pid, tid) => {
      const length = await readOnce(pid, tid, 'status');
      if (length > 0) reading.switches = switchesOf(text, length);
    },
  };
};
