/** This process's own survival: what it asks of the kernel for itself. Every function tells what it got. */
import { readFileSync, writeFileSync } from 'node:fs';
import { ABSENT } from '../core/units.ts';
import { uintBetween, wordEnd } from './bytes.ts';
import { type FileMapping, parseSelfMaps } from './proc/self-maps.ts';
import { mlockOnFault, openReadOnly, preadAt0 } from './sys/libc.ts';
import { populate } from './sys/memory.ts';

export interface LockResult {
  lockedKiB: number;
  /** 0, or the errno of the first mapping that could not be locked (ENOMEM: RLIMIT_MEMLOCK; EPERM). */
  errno: number;
}

/**
 * Locks the file-backed mappings: node itself, libc, libstdc++, koffi. Under file-page thrash these pages are what
 * reclaim takes from us, and each costs a disk read to get back. MLOCK_ONFAULT keeps what is in and what comes in.
 * Never mlockall(2): V8 CHECKs madvise(MADV_DONTNEED), which fails on locked pages, and aborts.
 */
export const lockFileMappings = (procRoot: string): LockResult => {
  const mappings: FileMapping[] = [];
  parseSelfMaps(readFileSync(`${procRoot}/self/maps`, 'latin1'), mappings);
  let lockedKiB = 0;
  let errno = 0;
  for (const mapping of mappings) {
    const answer = mlockOnFault(mapping.start, mapping.end - mapping.start);
    if (answer === 0) lockedKiB += (mapping.end - mapping.start) / 1024;
    else if (errno === 0) errno = -answer;
  }
  return { lockedKiB, errno };
};

/** Private, anonymous, writable: V8's pages and malloc's heap, but also stacks and what threads of the pool allocate. */
const ANONYMOUS = /^([0-9a-f]+)-([0-9a-f]+) rw-p 00000000 00:00 0 *(\[heap\])?$/gm;
/** Size and alignment of V8's pages (src/common/globals.h of 11.3, kPageSizeBits). */
const V8_PAGE_BYTES = 2 ** 18;

/**
 * Takes the pages of V8's and malloc's heap that nobody has written to yet. A fresh page is an allocation by the kernel: in a
 * livelock of the guest the loop hung for 20 s where it wrote to one. Not those of stacks: 8 MiB each, never needed.
 */
export const populateHeap = (procRoot: string): void => {
  const maps = readFileSync(`${procRoot}/self/maps`, 'latin1');
  for (const [, from = '', to = '', heap] of maps.matchAll(ANONYMOUS)) {
    const start = Number.parseInt(from, 16);
    const length = Number.parseInt(to, 16) - start;
    const isV8 = start % V8_PAGE_BYTES === 0 && length === V8_PAGE_BYTES;
    // Before 5.14 it is refused: then the reserves of V8 and malloc are what there is.
    if (isV8 || heap !== undefined) populate(start, length);
  }
};

/** Writes oom_score_adj of this process; null when done, otherwise why not (EACCES without CAP_SYS_RESOURCE). */
export const setOwnOomScoreAdj = (procRoot: string, value: number): string | null => {
  try {
    writeFileSync(`${procRoot}/self/oom_score_adj`, String(value));
    return null;
  } catch (error) {
    return (error as Error).message;
  }
};

const PPID = /^PPid:\s+(\d+)$/m;

/** The pids of all parents of this process, up to pid 1. */
export const ancestorsOf = (procRoot: string, pid: number): Set<number> => {
  const found = new Set<number>();
  for (let at = pid; ; ) {
    let parent: number;
    try {
      parent = Number(PPID.exec(readFileSync(`${procRoot}/${at}/status`, 'latin1'))?.[1] ?? 0);
    } catch {
      // A parent that exits while we climb: its own parents are no longer ours.
      return found;
    }
    if (parent === 0 || found.has(parent)) return found;
    found.add(parent);
    at = parent;
  }
};

/** Resident pages of this process as the second field of statm, read through a kept descriptor; KiB or ABSENT. */
export const createOwnRss = (procRoot: string, pageKiB: number): (() => number) => {
  const fd = openReadOnly(`${procRoot}/self/statm`);
  const buffer = new Uint8Array(128);
  return () => {
    const length = fd < 0 ? fd : preadAt0(fd, buffer, buffer.length);
    if (length < 0) return ABSENT;
    const from = wordEnd(buffer, 0, length) + 1;
    const pages = uintBetween(buffer, from, wordEnd(buffer, from, length));
    return pages === ABSENT ? ABSENT : pages * pageKiB;
  };
};
