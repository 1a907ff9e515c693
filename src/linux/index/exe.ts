/**
 * What /proc/PID/exe is. The path alone proves nothing: it is as the process's own mount namespace has it, so a container
 * may run its own /usr/sbin/sshd. It counts as verified when it is the very file that this host has at that path.
 */
import { readlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import { statxCached } from '../sys/libc.ts';

const DELETED = ' (deleted)';

export interface Exe {
  path: string;
  verified: boolean;
}

/** What identifies a file; struct statx of include/uapi/linux/stat.h. */
interface FileId {
  readonly nlink: number;
  readonly uid: number;
  readonly ino: bigint;
  /** Major and minor number, behind one another. */
  readonly dev: bigint;
}

const NLINK_AT = 16;
const UID_AT = 20;
const INO_AT = 32;
const DEV_AT = 136;

const scratch = new DataView(new ArrayBuffer(256));
const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** null: EACCES without CAP_SYS_PTRACE, ELOOP, ENOENT: not verifiable, which is an answer. */
const statOrNull = (path: string): FileId | null => {
  if (statxCached(path, new Uint8Array(scratch.buffer)) < 0) return null;
  return {
    nlink: scratch.getUint32(NLINK_AT, isLittleEndian),
    uid: scratch.getUint32(UID_AT, isLittleEndian),
    ino: scratch.getBigUint64(INO_AT, isLittleEndian),
    dev: scratch.getBigUint64(DEV_AT, isLittleEndian),
  };
};

/** The host's own view of a path: pid 1's root also from inside a container that shares the host's pid namespace. */
const hostStat = (procRoot: string, path: string): FileId | null =>
  statOrNull(`${procRoot}/1/root${path}`) ?? statOrNull(path);

/**
 * Reads and verifies the executable of a process. A kernel thread, or one that vanished, has the path "". Only a path that
 * `isNamed` by policy is looked up on the host: a lookup can wait for a network file system, and a process may run from
 * one of its own making. `who`: its pid, or "PID/task/TID".
 */
export const readExe = (
  procRoot: string,
  who: number | string,
  isNamed: (path: string) => boolean = () => true,
): Exe => {
  const link = `${procRoot}/${who}/exe`;
  let target: string;
  try {
    target = readlinkSync(link);
  } catch {
    return { path: '', verified: false };
  }
  const deleted = target.endsWith(DELETED);
  const path = deleted ? target.slice(0, -DELETED.length) : target;
  const own = isNamed(path) ? statOrNull(link) : null;
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
