/**
 * The very object that a stuck thread waits for, so that a remedy can name it: a FUSE connection, a suspended device, a
 * frozen cgroup. Opens files, so only on the thread pool; "" when it cannot be told.
 */
import { join } from 'node:path';
import { unescapeOctal } from '../proc/mountinfo.ts';
import type { Roots } from '../root.ts';

/** The text of a file, null when it cannot be read. */
export type ReadText = (path: string) => Promise<string | null>;
/** The names in a folder, none when it cannot be read. */
export type ListNames = (path: string) => Promise<readonly string[]>;

export interface Around {
  readonly roots: Roots;
  readonly read: ReadText;
  readonly list: ListNames;
}

/** Mounts named in one sentence. */
const NAMED_MAX = 3;

/**
 * FUSE mounts that the thread sees: field 3 of mountinfo is major:minor, and the minor is the number of the connection in
 * /sys/fs/fuse/connections (fs/fuse/control.c, fuse_ctl_add_conn).
 */
const fuseMounts = (mountinfo: string): { connection: string; point: string }[] =>
  [...mountinfo.matchAll(/^\S+ \S+ \d+:(\d+) \S+ (\S+) .* - fuse(?:blk)?(?:\.\S+)? /gm)].map((match) => ({
    connection: match[1] as string,
    point: unescapeOctal(match[2] as string),
  }));

/** Those with requests that nobody has answered, where fusectl is mounted; unless `isBusy`, otherwise all it may be. */
export const fuseConnection = async ({ roots, read }: Around, threadPath: string, isBusy: boolean): Promise<string> => {
  const mounts = fuseMounts((await read(`${threadPath}/mountinfo`)) ?? '');
  const busy: typeof mounts = [];
  for (const mount of mounts) {
    const waiting = await read(join(roots.sys, 'fs/fuse/connections', mount.connection, 'waiting'));
    if (waiting !== null && Number(waiting) > 0) busy.push(mount);
  }
  return (busy.length > 0 || isBusy ? busy : mounts)
    .slice(0, NAMED_MAX)
    .map(({ connection, point }) => `fuse connection ${connection} (${point})`)
    .join(' or ');
};

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

/**
 * The cgroup of the v1 freezer that holds it, when it is frozen or being so (Documentation/admin-guide/cgroup-v1/
 * freezer-subsystem.rst). freezer.state of a cgroup tells for its parents as well. Since 6.1 a task is frozen where it
 * sleeps (TASK_FROZEN, kernel/freezer.c): it shows as D in any function, and only this file tells.
 */
export const frozenCgroup = async ({ roots, read }: Around, threadPath: string): Promise<string> => {
  const cgroups = (await read(`${threadPath}/cgroup`)) ?? '';
  const path = /^\d+:(?:[^:\n]*,)?freezer(?:,[^:\n]*)?:(.*)$/m.exec(cgroups)?.[1];
  if (path === undefined) return '';
  const state = (await read(join(roots.cgroup, 'freezer', path, 'freezer.state')))?.trim() ?? '';
  return state === 'FROZEN' || state === 'FREEZING' ? `freezer cgroup ${path}` : '';
};
