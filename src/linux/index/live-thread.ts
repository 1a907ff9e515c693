/**
 * A process whose leader has exited while other threads live: /proc/PID/status says zombie without memory, and only
 * /proc/PID/task/TID/status tells what the process holds (kernel-facts 0.1).
 */
import { ABSENT } from '../../core/units.ts';
import { collectPids } from '../proc/dirent.ts';
import { emptyPidStatus, parsePidStatus } from '../proc/pid-status.ts';
import type { IndexIo } from './slots.ts';

const listing = new Uint8Array(32_768);
const tids = new Int32Array(1024);
const status = new Uint8Array(65_536);
const parsed = emptyPidStatus();

export interface LiveThread {
  readonly tid: number;
  /** Descriptor of its status. The caller closes it. */
  readonly fd: number;
}

/** A thread that still has the mm, or null. */
export const openLiveThread = (io: IndexIo, procRoot: string, pid: number): LiveThread | null => {
  const taskFd = io.openDirectory(`${procRoot}/${pid}/task`);
  if (taskFd < 0) return null;
  const length = io.getdents64(taskFd, listing);
  io.close(taskFd);
  const count = length > 0 ? collectPids(listing, length, tids, 0) : 0;
  for (let at = 0; at < count; at++) {
    const tid = tids[at] as number;
    const fd = io.openReadOnly(`${procRoot}/${pid}/task/${tid}/status`);
    if (fd < 0) continue;
    const read = io.preadAt0(fd, status, status.length);
    if (read > 0 && parsePidStatus(status, read, parsed) === null && parsed.vmRssKiB !== ABSENT) return { tid, fd };
    io.close(fd);
  }
  return null;
};
