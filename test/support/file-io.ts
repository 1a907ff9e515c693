/**
 * The descriptor functions of linux/sys/libc.ts over node:fs, for a fake /proc made of plain files: every call can be
 * counted or made to fail, and a descriptor under /proc/PID answers ESRCH once that file is gone, as the kernel does.
 */
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import type { DescriptorIo } from '../../src/linux/source.ts';

const ESRCH = 3;
const EBADF = 9;

export interface FileIo extends DescriptorIo {
  readonly calls: { open: number; pread: number; close: number };
  /** errno that reading (or opening) a path that ends so answers from now on. */
  readonly failRead: Map<string, number>;
  readonly failOpen: Map<string, number>;
  /** At most so many bytes a read, whatever the file has: a seq_file's page. */
  chunkBytes: number;
  /** The longest read that was asked for, by path. */
  readonly asked: Map<string, number>;
  readonly openPaths: () => string[];
}

const errnoOf = (error: unknown): number => -Math.abs((error as { errno?: number }).errno ?? 5);

export const createFileIo = (): FileIo => {
  const paths = new Map<number, string>();
  const failRead = new Map<string, number>();
  const failOpen = new Map<string, number>();

  const failureOf = (table: Map<string, number>, path: string): number => {
    for (const [ending, errno] of table) if (path.endsWith(ending)) return -errno;
    return 0;
  };

  const isGone = (fd: number, path: string): boolean => {
    if (!/\/\d+\//.test(path)) return false;
    const now = statSync(path, { throwIfNoEntry: false });
    return now === undefined || now.ino !== fstatSync(fd).ino;
  };

  const io: FileIo = {
    calls: { open: 0, pread: 0, close: 0 },
    failRead,
    failOpen,
    chunkBytes: Number.POSITIVE_INFINITY,
    asked: new Map(),
    openPaths: () => [...paths.values()],
    openReadOnly: (path) => {
      io.calls.open++;
      const failure = failureOf(failOpen, path);
      if (failure !== 0) return failure;
      try {
        const fd = openSync(path, 'r');
        paths.set(fd, path);
        return fd;
      } catch (error) {
        return errnoOf(error);
      }
    },
    preadAt0: (fd, buf, length) => io.preadAt(fd, buf, length, 0),
    preadAt: (fd, buf, length, offset) => {
      io.calls.pread++;
      const path = paths.get(fd);
      io.asked.set(path ?? '', Math.max(length, io.asked.get(path ?? '') ?? 0));
      if (path === undefined) return -EBADF;
      const failure = failureOf(failRead, path);
      if (failure !== 0) return failure;
      try {
        if (isGone(fd, path)) return -ESRCH;
        return readSync(fd, buf, 0, Math.min(length, io.chunkBytes), offset);
      } catch (error) {
        return errnoOf(error);
      }
    },
    close: (fd) => {
      io.calls.close++;
      if (!paths.delete(fd)) return -EBADF;
      closeSync(fd);
      return 0;
    },
  };
  return io;
};
