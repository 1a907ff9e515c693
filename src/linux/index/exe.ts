/**
 * What /proc/PID/exe is. The path alone proves nothing: it is as the process's own mount namespace has it, so a container
 * may run its own /usr/sbin/sshd. It counts as verified when it is the very file that this host has at that path.
 */
import { readlinkSync, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';

const DELETED = ' (deleted)';

export interface Exe {
  path: string;
  verified: boolean;
}

const statOrNull = (path: string): Stats | null => {
  try {
    return statSync(path, { throwIfNoEntry: false }) ?? null;
  } catch {
    // EACCES without CAP_SYS_PTRACE, ELOOP, ENOTDIR: not verifiable, which is an answer.
    return null;
  }
};

/** The host's own view of a path: pid 1's root also from inside a container that shares the host's pid namespace. */
const hostStat = (procRoot: string, path: string): Stats | null =>
  statOrNull(`${procRoot}/1/root${path}`) ?? statOrNull(path);

/** Reads and verifies the executable of a process. A kernel thread, or one that vanished, has the path "". */
export const readExe = (procRoot: string, pid: number): Exe => {
  const link = `${procRoot}/${pid}/exe`;
  let target: string;
  try {
    target = readlinkSync(link);
  } catch {
    return { path: '', verified: false };
  }
  const deleted = target.endsWith(DELETED);
  const path = deleted ? target.slice(0, -DELETED.length) : target;
  const own = statOrNull(link);
  if (own === null) return { path, verified: false };
  if (deleted) {
    // A package upgrade replaces the file under a running daemon. Only root can have put a root-owned file on that device;
    // one that still has a name is a file whose name ends so, which anybody can make in a mount namespace of his own.
    const folder = hostStat(procRoot, dirname(path));
    return {
      path,
      verified: own.nlink === 0 && own.uid === 0 && folder !== null && folder.dev === own.dev && folder.uid === 0,
    };
  }
  const host = hostStat(procRoot, path);
  return { path, verified: host !== null && host.dev === own.dev && host.ino === own.ino };
};
