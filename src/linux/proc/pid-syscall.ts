/**
 * /proc/PID/task/TID/syscall (fs/proc/base.c, proc_pid_syscall): the call that a sleeping thread is in, its six arguments,
 * stack pointer and program counter:
 *
 *     1 0x3 0x7ffd0a8e6a40 0x1000 0x0 0x0 0x0 0x7ffd0a8e69f8 0x7f2b1c10a5f7
 *
 * "running" for one on a CPU, "-1 SP PC" outside of a call. Takes exec_update_lock: may hang, so never from the loop.
 */

/** unistd.h of x86-64, and the generic one of all newer architectures (include/uapi/asm-generic/unistd.h). */
const X64 = process.arch === 'x64';
const FIRST = X64
  ? { read: 0, write: 1, pread64: 17, pwrite64: 18, readv: 19, writev: 20, ftruncate: 77, fallocate: 285 }
  : { read: 63, write: 64, pread64: 67, pwrite64: 68, readv: 65, writev: 66, ftruncate: 46, fallocate: 47 };
const FIRST_NEW = X64
  ? { preadv: 295, pwritev: 296, preadv2: 327, pwritev2: 328 }
  : { preadv: 69, pwritev: 70, preadv2: 286, pwritev2: 287 };
const MMAP = X64 ? 9 : 222;
const MMAP_FD = 4;

const BY_FIRST: ReadonlySet<number> = new Set([...Object.values(FIRST), ...Object.values(FIRST_NEW)]);

/** The descriptor that the call works on, where it is a call of data on one descriptor; null else. */
export const descriptorOfCall = (text: string): number | null => {
  const [number, ...args] = text.trim().split(' ');
  if (args.length !== 8 || !/^\d+$/.test(number ?? '')) return null;
  const call = Number(number);
  const arg = BY_FIRST.has(call) ? args[0] : call === MMAP ? args[MMAP_FD] : undefined;
  // A descriptor is an int: the upper half of the register is not defined.
  const fd = arg === undefined || !/^0x[0-9a-f]{1,16}$/.test(arg) ? null : Number(BigInt(arg) & 0xffffffffn);
  return fd === null || fd > 0x7fffffff ? null : fd;
};

/** mnt_id of /proc/PID/fdinfo/FD (fs/proc/fd.c, seq_show), null when it is not there. */
export const mountIdOf = (fdinfo: string): number | null => {
  const id = /^mnt_id:\s*(\d+)$/m.exec(fdinfo)?.[1];
  return id === undefined ? null : Number(id);
};
