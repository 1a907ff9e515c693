/**
 * One look at who has memory that no death returns: every reader of this folder in turn, the cheap ones first. Off the
 * loop, and only while memory is short: all of it opens files.
 */
import { opendir, readlink, stat, statfs } from 'node:fs/promises';
import type { Holder, HolderKind } from '../../core/holder.ts';
import { readText } from '../read-text.ts';
import type { Roots } from '../root.ts';
import { parseArcstats } from './arcstats.ts';
import { parseBalance } from './balance.ts';
import { type CgroupIo, readCgroupCharges } from './cgroup-charges.ts';
import { readHugePages } from './huge-pages.ts';
import { readMappers } from './mappers.ts';
import type { Patience } from './patience.ts';
import { findSharedFiles, type LinkIo } from './shared-files.ts';
import { parseSlabinfo } from './slabinfo.ts';
import { parseSysvShm } from './sysv-shm.ts';
import { readTmpfs, type TmpfsIo, type View } from './tmpfs.ts';

export interface Census {
  /** Known processes, those that map most beside anonymous memory first. */
  pids(): number[];
  commOf(pid: number): string;
}

export interface Surroundings {
  readonly roots: Roots;
  /** Where cgroup2 is mounted, "" where it is not. */
  readonly cgroup2: string;
  readonly pageKiB: number;
  nowMs(): number;
}

/** A hundredth of memory is worth a line; less is not what makes a shortage. */
const LEAST_SHARE = 0.01;
/** A frame to the reporter keeps ten entries of a list. */
const TOLD_MAX = 10;
const TOLD_OF_A_KIND = 3;
/** Processes whose status and files are looked at right away; the rest in turn, look by look, as time allows. */
const MAPPERS_MAX = 32;
const FILES_MS = 300;
/** Containers whose tmpfs mounts are looked at: those of the cgroups with most shmem. */
const CONTAINERS_MAX = 4;

const list = async (path: string, limit: number, isWanted: (isFolder: boolean) => boolean): Promise<string[]> => {
  const names: string[] = [];
  for await (const entry of await opendir(path, { encoding: 'latin1' as BufferEncoding })) {
    if (isWanted(entry.isDirectory())) names.push(entry.name);
    if (names.length >= limit) break;
  }
  return names;
};

const bytesOf = async (path: string): Promise<Uint8Array> => Buffer.from(await readText(path), 'latin1');

const tmpfsIo: TmpfsIo = { readFile: readText, statfs };
const linkIo: LinkIo = {
  list: (path, limit) => list(path, limit, () => true),
  readlink: (path) => readlink(path, 'latin1'),
  stat,
};
const cgroupIo: CgroupIo = {
  listFolders: (path, limit) => list(path, limit, (isFolder) => isFolder),
  readFile: readText,
};

/** The largest of each kind, and of those the largest. */
export const largest = (found: readonly Holder[], leastKiB: number): Holder[] => {
  const told = new Map<HolderKind, number>();
  const bySize = found.filter(({ sizeKiB }) => sizeKiB >= leastKiB).sort((a, b) => b.sizeKiB - a.sizeKiB);
  const kept = bySize.filter(({ kind }) => {
    const before = told.get(kind) ?? 0;
    told.set(kind, before + 1);
    return before < TOLD_OF_A_KIND;
  });
  return kept.slice(0, TOLD_MAX);
};

const sum = (holders: readonly Holder[]): number => holders.reduce((kib, { sizeKiB }) => kib + sizeKiB, 0);

/** Gives a function that looks once and resolves to the holders, largest first. Never rejects. */
export const createLook = (
  { roots, cgroup2, pageKiB, nowMs }: Surroundings,
  census: Census,
  patience: Patience,
): (() => Promise<Holder[]>) => {
  const { proc, sys } = roots;
  /** The process behind the last one whose files were looked at. */
  let cursor = 0;

  /** One that came in the shortage is not in the index yet. */
  const commOf = async (pid: number): Promise<string> =>
    census.commOf(pid) || (await readText(`${proc}/${pid}/comm`).catch(() => '')).trimEnd();

  /** A process in each of the most charged cgroups: it has the mounts of its container. */
  const containers = async (charged: readonly Holder[]): Promise<View[]> => {
    const views: View[] = [];
    for (const { name } of charged.slice(0, CONTAINERS_MAX)) {
      const pid = /^\d+/.exec(await readText(`${cgroup2}${name}/cgroup.procs`).catch(() => ''))?.[0];
      if (pid === undefined) continue;
      views.push({ pid, root: `${proc}/${pid}/root`, suffix: ` in pid ${pid} (${await commOf(Number(pid))})` });
    }
    return views;
  };

  const mounted = async (charged: readonly Holder[]): Promise<Holder[]> => {
    const seen = new Set<string>();
    // Our own view is that of the unit's sandbox.
    const host = await readTmpfs(tmpfsIo, proc, { pid: '1', root: `${proc}/1/root`, suffix: '' }, seen).catch(() => []);
    const found = host.length > 0 ? host : await readTmpfs(tmpfsIo, proc, { pid: 'self', root: '', suffix: '' }, seen);
    for (const view of await containers(charged)) {
      found.push(...(await readTmpfs(tmpfsIo, proc, view, seen).catch(() => [])));
    }
    return found;
  };

  const files = async (points: readonly string[]): Promise<Holder[]> => {
    const pids = census.pids();
    const first = pids.slice(0, MAPPERS_MAX);
    const rest = pids.slice(MAPPERS_MAX);
    if (cursor >= rest.length) cursor = 0;
    const beganMs = nowMs();
    const found = new Map<string, Holder>();
    const search = (some: readonly number[], forMs: number): Promise<number> =>
      findSharedFiles(linkIo, proc, some, points, commOf, () => nowMs() - beganMs >= forMs, found);
    // Servers with thousands of files among the first must not keep the rest from ever being looked at.
    await search(first, FILES_MS / 2);
    cursor += await search(rest.slice(cursor), FILES_MS);
    return [...found.values()];
  };

  return async () => {
    const balance = parseBalance(await patience.ask('meminfo', () => readText(`${proc}/meminfo`), ''));
    const leastKiB = Math.max(1, Math.round(balance.memTotalKiB * LEAST_SHARE));
    const arc = parseArcstats(await patience.ask('arcstats', () => readText(`${proc}/spl/kstat/zfs/arcstats`), ''));
    const huge = await patience.ask('hugepages', () => readHugePages(sys), []);
    const segments = parseSysvShm(await patience.ask('sysvipc/shm', () => readText(`${proc}/sysvipc/shm`), ''));
    const mounts = await patience.ask('tmpfs', () => mounted([]), []);
    // What mounts and segments do not explain is in files without a name, or in the mounts of containers.
    const isUnexplained = balance.shmemKiB - sum(mounts) - sum(segments) >= leastKiB;
    const top = census.pids().slice(0, MAPPERS_MAX);
    const { shared, pageTables } = await readMappers(bytesOf, proc, top);
    const points = mounts.map(({ name }) => name);
    const nameless = isUnexplained ? await patience.ask('fd', () => files(points), []) : [];
    const slab = parseSlabinfo(await patience.ask('slabinfo', () => readText(`${proc}/slabinfo`), ''), pageKiB);
    const charges = await patience.ask(
      'memory.stat',
      () => (cgroup2 === '' ? Promise.resolve([]) : readCgroupCharges(cgroupIo, cgroup2, leastKiB)),
      [],
    );
    const charged = charges.filter(({ sizeKiB }) => sizeKiB >= leastKiB);
    const inside = isUnexplained && charged.length > 0 ? await patience.ask('mounts', () => mounted(charged), []) : [];
    const inContainers = inside.filter(({ name }) => !points.includes(name));
    const unaccountedKiB = balance.unaccountedKiB - sum(arc);
    const rest: Holder[] = [{ kind: 'unaccounted', name: 'drivers and the like', sizeKiB: unaccountedKiB }];
    const known = [...mounts, ...inContainers, ...segments, ...nameless, ...slab, ...huge, ...arc];
    const found = [...known, ...pageTables, ...rest, ...charged];
    // Mapped memory is told by what it is a mapping of, where that is known.
    if (isUnexplained && sum(nameless) < leastKiB && sum(inContainers) < leastKiB) found.push(...shared);
    return largest(found, leastKiB);
  };
};
