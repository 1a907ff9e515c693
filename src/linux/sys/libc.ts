/**
 * The only import of koffi: libc functions and raw system calls that Node lacks. Every function returns the kernel's
 * result, or -errno; none throws. Pointers are typed arrays, passed without a copy (they are pinned for the call).
 */
import koffi from 'koffi';

// The running process has libc mapped already: no file name to guess between glibc and musl.
const libc = koffi.load(null);

// System call numbers: the generic ones are the same on every 64-bit architecture (include/uapi/asm-generic/unistd.h).
const SYS_PIDFD_SEND_SIGNAL = 424;
const SYS_PIDFD_OPEN = 434;
const SYS_PROCESS_MRELEASE = 448;
const SYS_MLOCK2 = process.arch === 'x64' ? 325 : 284;
const SYS_STATX = process.arch === 'x64' ? 332 : 291;
const SYS_GETDENTS64 = process.arch === 'x64' ? 217 : 61;

const O_CLOEXEC = 0o2000000;
const O_NONBLOCK = 0o4000;
const O_DIRECTORY = process.arch === 'x64' ? 0o200000 : 0o40000;
const O_RDWR = 0o2;
const F_SETPIPE_SZ = 1031;

const c = {
  open: libc.func('open', 'int', ['str', 'int', 'int']),
  close: libc.func('close', 'int', ['int']),
  pread: libc.func('pread', 'long', ['int', 'void *', 'size_t', 'long']),
  write: libc.func('write', 'long', ['int', 'void *', 'size_t']),
  lseek: libc.func('lseek', 'long', ['int', 'long', 'int']),
  poll: libc.func('poll', 'int', ['void *', 'ulong', 'int']),
  pipe2: libc.func('pipe2', 'int', ['void *', 'int']),
  fcntl: libc.func('fcntl', 'int', ['int', 'int', 'long']),
  eventfd: libc.func('eventfd', 'int', ['uint', 'int']),
  clockGettime: libc.func('clock_gettime', 'int', ['int', 'void *']),
  getrusage: libc.func('getrusage', 'int', ['int', 'void *']),
  exit: libc.func('_exit', 'void', ['int']),
  pidfdOpen: libc.func('syscall', 'long', ['long', 'int', 'uint']),
  pidfdSendSignal: libc.func('syscall', 'long', ['long', 'int', 'int', 'void *', 'uint']),
  processMrelease: libc.func('syscall', 'long', ['long', 'int', 'uint']),
  mlock2: libc.func('syscall', 'long', ['long', 'ulong', 'ulong', 'int']),
  statx: libc.func('syscall', 'long', ['long', 'int', 'str', 'int', 'uint', 'void *']),
  getdents64: libc.func('syscall', 'long', ['long', 'int', 'void *', 'ulong']),
};

const EIO = 5;
/** Runs on the main thread with what the call returned, or -errno; koffi carries the errno over with the result. */
type Done = (answer: number) => void;

/** koffi keeps a stale errno after success, so it is looked at only when the result says that the call failed. */
const result = (value: number): number => (value < 0 ? -koffi.errno() : value);

/** open(2) read-only and close-on-exec. */
export const openReadOnly = (path: string): number => result(c.open(path, O_CLOEXEC, 0));

/** open(2) of a directory for getdents64. */
export const openDirectory = (path: string): number => result(c.open(path, O_CLOEXEC | O_DIRECTORY, 0));

/** open(2) for writing without blocking: PSI triggers and /dev/kmsg. */
export const openReadWrite = (path: string): number => result(c.open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK, 0));

/** Write-only: /dev/kmsg, which is read through another descriptor. */
export const openWriteOnly = (path: string): number => result(c.open(path, 1 | O_CLOEXEC | O_NONBLOCK, 0));

export const close = (fd: number): number => result(c.close(fd));

/** pread(2) at offset 0: the way to read a kept descriptor of /proc again. Bytes read, or -errno. */
export const preadAt0 = (fd: number, buffer: Uint8Array, length: number): number =>
  result(c.pread(fd, buffer, length, 0));

/** pread(2) from `offset` of the file to the beginning of the buffer: files that come a page at a time. */
export const preadAt = (fd: number, buffer: Uint8Array, length: number, offset: number): number =>
  result(c.pread(fd, buffer, length, offset));

export const write = (fd: number, bytes: Uint8Array, length: number): number => result(c.write(fd, bytes, length));

/** write(2) on a thread of the pool, which it holds for as long as it lasts. `bytes` stay as they are until it ends. */
export const writeAsync = (fd: number, bytes: Uint8Array, length: number, done: Done): void =>
  c.write.async(fd, bytes, length, (error: Error | null, value: number) => done(error === null ? result(value) : -EIO));

/** Fills `buffer` with linux_dirent64 records from the descriptor's position; 0 at the end. */
export const getdents64 = (fd: number, buffer: Uint8Array): number =>
  result(c.getdents64(SYS_GETDENTS64, fd, buffer, buffer.length));

const AT_FDCWD = -100;
/** Attributes as they are cached: a FUSE or NFS server that does not answer cannot hold us up (statx(2)). */
const AT_STATX_DONT_SYNC = 0x4000;
const STATX_BASIC_STATS = 0x7ff;

/** Fills `buffer` (256 bytes) with struct statx of the file that a path leads to. */
export const statxCached = (path: string, buffer: Uint8Array): number =>
  result(c.statx(SYS_STATX, AT_FDCWD, path, AT_STATX_DONT_SYNC, STATX_BASIC_STATS, buffer));

/** lseek(2) to 0, so that a kept directory is listed anew. */
export const rewind = (fd: number): number => result(c.lseek(fd, 0, 0));

/** pidfd_open(2), Linux 5.3. The descriptor is close-on-exec by definition. */
export const pidfdOpen = (pid: number): number => result(c.pidfdOpen(SYS_PIDFD_OPEN, pid, 0));

/** pidfd_send_signal(2), Linux 5.1; signal 0 only checks. */
export const pidfdSendSignal = (pidfd: number, signal: number): number =>
  result(c.pidfdSendSignal(SYS_PIDFD_SEND_SIGNAL, pidfd, signal, null, 0));

/** process_mrelease(2), Linux 5.15. May sleep on mmap_lock (kernel-facts 3.3): never called from the loop. */
export const processMrelease = (pidfd: number): number => result(c.processMrelease(SYS_PROCESS_MRELEASE, pidfd, 0));

const MLOCK_ONFAULT = 1;

/** mlock2(2) with MLOCK_ONFAULT: pages that are in, and those that come in, stay. */
export const mlockOnFault = (address: number, length: number): number =>
  result(c.mlock2(SYS_MLOCK2, address, length, MLOCK_ONFAULT));

const POLLFD_BYTES = 8;
const pollOne = new Int32Array(POLLFD_BYTES / 4);
const POLLIN = 0x1;

/** revents of a struct pollfd, by its second word. */
const reventsOf = (word: number | undefined): number => ((word as number) >> 16) & 0xffff;

/**
 * Whether one descriptor is readable now; for a pidfd: whether all threads have exited (pidfd_open(2)). One that is not
 * open is not: poll(2) says POLLNVAL.
 */
export const isReadable = (fd: number): boolean => {
  pollOne[0] = fd;
  pollOne[1] = POLLIN;
  return c.poll(pollOne, 1, 0) > 0 && (reventsOf(pollOne[1]) & POLLIN) !== 0;
};

const POLLPRI = 0x2;
const POLLERR = 0x8;
/** poll(2) is never restarted after a signal handler, and any thread may be the one that gets the signal. */
const INTERRUPTIONS_MAX = 1000;

export type PollVerdict = 'event' | 'woken' | 'failed';

/**
 * poll(2) without a time limit on a thread of the pool: `fd` for POLLPRI (a PSI trigger), `wakeFd` for POLLIN so that
 * shutdown can end it. `done` runs on the main thread. Without POLLPRI it is no event: POLLNVAL and POLLHUP would be
 * reported again at once, for ever.
 */
export const pollPriority = (fd: number, wakeFd: number, done: (verdict: PollVerdict) => void): void => {
  const fds = new Int32Array((POLLFD_BYTES / 4) * 2);
  fds.set([fd, POLLPRI, wakeFd, POLLIN]);
  let interruptions = 0;
  const wait = (): void =>
    c.poll.async(fds, 2, -1, (error: Error | null, ready: number) => {
      if (error === null && ready < 0 && interruptions++ < INTERRUPTIONS_MAX) {
        wait();
        return;
      }
      const events = reventsOf(fds[1]);
      if ((reventsOf(fds[3]) & POLLIN) !== 0) done('woken');
      else if (error !== null || ready < 0 || (events & POLLERR) !== 0 || (events & POLLPRI) === 0) done('failed');
      else done('event');
    });
  wait();
};

/** eventfd(2), close-on-exec: wakes pollPriority. */
export const eventFd = (): number => result(c.eventfd(0, O_CLOEXEC));

/** pipe2(2) without blocking on either end; `ends` receives read and write descriptor. */
export const pipeNonBlocking = (ends: Int32Array): number => result(c.pipe2(ends, O_CLOEXEC | O_NONBLOCK));

/** fcntl(2) F_SETPIPE_SZ; the size got, or -errno (EPERM above /proc/sys/fs/pipe-max-size). */
export const setPipeSize = (fd: number, bytes: number): number => result(c.fcntl(fd, F_SETPIPE_SZ, bytes));

const CLOCK_MONOTONIC = 1;
const timespec = new Uint32Array(4);
const SECONDS_WORD = 0;
const NANOSECONDS_WORD = 2;
let firstSecond = -1;

/**
 * CLOCK_MONOTONIC in whole milliseconds since the first call's second (clock_gettime(2), no system call by the vDSO).
 * Unlike performance.now() it makes no heap number.
 */
export const monotonicMs = (): number => {
  c.clockGettime(CLOCK_MONOTONIC, timespec);
  const seconds = timespec[SECONDS_WORD] as number;
  if (firstSecond < 0) firstSecond = seconds;
  return (seconds - firstSecond) * 1000 + Math.floor((timespec[NANOSECONDS_WORD] as number) / 1_000_000);
};

// struct rusage: two timevals (32 bytes), then 14 longs; ru_maxrss is the first, ru_majflt the sixth.
// Read as 32-bit words: a BigInt would allocate on every tick, and 4 billion faults is for ever.
const rusage = new Uint32Array(36);
const RU_MAJFLT_WORD = 18;

/** Major faults of this process since its start (getrusage(2), RUSAGE_SELF), or ABSENT. */
export const ownMajorFaults = (): number => (c.getrusage(0, rusage) < 0 ? -1 : (rusage[RU_MAJFLT_WORD] as number));

/** _exit(2): at once, without joining threads that may hang in the kernel. Output must have been written before. */
export const exitNow = (code: number): void => void c.exit(code);

/**
 * process_mrelease(2) on a thread of the pool, which it holds for as long as a thread of the target holds mmap_lock for
 * write (kernel-facts 3.3). `done` runs on the main thread with 0 or -errno; koffi carries the errno over with the result.
 */
export const processMreleaseAsync = (pidfd: number, done: Done): void => {
  c.processMrelease.async(SYS_PROCESS_MRELEASE, pidfd, 0, (error: Error | null, value: number) =>
    done(error === null ? result(value) : -EIO),
  );
};

const F_DUPFD_CLOEXEC = 1030;

/** fcntl(2) F_DUPFD_CLOEXEC: a descriptor of one's own of what somebody else may close. */
export const duplicate = (fd: number): number => result(c.fcntl(fd, F_DUPFD_CLOEXEC, 0));

const SYS_KCMP = process.arch === 'x64' ? 312 : 272;
const KCMP_VM = 1;
const kcmpCall = libc.func('syscall', 'long', ['long', 'int', 'int', 'int', 'ulong', 'ulong']);

/**
 * kcmp(2) KCMP_VM: whether two tasks have one mm. 0 is yes, 1 and 2 are the order of the two, -errno: EPERM without
 * CAP_SYS_PTRACE, ESRCH, ENOSYS without CONFIG_KCMP. May sleep on exec_update_lock (kernel-facts 3.4): for processes of
 * one's own only.
 */
export const kcmpVm = (pidA: number, pidB: number): number => result(kcmpCall(SYS_KCMP, pidA, pidB, KCMP_VM, 0, 0));

/** kcmpVm on a thread of the pool, which it holds for as long as it sleeps. `done` runs on the main thread. */
export const kcmpVmAsync = (pidA: number, pidB: number, done: Done): void => {
  kcmpCall.async(SYS_KCMP, pidA, pidB, KCMP_VM, 0, 0, (error: Error | null, value: number) =>
    done(error === null ? result(value) : -EIO),
  );
};

const readCall = libc.func('read', 'long', ['int', 'void *', 'size_t']);
const SEEK_END = 2;

/** open(2) read-only without blocking: /dev/kmsg and trace_pipe, whose reads would wait for news. */
export const openReadNonBlocking = (path: string): number => result(c.open(path, O_CLOEXEC | O_NONBLOCK, 0));

/** read(2) at the descriptor's position. Bytes read, or -errno. */
export const readNext = (fd: number, buffer: Uint8Array): number => result(readCall(fd, buffer, buffer.length));

/** lseek(2) to the end: what /dev/kmsg has had so far is skipped. */
export const seekEnd = (fd: number): number => result(c.lseek(fd, 0, SEEK_END));
