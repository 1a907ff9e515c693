/**
 * /proc/sysvipc/shm (ipc/shm.c, sysvipc_shm_proc_show()), the segments of our IPC namespace:
 *
 *        key      shmid perms                  size  cpid  lpid nattch   uid   gid  cuid  cgid      atime      dtime      ctime                   rss                  swap
 *          0          1   600              67108864   211   211      0     0     0     0     0 1764079000 1764079000 1764079000              67108864                     0
 *
 * A segment outlives whoever made it; nattch 0 says that nobody uses it now.
 */
import type { Holder } from '../../core/holder.ts';

const FIELDS = 16;
const SHMID = 1;
const CREATOR = 4;
const ATTACHED = 6;
const UID = 7;
const RSS = 14;

export const parseSysvShm = (text: string): Holder[] => {
  const found: Holder[] = [];
  for (const line of text.split('\n')) {
    const fields = line.trim().split(/ +/);
    // A negative key is printed with its sign, everything else is a plain number. The head line is none.
    if (fields.length < FIELDS || !fields.every((field) => /^-?\d{1,20}$/.test(field))) continue;
    const [shmid, creator, attached, uid] = [fields[SHMID], fields[CREATOR], fields[ATTACHED], fields[UID]];
    const name = `shmid ${shmid} of uid ${uid}, made by pid ${creator}, ${attached} attached`;
    found.push({ kind: 'sysv_segment', name, sizeKiB: Math.round(Number(fields[RSS]) / 1024) });
  }
  return found;
};
