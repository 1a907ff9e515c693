/** What several probes look at, read once: own identity, capabilities, mounts and cgroup. */
import { accessSync, constants, readFileSync, readlinkSync } from 'node:fs';
import type { Finding } from '../../core/event.ts';
import { ABSENT } from '../../core/units.ts';
import { type CgroupLayout, cgroupLayoutOf } from '../proc/cgroup-mode.ts';
import { type Mount, parseMountinfo } from '../proc/mountinfo.ts';
import { parsePidCgroup } from '../proc/pid-cgroup.ts';
import type { Roots } from '../root.ts';

/** Whose cgroup, limits and oom_score_adj are looked at. */
export interface Subject {
  /** Below /proc: "self" or a pid. */
  readonly directory: string;
  /** As it is told with what was found: "daemon 812"; "": of whoever tells it. */
  readonly name: string;
}

export const MYSELF: Subject = { directory: 'self', name: '' };

export interface Host {
  readonly roots: Roots;
  readonly subject: Subject;
  /** Effective uid, ABSENT when /proc/self/status cannot be read. */
  readonly euid: number;
  readonly groups: readonly number[];
  readonly effectiveCapabilities: bigint;
  readonly mounts: readonly Mount[];
  readonly cgroups: CgroupLayout;
  /** cgroup v2 directory of the subject, "" when there is none. */
  readonly cgroupDirectory: string;
}

export type Probe = (host: Host) => readonly Finding[];

/** Bits of CapEff (include/uapi/linux/capability.h). */
export const CAPABILITY = {
  DAC_OVERRIDE: 1,
  DAC_READ_SEARCH: 2,
  KILL: 5,
  IPC_LOCK: 14,
  SYS_PTRACE: 19,
  SYS_ADMIN: 21,
  SYS_RESOURCE: 24,
  SYSLOG: 34,
} as const;

export const hasCapability = (host: Host, bit: number): boolean =>
  ((host.effectiveCapabilities >> BigInt(bit)) & 1n) === 1n;

/** The file without its last newline, or null when it cannot be read: absent, forbidden or switched off. */
export const textOf = (path: string): string | null => {
  try {
    return readFileSync(path, 'latin1').replace(/\n$/, '');
  } catch {
    // Why does not matter to a probe: what cannot be read cannot be relied on.
    return null;
  }
};

/** Where a symbolic link leads, or null. */
export const linkOf = (path: string): string | null => {
  try {
    return readlinkSync(path);
  } catch {
    // As above; a kernel thread has no exe either.
    return null;
  }
};

/** access(2) with this mode. */
export const isAccessible = (path: string, mode: number): boolean => {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    // Absent, mounted read-only or forbidden: in each case it cannot be used.
    return false;
  }
};

export const isWritable = (path: string): boolean => isAccessible(path, constants.W_OK);

const fieldOf = (status: string, name: string): string => new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)?.[1] ?? '';

/** "0 MiB (daemon 812, /system.slice)": what was found, and with whom. */
export const foundOf = (found: string, { subject, cgroupDirectory, roots }: Host, isOfCgroup: boolean): string => {
  if (subject.name === '') return found;
  const where = isOfCgroup && cgroupDirectory !== '' ? `, ${cgroupDirectory.slice(roots.cgroup.length) || '/'}` : '';
  return `${found} (${subject.name}${where})`;
};

export const readHost = (roots: Roots, subject: Subject): Host => {
  const status = textOf(`${roots.proc}/self/status`) ?? '';
  const mounts: Mount[] = [];
  parseMountinfo(`${textOf(`${roots.proc}/self/mountinfo`) ?? ''}\n`, mounts);
  const cgroups = cgroupLayoutOf(mounts);
  const cgroup = Buffer.from(`${textOf(`${roots.proc}/${subject.directory}/cgroup`) ?? ''}\n`, 'latin1');
  const path = parsePidCgroup(cgroup, cgroup.length, cgroups.mode);
  // Outside of our cgroup namespace it has no path that leads there.
  const isSeen = cgroups.mode === 'v2' && path !== '' && !path.startsWith('/..');
  const mask = fieldOf(status, 'CapEff');
  return {
    roots,
    subject,
    euid: Number(fieldOf(status, 'Uid').split('\t')[1] ?? ABSENT),
    groups: fieldOf(status, 'Groups').split(' ').filter(Boolean).map(Number),
    effectiveCapabilities: /^[0-9a-f]+$/.test(mask) ? BigInt(`0x${mask}`) : 0n,
    mounts,
    cgroups,
    cgroupDirectory: isSeen ? `${roots.cgroup}${path === '/' ? '' : path}` : '',
  };
};

export const ok = (name: string, found: string, meaning: string): Finding => ({
  name,
  status: 'ok',
  found,
  meaning,
  remedy: '',
});

export const warn = (name: string, found: string, meaning: string, remedy: string): Finding => ({
  name,
  status: 'warn',
  found,
  meaning,
  remedy,
});

export const fatal = (name: string, found: string, meaning: string, remedy: string): Finding => ({
  name,
  status: 'fatal',
  found,
  meaning,
  remedy,
});
