/**
 * One system file that is read again and again through a kept descriptor. Reading never opens: a descriptor that fails
 * is replaced by `reopen`, which its owner calls in calm times only, because open(2) allocates and under memory
 * pressure falls into direct reclaim.
 */
import { EAGAIN, EINTR, errnoName } from './sys/errno.ts';

/** The descriptor functions of sys/libc.ts: a result or -errno, never an exception. */
export interface DescriptorIo {
  openReadOnly(path: string): number;
  /** pread(2) of the file's beginning to the buffer's beginning. */
  preadAt0(fd: number, buf: Uint8Array, length: number): number;
  /** pread(2) from `offset` of the file to the buffer's beginning. */
  preadAt(fd: number, buf: Uint8Array, length: number, offset: number): number;
  close(fd: number): number;
}

/** What control tells people about a source. */
export interface SourceState {
  readonly name: string;
  readonly path: string;
  isUp: boolean;
  /** Its text has been read and made sense at least once. */
  hasBeenUp: boolean;
  /** Why it is down: the errno of the last call, or 0 when its text made no sense. */
  errno: number;
  detail: string;
  /** Set when `isUp` changes (or is false from the start); whoever tells it sets it back. */
  isNews: boolean;
}

export interface Source extends SourceState {
  fd: number;
  /** true: seq_file with many records, of which one read(2) gives about a page; read to the end. false: one record. */
  readonly isChunked: boolean;
  /** When reopen may try again, and how long to wait after that. */
  retryAtMs: number;
  backoffMs: number;
}

const RETRY_MS = 1000;
/** What a kernel was built without does not come back: a retry a minute is for a fake or a repaired mount. */
const RETRY_LIMIT_MS = 60_000;
const EBADF = 9;
const EOPNOTSUPP = 95;
/** Reported for a text that does not fit the buffer. */
export const EMSGSIZE = 90;

export const createSource = (name: string, path: string, isChunked: boolean): Source => ({
  name,
  path,
  isUp: true,
  hasBeenUp: false,
  errno: 0,
  detail: '',
  isNews: false,
  fd: -1,
  isChunked,
  retryAtMs: 0,
  backoffMs: RETRY_MS,
});

export const setUp = (source: Source): void => {
  source.hasBeenUp = true;
  if (source.isUp) return;
  source.isUp = true;
  source.isNews = true;
  source.errno = 0;
  source.detail = `${source.path} is readable again`;
  source.backoffMs = RETRY_MS;
};

/** `detail` is only looked at when this is news, so that a lasting fault costs nothing a tick. */
export const setDown = (source: Source, errno: number, detail: () => string): void => {
  if (!source.isUp && source.errno === errno) return;
  source.isUp = false;
  source.isNews = true;
  source.errno = errno;
  source.detail = detail();
};

const HINTS: Readonly<Record<number, string>> = {
  2: 'this kernel does not offer it',
  13: 'permission denied: run as root',
  [EMSGSIZE]: 'longer than the buffer',
  [EOPNOTSUPP]: 'switched off in this kernel',
};

const fail = (source: Source, errno: number): number => {
  setDown(source, errno, () => {
    const hint = HINTS[errno];
    return `${source.path}: ${errnoName(errno)}${hint === undefined ? '' : ` (${hint})`}`;
  });
  return -errno;
};

/** Reads the whole file to the front of `buf`. Its length, or -errno, which the source's state then shows. */
export const readSource = (io: DescriptorIo, source: Source, buf: Uint8Array): number => {
  if (source.fd < 0) return -(source.errno || EBADF);
  let length = io.preadAt0(source.fd, buf, buf.length);
  if (length === -EINTR || length === -EAGAIN) length = io.preadAt0(source.fd, buf, buf.length);
  if (length < 0) return fail(source, -length);
  while (source.isChunked && length > 0 && length < buf.length) {
    const more = io.preadAt(source.fd, buf.subarray(length), buf.length - length, length);
    if (more < 0) return fail(source, -more);
    if (more === 0) return length;
    length += more;
  }
  return length < buf.length ? length : fail(source, EMSGSIZE);
};

/** Opens or replaces the descriptor of a source that is down, at most once a second and then ever less often. */
export const reopen = (io: DescriptorIo, source: Source, nowMs: number): void => {
  // A text that makes no sense (errno 0) is the kernel's, not the descriptor's fault.
  const isDue = source.fd < 0 || (!source.isUp && source.errno !== 0);
  if (!isDue || nowMs < source.retryAtMs) return;
  source.retryAtMs = nowMs + source.backoffMs;
  source.backoffMs = Math.min(source.backoffMs * 2, RETRY_LIMIT_MS);
  const fd = io.openReadOnly(source.path);
  if (fd < 0) {
    fail(source, -fd);
    return;
  }
  // After EBADF the number may already be somebody else's.
  if (source.fd >= 0 && source.errno !== EBADF) io.close(source.fd);
  source.fd = fd;
};

export const closeSource = (io: DescriptorIo, source: Source): void => {
  if (source.fd >= 0) io.close(source.fd);
  source.fd = -1;
};
