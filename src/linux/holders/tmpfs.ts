/**
 * What the tmpfs mounts hold, by statfs(2). Each view is the mount namespace of one process: the host's, and those of
 * containers in whose cgroups much shmem is charged. One superblock is told once, whoever has it mounted.
 */
import type { Holder } from '../../core/holder.ts';
import { type Mount, parseMountinfo } from '../proc/mountinfo.ts';

/** TMPFS_MAGIC of include/uapi/linux/magic.h; devtmpfs has it too. */
const TMPFS_MAGIC = 0x01021994;

/** Types whose pages are shmem. rootfs is a tmpfs in guests and rescue systems, and has a magic of its own when it is a ramfs. */
const TYPES: readonly string[] = ['tmpfs', 'devtmpfs', 'rootfs'];

export interface TmpfsIo {
  readFile(path: string): Promise<string>;
  statfs(path: string): Promise<{ type: number; bsize: number; blocks: number; bfree: number }>;
}

export interface View {
  /** "1", "self". */
  readonly pid: string;
  /** Before each mount point: "/proc/1/root", "" for our own view. */
  readonly root: string;
  /** Behind the mount point in what is told: "", " in pid 4711 (postgres)". */
  readonly suffix: string;
}

/** A namespace of containers can have thousands of mounts; each costs a statfs of some microseconds. */
const MOUNTS_MAX = 256;

/** The mounts of tmpfs that can be seen in `mounts`: no later one is on the same point. */
const visible = (mounts: readonly Mount[]): Mount[] => {
  const last = new Map(mounts.map((mount) => [mount.point, mount]));
  return [...last.values()].filter(({ type }) => TYPES.includes(type)).slice(0, MOUNTS_MAX);
};

/** `seen`: devices that have been told; grows. Rejects when the view itself cannot be read. */
export const readTmpfs = async (io: TmpfsIo, procRoot: string, view: View, seen: Set<string>): Promise<Holder[]> => {
  const mounts: Mount[] = [];
  // Half a table is better than none: what was parsed before a fault counts.
  parseMountinfo(await io.readFile(`${procRoot}/${view.pid}/mountinfo`), mounts);
  const found: Holder[] = [];
  for (const { point, device } of visible(mounts)) {
    if (seen.has(device)) continue;
    // Behind another mount, or without CAP_SYS_PTRACE below /proc/1/root: it is not told.
    const answer = await io.statfs(`${view.root}${point}`).catch(() => null);
    if (answer === null || answer.type !== TMPFS_MAGIC) continue;
    seen.add(device);
    const sizeKiB = Math.round(((answer.blocks - answer.bfree) * answer.bsize) / 1024);
    found.push({ kind: 'tmpfs', name: `${point}${view.suffix}`, sizeKiB });
  }
  return found;
};
