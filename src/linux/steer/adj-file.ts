/**
 * /proc/PID/oom_score_adj, to be changed. The file belongs to the user of the process with mode 0644 (fs/proc/base.c), so
 * root without CAP_DAC_OVERRIDE may only read it. As the owner it may be opened: setfsuid(2) changes the user for the
 * checks of this thread's next calls on files and nothing else, and needs CAP_SETUID. The write itself is allowed by
 * CAP_SYS_RESOURCE of whoever writes (__set_oom_adj()), which setfsuid(2) does not touch (credentials(7)).
 */
import { statSync, writeSync } from 'node:fs';
import { NO_OOM_SCORE_ADJ, parseOomScoreAdj } from '../proc/oom-score.ts';
import { ESRCH } from '../sys/errno.ts';
import { openReadWrite, preadAt0 } from '../sys/libc.ts';
import { setFsUid } from '../sys/locks.ts';

const EACCES = 13;
const EIO = 5;
const buffer = new Uint8Array(16);

const errnoOf = (error: unknown): number => -Math.abs((error as { errno?: number }).errno ?? EIO);

/** Opens the file of `pid` for reading and writing; the descriptor or -errno. */
export const openAdj = (procRoot: string, pid: number): number => {
  const path = `${procRoot}/${pid}/oom_score_adj`;
  const direct = openReadWrite(path);
  if (direct !== -EACCES) return direct;
  let owner: number;
  try {
    owner = statSync(path).uid;
  } catch (error) {
    return errnoOf(error);
  }
  const self = setFsUid(owner);
  try {
    return openReadWrite(path);
  } finally {
    setFsUid(self);
  }
};

/** The value, or -errno below OOM_SCORE_ADJ_MIN: as { value } or { errno }. */
export const readAdj = (fd: number): { readonly value: number } | { readonly errno: number } => {
  const length = preadAt0(fd, buffer, buffer.length);
  if (length < 0) return { errno: -length };
  const value = parseOomScoreAdj(buffer, length);
  return value === NO_OOM_SCORE_ADJ ? { errno: EIO } : { value };
};

/** 0 or the errno; ESRCH when the process has gone. All that share its mm get the same (mm/oom_kill.c, 4.8). */
export const writeAdj = (fd: number, value: number): number => {
  try {
    writeSync(fd, `${value}\n`, 0);
    return 0;
  } catch (error) {
    return -errnoOf(error);
  }
};

export type PutBack = 'restored' | 'gone' | 'changed' | { readonly errno: number };

/** Puts `from` back where `to` still stands; a value that somebody else has set meanwhile is his. */
export const putBack = (fd: number, from: number, to: number): PutBack => {
  const found = readAdj(fd);
  if ('errno' in found) return found.errno === ESRCH ? 'gone' : found;
  // Put back already through one who shares its mm.
  if (found.value === from) return 'restored';
  if (found.value !== to) return 'changed';
  const errno = writeAdj(fd, from);
  if (errno === 0) return 'restored';
  return errno === ESRCH ? 'gone' : { errno };
};

/** For whoever has to put it right by hand. */
export const leftText = (
  { pid, from, to }: { readonly pid: number; readonly from: number; readonly to: number },
  why: string,
): string => `pid ${pid}: ${why}; its oom_score_adj may stay ${to}, it was ${from}`;
