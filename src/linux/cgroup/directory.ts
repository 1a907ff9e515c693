/**
 * The cgroups of the v2 tree that are kept at hand, and how they are found: off the loop, the one with the most memory
 * first, so that where there are more than are kept those that are left out are small. memory.current of a cgroup includes
 * all below it (page_counter, mm/page_counter.c), so a subtree that is not entered holds less than any that is kept.
 */
import { readdir, stat } from 'node:fs/promises';
import { ABSENT } from '../../core/units.ts';
import { type CgroupIo, closeEntry, type Entry, openEntry, openRest, readCurrent } from './entry.ts';

export interface Directory {
  readonly entries: Map<string, Entry>;
  /** Whether the last walk found more than are kept. */
  isFull: boolean;
  walks: number;
}

export const createDirectory = (): Directory => ({ entries: new Map(), isFull: false, walks: 0 });

/** systemd's user sessions and nested containers stay below 12 levels; deeper is an accident or an attack. */
const DEPTH_MAX = 16;
/** Of one parent: 110 pods a node are the default of Kubernetes, 1,000 sessions a large shell server. */
const CHILDREN_MAX = 2048;

/** Where cgroup2 is mounted, how many cgroups are kept at the most, and which of them a rule names. */
export interface Tree {
  readonly io: CgroupIo;
  readonly root: string;
  readonly capacity: number;
  readonly isNamed: (path: string) => boolean;
}

interface Seen {
  readonly path: string;
  readonly entry: Entry;
  /** memory.current; infinite for one that a rule names. */
  readonly weightKiB: number;
}

/** The directories right below; [] for a leaf, which its link count tells without a listing (kernfs: 2 + subdirectories). */
export const childrenOf = async (root: string, path: string): Promise<string[]> => {
  try {
    if ((await stat(`${root}${path}`)).nlink === 2) return [];
    const entries = await readdir(`${root}${path}`, { withFileTypes: true });
    const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
    return names.slice(0, CHILDREN_MAX).map((name) => `${path === '/' ? '' : path}/${name}`);
  } catch {
    // Removed meanwhile: nobody is in it.
    return [];
  }
};

const depthOf = (path: string): number => path.split('/').length - 1;

/** The known entry of a path, or a new one; null where there is no memory controller. */
const entryAt = async ({ io, root, isNamed }: Tree, directory: Directory, path: string): Promise<Seen | null> => {
  const seen = (entry: Entry, currentKiB: number): Seen => ({
    path,
    entry,
    weightKiB: isNamed(path) ? Number.POSITIVE_INFINITY : currentKiB,
  });
  const known = directory.entries.get(path);
  const knownKiB = known === undefined ? ABSENT : readCurrent(io, known);
  if (known !== undefined && knownKiB !== ABSENT) return seen(known, knownKiB);
  const entry = await openEntry(`${root}${path}`, path);
  return entry === null ? null : seen(entry, readCurrent(io, entry));
};

const largestOf = (frontier: readonly Seen[]): number => {
  let best = 0;
  for (let at = 1; at < frontier.length; at++) {
    if ((frontier[at] as Seen).weightKiB > (frontier[best] as Seen).weightKiB) best = at;
  }
  return best;
};

/** One walk from the root, which itself has no memory.current. */
export const walk = async (tree: Tree, directory: Directory): Promise<void> => {
  const { io, root, capacity } = tree;
  const number = ++directory.walks;
  const frontier: Seen[] = [];
  const kept = new Map<string, Entry>();
  const enter = async (path: string): Promise<void> => {
    if (depthOf(path) >= DEPTH_MAX) return;
    for (const child of await childrenOf(root, path)) {
      const seen = await entryAt(tree, directory, child);
      if (seen === null) continue;
      seen.entry.walk = number;
      frontier.push(seen);
    }
  };
  await enter('/');
  while (frontier.length > 0 && kept.size < capacity) {
    const at = largestOf(frontier);
    const { path, entry } = frontier[at] as Seen;
    frontier[at] = frontier.at(-1) as Seen;
    frontier.pop();
    await openRest(io, entry, `${root}${path}`);
    kept.set(path, entry);
    await enter(path);
  }
  directory.isFull = frontier.length > 0;
  for (const { entry } of frontier) closeEntry(io, entry);
  for (const [path, entry] of directory.entries) if (kept.get(path) !== entry) closeEntry(io, entry);
  directory.entries.clear();
  for (const [path, entry] of kept) directory.entries.set(path, entry);
};
