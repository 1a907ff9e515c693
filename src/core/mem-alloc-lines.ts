/**
 * The lines of kmallocwd (kernel-facts 2.3), for the log and the kernel log alike, so that what reads the one reads the other:
 *
 *     MemAlloc-Info: stalling=%u dying=%u exiting=%u victim=%u oom_count=%u
 *     MemAlloc: COMM(PID) flags=0x%x switches=%lu delay=%lu[ uninterruptible][ exiting][ dying][ victim]
 *
 * PID is that of the thread, as kmallocwd's is; delay is in clock ticks of user space (USER_HZ, 1/100 s) where kmallocwd has
 * jiffies; seq, gfp and order no file of /proc tells. What could not be read is "?", or is left out behind flags.
 */
import type { OomwatchdEvent } from './event.ts';
import { ABSENT } from './units.ts';

type EventOf<K extends OomwatchdEvent['kind']> = Extract<OomwatchdEvent, { kind: K }>;

const TICK_MS = 10;

/** Longest name of a task, a kworker's with its work (kernel-facts 4.2). */
const COMM_MAX = 64;

/** A name cannot pass for a field of the line: all but letters, digits and _.+-:/@# is escaped, byte by byte. */
const bare = (comm: string): string =>
  comm.slice(0, COMM_MAX).replace(/[^\w.+\-:/@#]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`);

const known = (value: number): string => (value === ABSENT ? '?' : String(value));

export const memAllocInfo = ({ stalling, dying, exiting, victim, oomCount }: EventOf<'stall'>): string =>
  `MemAlloc-Info: stalling=${stalling} dying=${dying} exiting=${exiting} victim=${victim} oom_count=${known(oomCount)}`;

export const memAllocTask = (task: EventOf<'stalled_task'>): string => {
  const parts = [`MemAlloc: ${bare(task.comm)}(${task.tid}) flags=0x${task.flags.toString(16)}`];
  if (task.switches !== ABSENT) parts.push(`switches=${task.switches}`);
  if (task.delayMs !== ABSENT) parts.push(`delay=${Math.floor(task.delayMs / TICK_MS)}`);
  if (task.isUninterruptible) parts.push('uninterruptible');
  if (task.isExiting) parts.push('exiting');
  if (task.isDying) parts.push('dying');
  if (task.isVictim) parts.push('victim');
  return parts.join(' ');
};
