/** Asks control for a drill: one byte into a pipe that control reads at most once an hour. What came of it is an event. */
import { writeSync } from 'node:fs';

const ONE_BYTE = Buffer.from([1]);

/** Gives a function that asks; `fd` undefined: a control of an older version, which has no such pipe. */
export const createDrillRequest =
  (fd: number | undefined): (() => string) =>
  () => {
    if (fd === undefined) return 'not asked: control is of an older version';
    try {
      // The pipe does not block: control has made it so.
      writeSync(fd, ONE_BYTE);
      return 'asked';
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      return code === 'EAGAIN' ? 'asked before, and not answered yet' : `not asked: ${code}`;
    }
  };
