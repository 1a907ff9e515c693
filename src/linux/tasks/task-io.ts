/**
 * How /proc/PID/task is read: on the thread pool, since stat and wchan may wait for a lock without limit and every open may
 * fall into direct reclaim (kernel-facts 0.5, 4.4). Nothing rejects: what has gone, or may not be read, answers below 0.
 */
import { open, opendir, read } from 'node:fs';
import { promisify } from 'node:util';
import { ABSENT } from '../../core/units.ts';
import { close } from '../sys/libc.ts';

export interface TaskIo {
  /** A descriptor, or ABSENT. */
  open(path: string): Promise<number>;
  /** Reads from the beginning; bytes read, or ABSENT. */
  read(fd: number, into: Uint8Array): Promise<number>;
  close(fd: number): void;
  /** The names in a directory, some of them a call; none when it has gone. */
  list(path: string): AsyncIterable<string>;
}

/** Names that one call brings: a process may have 50,000 threads, and a list of them all would be megabytes. */
const NAMES_A_CALL = 64;

const openFile = promisify(open);
const readInto = promisify(read);
const openDirectory = promisify(opendir);

async function* list(path: string): AsyncIterable<string> {
  try {
    // Entries of a directory that goes away while it is listed just end.
    for await (const { name } of await openDirectory(path, { bufferSize: NAMES_A_CALL })) yield name;
  } catch {
    // Gone before it was opened, or hidden from us: nobody to look at.
  }
}

export const taskIo: TaskIo = {
  open: (path) => openFile(path, 'r').catch(() => ABSENT),
  read: async (fd, into) => {
    try {
      return (await readInto(fd, into, 0, into.length, 0)).bytesRead;
    } catch {
      // ESRCH: the thread has gone.
      return ABSENT;
    }
  },
  // It neither sleeps nor allocates.
  close,
  list,
};
