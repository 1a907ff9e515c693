/** The real system calls of the index, counted by name; open descriptors are known by what they were opened for. */
import type { IndexIo } from '../../../src/linux/index/slots.ts';
import * as libc from '../../../src/linux/sys/libc.ts';

type Call = keyof IndexIo;

export interface CountingIo extends IndexIo {
  /** Calls since the last reset, those that were made only. */
  counts(): Partial<Record<Call, number>>;
  reset(): void;
  /** What is open: paths, and "pidfd N". */
  open(): string[];
}

export const createCountingIo = (): CountingIo => {
  let counts: Partial<Record<Call, number>> = {};
  const held = new Map<number, string>();
  const count = (call: Call): void => {
    counts[call] = (counts[call] ?? 0) + 1;
  };
  const hold = (fd: number, what: string): number => {
    if (fd >= 0) held.set(fd, what);
    return fd;
  };
  return {
    counts: () => ({ ...counts }),
    reset: () => {
      counts = {};
    },
    open: () => [...held.values()].sort(),
    openReadOnly: (path) => {
      count('openReadOnly');
      return hold(libc.openReadOnly(path), path);
    },
    openDirectory: (path) => {
      count('openDirectory');
      return hold(libc.openDirectory(path), path);
    },
    pidfdOpen: (pid) => {
      count('pidfdOpen');
      return hold(libc.pidfdOpen(pid), `pidfd ${pid}`);
    },
    close: (fd) => {
      count('close');
      if (!held.delete(fd)) throw new Error(`descriptor ${fd} is not the index's to close`);
      return libc.close(fd);
    },
    preadAt0: (fd, buffer, length) => {
      count('preadAt0');
      return libc.preadAt0(fd, buffer, length);
    },
    getdents64: (fd, buffer) => {
      count('getdents64');
      return libc.getdents64(fd, buffer);
    },
    rewind: (fd) => {
      count('rewind');
      return libc.rewind(fd);
    },
    pidfdSendSignal: (pidfd, signal) => {
      count('pidfdSendSignal');
      return libc.pidfdSendSignal(pidfd, signal);
    },
    isReadable: (fd) => {
      count('isReadable');
      return libc.isReadable(fd);
    },
  };
};
