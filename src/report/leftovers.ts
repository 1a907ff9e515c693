/** What writers that were killed in the middle have left beside a file: PATH.PID.new. */
import { lstat, opendir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** A directory of a collector has a dozen. */
const ENTRIES_MAX = 10_000;
const PID = /^[1-9]\d{0,9}$/;

/** The name under which this process writes what is to become `path`. */
export const freshNameOf = (path: string, pid: number): string => `${path}.${pid}.new`;

/** Whoever it is by now: EPERM is an answer of somebody who lives. */
const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
};

/** Removes those of processes that are gone. Never rejects: what cannot be removed is in nobody's way. */
export const removeLeftovers = async (path: string): Promise<void> => {
  const [directory, name] = [dirname(path), basename(path)];
  let entries = 0;
  try {
    for await (const { name: found } of await opendir(directory)) {
      if (++entries > ENTRIES_MAX) return;
      const pid = found.slice(name.length + 1, -'.new'.length);
      if (!PID.test(pid) || found !== freshNameOf(name, Number(pid)) || isAlive(Number(pid))) continue;
      const left = join(directory, found);
      if ((await lstat(left)).isFile()) await rm(left, { force: true });
    }
  } catch {
    // The write that follows says what is wrong with the directory.
  }
};
