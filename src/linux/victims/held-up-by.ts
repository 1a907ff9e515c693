/**
 * The very object that a stuck thread waits for, so that a remedy can name and reach it: a FUSE connection, a suspended
 * device, a frozen cgroup or file system. Opens files, so only on the thread pool; "" or empty when it cannot be told.
 */
import { join } from 'node:path';
import { cgroupLayoutOf, freezerPointOf } from '../proc/cgroup-mode.ts';
import { freezerPathOf, isCgroupPath, unifiedPathOf, withParents } from '../proc/cgroup-path.ts';
import { type Mount, parseMountinfo } from '../proc/mountinfo.ts';
import { descriptorOfCall, mountIdOf } from '../proc/pid-syscall.ts';
import type { Roots } from '../root.ts';

/** The text of a file, null when it cannot be read. */
export type ReadText = (path: string) => Promise<string | null>;
/** The names in a folder, none when it cannot be read. */
export type ListNames = (path: string) => Promise<readonly string[]>;

export interface Reading {
  readonly roots: Roots;
  readonly read: ReadText;
}

export interface Around extends Reading {
  readonly list: ListNames;
}

/** Mounts named in one sentence. */
const NAMED_MAX = 3;

export interface FuseMount {
  readonly connection: string;
  readonly point: string;
}

/** The mounts that a thread, or "self", sees. */
export const mountsOf = async ({ read }: Reading, path: string): Promise<Mount[]> => {
  const mounts: Mount[] = [];
  parseMountinfo((await read(`${path}/mountinfo`)) ?? '', mounts);
  return mounts;
};

const MINOR_BITS = 20;
const isFuse = ({ type }: Mount): boolean => /^fuse(?:blk)?(?:\.|$)/.test(type);
/** The kernel's own number of a device is that of the connection (fs/fuse/control.c, fuse_ctl_add_conn); FUSE has major 0. */
const fuseMount = ({ device, point }: Mount): FuseMount => {
  const [major = 0, minor = 0] = device.split(':').map(Number);
  return { connection: String(major * 2 ** MINOR_BITS + minor), point };
};

/** FUSE mounts among these, each connection once. */
export const fuseMounts = (mounts: readonly Mount[]): FuseMount[] => {
  const found = new Map<string, FuseMount>();
  for (const mount of mounts.filter(isFuse).map(fuseMount)) {
    if (!found.has(mount.connection)) found.set(mount.connection, mount);
  }
  return [...found.values()];
};

export const fuseFolder = (roots: Roots, connection: string): string =>
  join(roots.sys, 'fs/fuse/connections', connection);

/** Requests that the server has not answered; 0 where fusectl is not mounted. */
export const waitingRequests = async ({ roots, read }: Reading, connection: string): Promise<number> =>
  Number((await read(join(fuseFolder(roots, connection), 'waiting'))) ?? 0);

/**
 * The mount of the open file that a thread's call works on. It is exact where the call has a descriptor; a page fault, or
 * a call with a path, has none.
 */
export const mountOfCall = async (
  { read }: Reading,
  threadPath: string,
  mounts: readonly Mount[],
): Promise<{ readonly fd: number; readonly mount: Mount } | null> => {
  const fd = descriptorOfCall((await read(`${threadPath}/syscall`)) ?? '');
  if (fd === null) return null;
  const id = mountIdOf((await read(`${threadPath}/fdinfo/${fd}`)) ?? '');
  const mount = mounts.find((each) => each.id === id);
  return mount === undefined ? null : { fd, mount };
};

/** Those with requests that nobody has answered, where fusectl is mounted; unless `isBusy`, otherwise all it may be. */
export const fuseConnections = async (
  around: Around,
  threadPath: string,
  mounts: readonly Mount[],
  isBusy: boolean,
): Promise<FuseMount[]> => {
  const all = fuseMounts(mounts);
  const busy: FuseMount[] = [];
  for (const mount of all) if ((await waitingRequests(around, mount.connection)) > 0) busy.push(mount);
  if (busy.length > 1) {
    const call = await mountOfCall(around, threadPath, mounts);
    const exact = call !== null && isFuse(call.mount) ? fuseMount(call.mount).connection : '';
    const named = busy.filter(({ connection }) => connection === exact);
    if (named.length > 0) return named;
  }
  return busy.length > 0 || isBusy ? busy : all;
};

export const fuseText = (mounts: readonly FuseMount[]): string =>
  mounts
    .slice(0, NAMED_MAX)
    .map(({ connection, point }) => `fuse connection ${connection} (${point})`)
    .join(' or ');

/** Device-mapper devices that are suspended now (drivers/md/dm-sysfs.c). */
export const suspendedDevices = async ({ roots, read, list }: Around): Promise<string> => {
  const found: string[] = [];
  for (const name of await list(join(roots.sys, 'block'))) {
    if (!name.startsWith('dm-')) continue;
    const dm = join(roots.sys, 'block', name, 'dm');
    if ((await read(join(dm, 'suspended')))?.trim() !== '1') continue;
    found.push(`device ${(await read(join(dm, 'name')))?.trim() || name} (${name}) is suspended`);
  }
  return found.slice(0, NAMED_MAX).join(', ');
};

/** Where the hierarchy of the v1 freezer and cgroup v2 are mounted for us. */
export const cgroupPoints = async (
  around: Reading,
): Promise<{ readonly freezer: string; readonly unified: string }> => {
  const { roots } = around;
  const mounts = await mountsOf(around, `${roots.proc}/self`);
  return {
    freezer: freezerPointOf(mounts) || join(roots.cgroup, 'freezer'),
    unified: cgroupLayoutOf(mounts).v2Point || roots.cgroup,
  };
};

/**
 * The cgroup of the v1 freezer that holds it, when it is frozen or being so (Documentation/admin-guide/cgroup-v1/
 * freezer-subsystem.rst). freezer.state of a cgroup tells for its parents as well. Since 6.1 a task is frozen where it
 * sleeps (TASK_FROZEN, kernel/freezer.c): it shows as D in any function, and only this file tells.
 */
export const frozenCgroup = async (around: Around, threadPath: string): Promise<string> => {
  const path = freezerPathOf((await around.read(`${threadPath}/cgroup`)) ?? '');
  if (!isCgroupPath(path)) return '';
  const { freezer } = await cgroupPoints(around);
  const state = (await around.read(join(freezer, path, 'freezer.state')))?.trim() ?? '';
  return state === 'FROZEN' || state === 'FREEZING' ? path : '';
};

/**
 * Its cgroup of v2 when that is frozen. SIGKILL ends a process there (kernel-facts 2 of 4.1), but not one that waits for
 * another in the same cgroup that does not run: a FUSE server in the container that was paused.
 */
export const frozenUnified = async (around: Around, threadPath: string): Promise<string> => {
  const path = unifiedPathOf((await around.read(`${threadPath}/cgroup`)) ?? '');
  if (!isCgroupPath(path)) return '';
  const { unified } = await cgroupPoints(around);
  for (const each of withParents(path)) {
    if ((await around.read(join(unified, each, 'cgroup.freeze')))?.trim() === '1') return path;
  }
  return '';
};
