/** errno numbers that are told apart here (asm-generic/errno.h), and their names for people. */
import { constants } from 'node:os';

export const ENOENT = 2;
export const ESRCH = 3;
export const EINTR = 4;
export const EAGAIN = 11;
export const EPIPE = 32;

const NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(constants.errno).map(([name, number]) => [number, name]),
);

/** "ESRCH" for 3 or -3; the number itself when it has no name. */
export const errnoName = (errno: number): string => NAMES.get(Math.abs(errno)) ?? String(Math.abs(errno));
