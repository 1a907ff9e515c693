/** Which daemons run, found in /proc by their children: one that is stopped answers nobody, and that is when one asks. */
import { readdirSync } from 'node:fs';
import { linkOf, textOf } from '../../linux/probe/host.ts';

/** As comm shows them, cut at 15 bytes. */
const STANDBY_COMM = 'oomwatchd-stand';
const REPORT_COMM = 'oomwatchd-repor';

/** A field of /proc/PID/status, "" when there is none. */
export const fieldOf = (procRoot: string, pid: number, name: string): string =>
  new RegExp(`^${name}:\\s*(\\S+)`, 'm').exec(textOf(`${procRoot}/${pid}/status`) ?? '')?.[1] ?? '';

/**
 * A comm can be anybody's choice: a process of another user than root, or than the caller, says nothing. By its real uid: the
 * owner of /proc/PID is root for whoever makes himself undumpable (proc(5)).
 */
const isTrusted = (procRoot: string, pid: number): boolean => {
  const uid = fieldOf(procRoot, pid, 'Uid');
  return uid === '0' || uid === String(process.geteuid?.());
};

/**
 * A daemon starts both by its own executable; whoever has inherited an orphan is another program. Without privilege neither can
 * be read, and pid 1 may have inherited anything.
 */
const isParent = (procRoot: string, pid: number, child: string): boolean => {
  const exe = linkOf(`${procRoot}/${pid}/exe`);
  return isTrusted(procRoot, pid) && exe === linkOf(`${procRoot}/${child}/exe`) && (exe !== null || pid !== 1);
};

/** Each daemon that runs, known by its reporter or its second process, with the pid of the latter; null where it has none. */
export type Daemons = ReadonlyMap<number, number | null>;

export const findDaemons = (procRoot: string): Daemons => {
  const found = new Map<number, number | null>();
  for (const name of readdirSync(procRoot)) {
    const comm = /^\d+$/.test(name) ? textOf(`${procRoot}/${name}/comm`) : null;
    if (comm !== STANDBY_COMM && comm !== REPORT_COMM) continue;
    const daemon = Number(fieldOf(procRoot, Number(name), 'PPid'));
    if (!isParent(procRoot, daemon, name)) continue;
    if (comm === STANDBY_COMM && isTrusted(procRoot, Number(name))) found.set(daemon, Number(name));
    else if (!found.has(daemon)) found.set(daemon, null);
  }
  return found;
};
