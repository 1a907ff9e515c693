/**
 * Whom a process has forked: /proc/PID/task/TID/children (fs/proc/array.c, children_seq_ops; CONFIG_PROC_CHILDREN, which the
 * kernels of distributions have): the pids of what that thread has forked, oldest first, each with a blank behind it. One reading gives a page, some
 * 600 of them, without a walk through /proc.
 */

import { ABSENT } from '../../core/units.ts';
import { SPACE, uintBetween } from '../bytes.ts';
import { collectPids } from '../proc/dirent.ts';
import type { IndexIo } from './slots.ts';

const buffer = new Uint8Array(8192);
const listing = new Uint8Array(4096);
/** An entry of one digit takes 24 bytes. */
const tids = new Int32Array(171);

/** Forks come from a few threads of a process; the rest is left to the rounds of the index. */
const THREADS_MAX = 64;

/** Appends the pids in `buf` to `into`; what is no number is passed over. */
export const parseChildren = (buf: Uint8Array, len: number, into: number[]): void => {
  let from = 0;
  for (let at = 0; at <= len; at++) {
    if (at < len && buf[at] !== SPACE) continue;
    const pid = uintBetween(buf, from, at);
    if (pid !== ABSENT && pid > 0) into.push(pid);
    from = at + 1;
  }
};

/** Appends the children of `pid` to `into`. Opens files: not between a verdict and its signal. */
export const readChildren = (io: IndexIo, procRoot: string, pid: number, into: number[]): void => {
  const taskFd = io.openDirectory(`${procRoot}/${pid}/task`);
  if (taskFd < 0) return;
  const length = io.getdents64(taskFd, listing);
  io.close(taskFd);
  const count = length > 0 ? Math.min(collectPids(listing, length, tids, 0), THREADS_MAX) : 0;
  for (let at = 0; at < count; at++) {
    const fd = io.openReadOnly(`${procRoot}/${pid}/task/${tids[at]}/children`);
    if (fd < 0) continue;
    const read = io.preadAt0(fd, buffer, buffer.length);
    io.close(fd);
    if (read > 0) parseChildren(buffer, read, into);
  }
};
