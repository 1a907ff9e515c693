/**
 * /proc/PID/limits (fs/proc/base.c, proc_pid_limits), columns filled with blanks:
 *
 *     Limit                     Soft Limit           Hard Limit           Units
 *     Max open files            1024                 4096                 files
 *     Max locked memory         8388608              unlimited            bytes
 */
import { ABSENT } from '../../core/units.ts';

/** The soft limit of a line, Infinity for "unlimited", ABSENT when it is not there. */
export const softLimitOf = (text: string, name: string): number => {
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${name} `));
  const value = line === undefined ? undefined : /^ +(\d{1,20}|unlimited) /.exec(line.slice(name.length))?.[1];
  if (value === undefined) return ABSENT;
  return value === 'unlimited' ? Number.POSITIVE_INFINITY : Number(value);
};
