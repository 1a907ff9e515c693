/**
 * Who has memory in files without a name: memfd_create(2), and files that were deleted from a tmpfs while somebody has them
 * open. The links of /proc/PID/fd tell them ("/memfd:heap (deleted)", fs/proc/fd.c, mm/memfd.c), stat(2) through the link
 * what they hold (st_blocks counts pages of the file, mm/shmem.c). Their pages need not be mapped by anybody.
 */
import type { Holder } from '../../core/holder.ts';

export interface LinkIo {
  /** Names in a folder, at most `limit` of them. */
  list(path: string, limit: number): Promise<string[]>;
  readlink(path: string): Promise<string>;
  /** Of what the link leads to. */
  stat(path: string): Promise<{ dev: number; ino: number; blocks: number }>;
}

/** Of one process: a server with more has its connections behind the first hundreds, and memfds are made early. */
const LINKS_MAX = 1024;
/** Bytes of st_blocks' unit (stat(2)). */
const BLOCK_BYTES = 512;

const MEMFD = '/memfd:';
const DELETED = ' (deleted)';

/** Whether the link is of a file in memory that no folder shows; `points` are mount points of tmpfs. */
export const isNameless = (link: string, points: readonly string[]): boolean =>
  link.endsWith(DELETED) &&
  (link.startsWith(MEMFD) || points.some((point) => link.startsWith(point === '/' ? point : `${point}/`)));

/** "memfd:heap", "/dev/shm/x (deleted)". */
const told = (link: string): string => (link.startsWith(MEMFD) ? link.slice(1, -DELETED.length) : link);

/**
 * Looks through the processes of `pids` in their order until `isLate`; returns how many it has looked at, so that the next
 * look can go on behind them. A file that several have open is told of the first.
 */
export const findSharedFiles = async (
  io: LinkIo,
  procRoot: string,
  pids: readonly number[],
  points: readonly string[],
  commOf: (pid: number) => string | Promise<string>,
  isLate: () => boolean,
  found: Map<string, Holder>,
): Promise<number> => {
  let looked = 0;
  for (const pid of pids) {
    if (isLate()) break;
    looked++;
    const folder = `${procRoot}/${pid}/fd`;
    // Gone meanwhile, or not ours to look into.
    for (const fd of await io.list(folder, LINKS_MAX).catch(() => [])) {
      const link = await io.readlink(`${folder}/${fd}`).catch(() => '');
      if (!isNameless(link, points)) continue;
      const file = await io.stat(`${folder}/${fd}`).catch(() => null);
      if (file === null || found.has(`${file.dev}:${file.ino}`)) continue;
      const name = `pid ${pid} (${await commOf(pid)}) ${told(link)}`;
      const sizeKiB = Math.round((file.blocks * BLOCK_BYTES) / 1024);
      found.set(`${file.dev}:${file.ino}`, { kind: 'memfd', name, sizeKiB });
    }
  }
  return looked;
};
