/**
 * Which cgroups are charged for memory that no process returns: shmem and slab_unreclaimable of memory.stat
 * (Documentation/admin-guide/cgroup-v2.rst), which count the whole subtree. Reading it flushes the per-CPU counters, which can
 * take seconds on a large host (kernel-facts 4.4): off the loop alone, and of few cgroups.
 */
import type { Holder } from '../../core/holder.ts';

export interface CgroupIo {
  /** Names of the folders in a folder, at most `limit` of them. */
  listFolders(path: string, limit: number): Promise<string[]>;
  readFile(path: string): Promise<string>;
}

/** Children whose memory.current is read: it is cheap, and a host has some dozen in each level. */
const CHILDREN_MAX = 128;
/** Of these, memory.stat. */
const STATS_MAX = 4;
/** kubepods.slice, its class, the pod, the container. */
const DEPTH_MAX = 5;
/** A cgroup below that is charged for so much of it is the one to name. */
const MOST = 0.8;

export const chargedKiB = (text: string): number => {
  let bytes = 0;
  for (const [, digits] of text.matchAll(/^(?:shmem|slab_unreclaimable) (\d{1,19})$/gm)) bytes += Number(digits);
  return Math.round(bytes / 1024);
};

/** The most charged children of `path`, largest first. */
const topOf = async (io: CgroupIo, root: string, path: string): Promise<Holder[]> => {
  const sizes: [string, number][] = [];
  for (const name of await io.listFolders(`${root}${path}`, CHILDREN_MAX).catch(() => [])) {
    const text = await io.readFile(`${root}${path}/${name}/memory.current`).catch(() => '');
    if (/^\d{1,19}\n$/.test(text)) sizes.push([`${path}/${name}`, Number(text)]);
  }
  const largest = sizes.sort(([, a], [, b]) => b - a).slice(0, STATS_MAX);
  const found: Holder[] = [];
  for (const [name] of largest) {
    const text = await io.readFile(`${root}${name}/memory.stat`).catch(() => '');
    found.push({ kind: 'cgroup', name, sizeKiB: chargedKiB(text) });
  }
  return found.sort((a, b) => b.sizeKiB - a.sizeKiB);
};

/** `root`: where cgroup2 is mounted. Of each of the largest at the top the deepest cgroup that has most of its charge. */
export const readCgroupCharges = async (io: CgroupIo, root: string, leastKiB: number): Promise<Holder[]> => {
  const found: Holder[] = [];
  for (const top of await topOf(io, root, '')) {
    let at = top;
    for (let depth = 0; depth < DEPTH_MAX && at.sizeKiB >= leastKiB; depth++) {
      const [below] = await topOf(io, root, at.name);
      if (below === undefined || below.sizeKiB < at.sizeKiB * MOST) break;
      at = below;
    }
    found.push(at);
  }
  return found;
};
