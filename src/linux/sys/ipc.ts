/**
 * Between processes: a shared page, descriptors that are handed over, and a wait without the event loop for two of ours; a
 * datagram for the service manager. With libc.ts the only import of koffi, by the same rules: a result or -errno, never an exception.
 */
import koffi from 'koffi';

const libc = koffi.load(null);

const c = {
  memfdCreate: libc.func('memfd_create', 'int', ['str', 'uint']),
  ftruncate: libc.func('ftruncate', 'int', ['int', 'long']),
  mmap: libc.func('mmap', 'void *', ['void *', 'size_t', 'int', 'int', 'int', 'long']),
  mlock: libc.func('mlock', 'int', ['void *', 'size_t']),
  socketpair: libc.func('socketpair', 'int', ['int', 'int', 'int', 'void *']),
  socket: libc.func('socket', 'int', ['int', 'int', 'int']),
  sendto: libc.func('sendto', 'long', ['int', 'void *', 'size_t', 'int', 'void *', 'uint']),
  sendmsg: libc.func('sendmsg', 'long', ['int', 'void *', 'int']),
  recvmsg: libc.func('recvmsg', 'long', ['int', 'void *', 'int']),
  poll: libc.func('poll', 'int', ['void *', 'ulong', 'int']),
  timerfdCreate: libc.func('timerfd_create', 'int', ['int', 'int']),
  timerfdSettime: libc.func('timerfd_settime', 'int', ['int', 'int', 'void *', 'void *']),
  timerfdGettime: libc.func('timerfd_gettime', 'int', ['int', 'void *']),
  clockGettime: libc.func('clock_gettime', 'int', ['int', 'void *']),
};

const result = (value: number): number => (value < 0 ? -koffi.errno() : value);

/** The smallest page of the architectures that we run on. */
export const PAGE_BYTES = 4096;
const MFD_CLOEXEC = 1;

/** memfd_create(2), Linux 3.17: one page of memory behind a descriptor. */
export const createSharedPage = (name: string): number => {
  const fd = result(c.memfdCreate(name, MFD_CLOEXEC));
  if (fd < 0) return fd;
  const sized = result(c.ftruncate(fd, PAGE_BYTES));
  return sized < 0 ? sized : fd;
};

const PROT_READ_WRITE = 3;
const MAP_SHARED = 1;
const MAP_FAILED = 0xffff_ffff_ffff_ffffn;

/** mmap(2) of that page, for as long as the process lives; locked, so that reading it never waits for swap. */
export const mapSharedPage = (fd: number): Int32Array | number => {
  const address: unknown = c.mmap(null, PAGE_BYTES, PROT_READ_WRITE, MAP_SHARED, fd, 0);
  if (address === null || BigInt.asUintN(64, BigInt(address as bigint)) === MAP_FAILED) return -koffi.errno();
  // Refused without CAP_IPC_LOCK or a limit: it works all the same, and the code's own lock tells of it.
  c.mlock(address, PAGE_BYTES);
  return new Int32Array(koffi.view(address, PAGE_BYTES));
};

const AF_UNIX = 1;
const SOCK_SEQPACKET = 5;
const SOCK_CLOEXEC = 0o2000000;
const SOCK_NONBLOCK = 0o4000;

/** socketpair(2) of packets, without blocking: a message comes whole or not at all, and a closed end is seen at once. */
export const packetPair = (ends: Int32Array): number =>
  result(c.socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends));

const SOCK_DGRAM = 2;

/** A datagram socket of AF_UNIX, which Node cannot make. */
export const unixDatagramSocket = (): number => result(c.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));

/** sendto(2) of the first `length` bytes to a sockaddr_un. */
export const sendTo = (fd: number, bytes: Uint8Array, length: number, address: Uint8Array): number =>
  result(c.sendto(fd, bytes, length, 0, address, address.length));

const EIO = 5;

/** sendTo on a thread of the pool. `done` runs on the main thread; what is passed stays as it is until then. */
export const sendToAsync = (
  fd: number,
  bytes: Uint8Array,
  length: number,
  address: Uint8Array,
  done: (answer: number) => void,
): void =>
  c.sendto.async(fd, bytes, length, 0, address, address.length, (error: Error | null, value: number) =>
    done(error === null ? result(value) : -EIO),
  );

// struct msghdr and struct iovec of a 64-bit Linux (include/linux/socket.h), in 64-bit words.
const MSG_IOV = 2;
const MSG_IOVLEN = 3;
const MSG_CONTROL = 4;
const MSG_CONTROLLEN = 5;
const MSGHDR_WORDS = 7;
const CMSG_HEADER_BYTES = 16;
const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
const MSG_NOSIGNAL = 0x4000;
const MSG_CMSG_CLOEXEC = 0x4000_0000;

interface Message {
  readonly iov: BigUint64Array;
  readonly header: BigUint64Array;
  readonly control: Int32Array;
}

const messageOf = (data: Int32Array, descriptorsMax: number): Message => {
  const control = new Int32Array((CMSG_HEADER_BYTES + descriptorsMax * 4 + 4) >> 2);
  const iov = new BigUint64Array([koffi.address(data), BigInt(data.byteLength)]);
  const header = new BigUint64Array(MSGHDR_WORDS);
  header[MSG_IOV] = koffi.address(iov);
  header[MSG_IOVLEN] = 1n;
  header[MSG_CONTROL] = koffi.address(control);
  return { iov, header, control };
};

/**
 * sendmsg(2) of `words` words of `data` with the first `count` of `descriptors` (SCM_RIGHTS, unix(7)). What is handed over
 * is the open file itself: no number is looked up a second time.
 */
export const sendDescriptors = (
  fd: number,
  data: Int32Array,
  words: number,
  descriptors: Int32Array,
  count: number,
): number => {
  const { iov, header, control } = messageOf(data, count);
  iov[1] = BigInt(words * 4);
  const bytes = CMSG_HEADER_BYTES + count * 4;
  control.set([bytes, 0, SOL_SOCKET, SCM_RIGHTS]);
  control.set(descriptors.subarray(0, count), CMSG_HEADER_BYTES / 4);
  header[MSG_CONTROLLEN] = BigInt(count === 0 ? 0 : bytes);
  return result(c.sendmsg(fd, header, MSG_NOSIGNAL));
};

export interface Received {
  /** Bytes of the message, 0 when the other end is closed, or -errno. */
  readonly length: number;
  /** Descriptors that came along, close-on-exec. */
  readonly count: number;
}

/** recvmsg(2) into `data` and `descriptors`. */
export const receiveDescriptors = (fd: number, data: Int32Array, descriptors: Int32Array): Received => {
  const { header, control } = messageOf(data, descriptors.length);
  header[MSG_CONTROLLEN] = BigInt(control.byteLength);
  const length = result(c.recvmsg(fd, header, MSG_CMSG_CLOEXEC));
  const hasControl = length > 0 && (header[MSG_CONTROLLEN] as bigint) > 0n && control[3] === SCM_RIGHTS;
  const count = hasControl ? ((control[0] as number) - CMSG_HEADER_BYTES) >> 2 : 0;
  descriptors.set(control.subarray(CMSG_HEADER_BYTES / 4, CMSG_HEADER_BYTES / 4 + count));
  return { length, count };
};

/** Two struct pollfd: descriptor, and both masks in one word. */
const polled = new Int32Array(4);
const POLLIN = 0x1;
const POLLHUP = 0x10;

/**
 * poll(2) of `fd` on this very thread, for at most `ms` (-1: for ever), or until the timer `timer` (-1: none) goes off, which is
 * a timeout too. 'closed' when the other end is.
 */
export const waitFor = (fd: number, ms: number, timer: number): 'readable' | 'closed' | 'timeout' => {
  polled[0] = fd;
  polled[1] = polled[3] = POLLIN;
  // A negative descriptor is not looked at.
  polled[2] = timer;
  if (c.poll(polled, 2, ms) <= 0) return 'timeout';
  const revents = (polled[1] as number) >> 16;
  if (revents === 0) return 'timeout';
  // What was sent before the end is read first.
  if ((revents & POLLIN) !== 0 && (revents & POLLHUP) === 0) return 'readable';
  return 'closed';
};

const CLOCK_MONOTONIC = 1;
const timespec = new Uint32Array(4);

/**
 * CLOCK_MONOTONIC in milliseconds, its low 32 bits as a signed integer: the same in every process, and no heap number. Ages
 * are differences, right across the wrap after 49 days.
 */
export const uptimeMs = (): number => {
  c.clockGettime(CLOCK_MONOTONIC, timespec);
  return (Math.imul(timespec[0] as number, 1000) + Math.floor((timespec[2] as number) / 1_000_000)) | 0;
};

const TFD_CLOEXEC = 0o2000000;
/** struct itimerspec of a 64-bit Linux: interval, then value, both as timespec; the low words hold all that we need. */
const itimerspec = new Uint32Array(8);

/** timerfd_create(2), Linux 2.6.25: a timer that also goes off while whoever has set it is stopped. */
export const createTimer = (): number => result(c.timerfdCreate(CLOCK_MONOTONIC, TFD_CLOEXEC));

/** timerfd_settime(2): once, `ms` from now, a whole number above 0; what was set before is forgotten. It allocates nothing. */
export const setTimer = (fd: number, ms: number): number => {
  const seconds = Math.floor(ms / 1000);
  itimerspec[4] = seconds;
  itimerspec[6] = (ms - seconds * 1000) * 1_000_000;
  return result(c.timerfdSettime(fd, 0, itimerspec, null));
};

const left = new Uint32Array(8);

/** timerfd_gettime(2): it has been set and has not gone off. */
export const isTimerSet = (fd: number): boolean =>
  c.timerfdGettime(fd, left) === 0 && ((left[4] as number) !== 0 || (left[6] as number) !== 0);
