/** A real pipe(7) as control makes it; Node has no call for one, a FIFO that is unlinked at once is the same thing. */
import { execFileSync } from 'node:child_process';
import { constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Pipe {
  readonly readFd: number;
  readonly writeFd: number;
}

/** `writeFlags`: extra open(2) flags of the writing end, which does not block unless 0 is given. */
export const createPipe = (writeFlags: number = constants.O_NONBLOCK): Pipe => {
  const folder = mkdtempSync(join(tmpdir(), 'oomwatchd-pipe-'));
  const path = join(folder, 'pipe');
  execFileSync('mkfifo', [path]);
  const readFd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writeFd = openSync(path, constants.O_WRONLY | writeFlags);
  rmSync(folder, { recursive: true });
  return { readFd, writeFd };
};

/** Polls until `condition` gives something other than undefined or false. */
export const until = async <T>(
  condition: () => Promise<T | undefined | false> | T | undefined | false,
  limitMs = 10_000,
): Promise<T> => {
  const end = Date.now() + limitMs;
  for (;;) {
    const value = await condition();
    if (value !== undefined && value !== false) return value;
    if (Date.now() > end) throw new Error(`not within ${limitMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};
