/**
 * Calls on files that belong to others or are kept from others: a journal that one process may have open, oom_score_adj of
 * another user's process, a file system that is to be thawed, a watchdog device. By the rules of libc.ts: a result or -errno, no exception.
 */
import koffi from 'koffi';

const libc = koffi.load(null);

const SYS_SETFSUID = process.arch === 'x64' ? 122 : 151;

const c = {
  flock: libc.func('flock', 'int', ['int', 'int']),
  setfsuid: libc.func('syscall', 'long', ['long', 'uint']),
  ioctl: libc.func('ioctl', 'int', ['int', 'ulong', 'ulong']),
  ioctlWord: libc.func('ioctl', 'int', ['int', 'ulong', 'void *']),
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

// include/uapi/linux/watchdog.h: _IOR('W', 4, int), _IOWR('W', 6, int), _IOR('W', 7, int).
const WDIOC_SETOPTIONS = 0x80045704;
const WDIOC_SETTIMEOUT = 0xc0045706;
const WDIOC_GETTIMEOUT = 0x80045707;
const WDIOS_DISABLECARD = 1;

const word = new Int32Array(1);

const ioctlWord = (fd: number, request: number, value: number): number => {
  word[0] = value;
  const answer = result(c.ioctlWord(fd, request, word));
  return answer < 0 ? answer : (word[0] as number);
};

/** ioctl(2) WDIOC_SETTIMEOUT: the seconds that were granted, or -errno (EINVAL out of range, EOPNOTSUPP it has but one). */
export const setWatchdogTimeout = (fd: number, seconds: number): number => ioctlWord(fd, WDIOC_SETTIMEOUT, seconds);

/** ioctl(2) WDIOC_GETTIMEOUT: seconds, or -errno (ENOTTY: it is no watchdog, EOPNOTSUPP: it does not know). */
export const watchdogTimeout = (fd: number): number => ioctlWord(fd, WDIOC_GETTIMEOUT, 0);

/** ioctl(2) WDIOC_SETOPTIONS WDIOS_DISABLECARD: 0, or -errno (EBUSY: "nowayout", it cannot be stopped by anybody). */
export const stopWatchdog = (fd: number): number => Math.min(0, ioctlWord(fd, WDIOC_SETOPTIONS, WDIOS_DISABLECARD));
