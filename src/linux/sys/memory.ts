/** Memory of this process that is there before it is needed. By the rules of libc.ts: a result or -errno, no exception. */
import koffi from 'koffi';

const libc = koffi.load(null);

const c = {
  malloc: libc.func('malloc', 'void *', ['size_t']),
  free: libc.func('free', 'void', ['void *']),
  memset: libc.func('memset', 'void *', ['void *', 'int', 'size_t']),
  madvise: libc.func('madvise', 'int', ['ulong', 'size_t', 'int']),
};

const result = (value: number): number => (value < 0 ? -koffi.errno() : value);

/** include/uapi/asm-generic/mman-common.h. */
const MADV_POPULATE_WRITE = 23;

/** madvise(2) MADV_POPULATE_WRITE, Linux 5.14: as if each page were written to. EINVAL before. */
export const populate = (address: number, length: number): number =>
  result(c.madvise(address, length, MADV_POPULATE_WRITE));

const M_TRIM_THRESHOLD = -1;
const M_MMAP_THRESHOLD = -3;
/** More than anything that control allocates outside of V8's heap. */
const THRESHOLD_BYTES = 2 ** 26;

/** mallopt(3) of glibc; musl has none, and keeps what it likes. */
const mallopt = (parameter: number, value: number): void => {
  try {
    libc.func('mallopt', 'int', ['int', 'int'])(parameter, value);
  } catch {
    // Not in this libc: the reserve below is given back, and no worse than before.
  }
};

/** Has malloc(3) keep `bytes` for what comes, and give back nothing from now on. */
export const reserveMalloc = (bytes: number): void => {
  mallopt(M_TRIM_THRESHOLD, THRESHOLD_BYTES);
  // Below it, what is freed stays in the heap; above, it is unmapped.
  mallopt(M_MMAP_THRESHOLD, THRESHOLD_BYTES / 2);
  const reserve: unknown = c.malloc(bytes);
  // Within a limit on the address space: it has what it has.
  if (reserve === null) return;
  c.memset(reserve, 0, bytes);
  c.free(reserve);
};
