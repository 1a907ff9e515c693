/**
 * Finds a thread that still has the mm of a process whose leader has none (kernel-facts 0.1), on the thread pool: opening
 * files allocates, and under memory pressure whoever allocates does the reclaim.
 */
import { close, open, read, readdir } from 'node:fs';
import { promisify } from 'node:util';
import { ABSENT } from '../../core/units.ts';
import { emptyPidStatus, parsePidStatus } from '../proc/pid-status.ts';
import { followBy, hasGone, type VictimIo, type Watch } from './watch.ts';

const openFile = promisify(open);
const closeFile = promisify(close);
const readInto = promisify(read);
const list = promisify(readdir);

/** A victim with more threads has, with the first of them stuck, hardly all of these exited. */
const THREADS_MAX = 256;
const TEXT_BYTES = 16_384;

const status = emptyPidStatus();

/** Ids of the threads that there are; empty when the process has gone. */
export const threadsOf = async (procRoot: string, pid: number): Promise<string[]> => {
  try {
    const names = await list(`${procRoot}/${pid}/task`);
    return names.slice(0, THREADS_MAX);
  } catch {
    // Gone: the pidfd tells.
    return [];
  }
};

/** Opens a status for `watch` to keep, unless it shows no memory and `needsMm`; ABSENT then, and when it has gone. */
const openStatus = async (path: string, text: Uint8Array, needsMm: boolean): Promise<number> => {
  try {
    const fd = await openFile(path, 'r');
    const { bytesRead } = await readInto(fd, text, 0, text.length, 0).catch(() => ({ bytesRead: 0 }));
    if (parsePidStatus(text, bytesRead, status) === null && (!needsMm || status.vmRssKiB !== ABSENT)) return fd;
    await closeFile(fd);
  } catch {
    // The thread has gone meanwhile: the next one may have the mm.
  }
  return ABSENT;
};

const search = async (io: VictimIo, procRoot: string, watch: Watch): Promise<void> => {
  const text = new Uint8Array(TEXT_BYTES);
  const base = `${procRoot}/${watch.pid}`;
  /** While not all threads have exited the pid was never free: what was opened by number is of this process. */
  const keep = (fd: number, take: () => void): void => {
    if (watch.pidfd === ABSENT || hasGone(io, watch)) io.close(fd);
    else take();
  };
  for (const tid of await threadsOf(procRoot, watch.pid)) {
    const fd = await openStatus(`${base}/task/${tid}/status`, text, true);
    if (fd === ABSENT) continue;
    keep(fd, () => followBy(io, watch, Number(tid), fd));
    return;
  }
  if (watch.statusFd !== ABSENT) return;
  const fd = await openStatus(`${base}/status`, text, false);
  if (fd === ABSENT) return;
  keep(fd, () => {
    watch.statusFd = fd;
  });
};

/** Resolves when the search has ended, with a status in `watch` that shows what there is. Never rejects. */
export const follow = (io: VictimIo, procRoot: string, watch: Watch, nowMs: number): Promise<void> => {
  if (watch.search !== null) return watch.search;
  watch.searchedMs = nowMs;
  watch.uses++;
  watch.search = search(io, procRoot, watch).finally(() => {
    watch.search = null;
    watch.uses--;
  });
  return watch.search;
};
