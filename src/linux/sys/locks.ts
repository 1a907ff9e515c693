/**
 * Calls on files that belong to others or are kept from others: a journal that one process may have open, oom_score_adj of
 * another user's process, a file system that is to be thawed. By the rules of libc.ts: a result or -errno, no exception.
 */
import koffi from 'koffi';

const libc = koffi.load(null);

const SYS_SETFSUID = process.arch === 'x64' ? 122 : 151;

const c = {
  flock: libc.func('flock', 'int', ['int', 'int']),
  setfsuid: libc.func('syscall', 'long', ['long', 'uint']),
  ioctl: libc.func('ioctl', 'int', ['int', 'ulong', 'ulong']),
};

const EIO = 5;
const LOCK_EX_NB = 6;
/** _IOWR('X', 120, int) of include/uapi/linux/fs.h. */
const FITHAW = 0xc0045878;

const result = (value: number): number => (value < 0 ? -koffi.errno() : value);

/** flock(2) LOCK_EX | LOCK_NB: 0 or -errno, EWOULDBLOCK while another holds it. */
export const flockExclusive = (fd: number): number => result(c.flock(fd, LOCK_EX_NB));

/** setfsuid(2), of this thread alone: the uid before, also when it was refused. */
export const setFsUid = (uid: number): number => c.setfsuid(SYS_SETFSUID, uid);

/** ioctl(2) FITHAW on a thread of the pool; `done` gets 0 or -errno (EINVAL: nothing is frozen). */
export const thawAsync = (fd: number, done: (answer: number) => void): void => {
  c.ioctl.async(fd, FITHAW, 0, (error: Error | null, value: number) => done(error === null ? result(value) : -EIO));
};
