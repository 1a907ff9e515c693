/**
 * Puts right what a process that is no more has left changed: at the start of the daemon, by `oomwatchd restore-adj` (which
 * the unit runs when the service has ended), or by whoever takes over from a daemon that does not answer.
 */
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Restored } from '../../core/ladder-event.ts';
import { ABSENT } from '../../core/units.ts';
import { emptyPidStat, parsePidStat } from '../proc/pid-stat.ts';
import { ENOENT, ESRCH, errnoName } from '../sys/errno.ts';
import { close } from '../sys/libc.ts';
import { leftText, openAdj, type PutBack, putBack, readAdj } from './adj-file.ts';
import { type Journal, type JournalEntry, type JournalPage, readBootId } from './journal.ts';

/** stat waits for exec_update_lock (kernel-facts 0.5): one that does not answer within this is left, and told. */
const STAT_MS = 1000;

const startTimeOf = async (procRoot: string, pid: number): Promise<number> => {
  const bytes = await Promise.race([readFile(`${procRoot}/${pid}/stat`).catch(() => null), sleep(STAT_MS, null)]);
  const stat = emptyPidStat();
  return bytes === null || parsePidStat(bytes, bytes.length, stat) !== null ? ABSENT : stat.startTimeTicks;
};

/**
 * Whether the process that has the pid now is the one of the journal. Without its start time: it had the pid when the
 * journal was written, so whoever has it now and is older than that is it.
 */
const isSame = ({ startTimeTicks }: JournalEntry, { atTicks }: JournalPage, now: number): boolean =>
  startTimeTicks === ABSENT ? now < atTicks : now === startTimeTicks;

const putOneRight = async (procRoot: string, entry: JournalEntry, page: JournalPage): Promise<PutBack | string> => {
  const { pid, from, to } = entry;
  // Opened before it is asked who it is: the descriptor is bound to that process.
  const fd = openAdj(procRoot, pid);
  if (fd === -ENOENT || fd === -ESRCH) return 'gone';
  if (fd < 0) return { errno: -fd };
  try {
    const startTimeTicks = await startTimeOf(procRoot, pid);
    if (startTimeTicks !== ABSENT) return isSame(entry, page, startTimeTicks) ? putBack(fd, from, to) : 'gone';
    const found = readAdj(fd);
    return 'errno' in found && found.errno === ESRCH ? 'gone' : 'its start time cannot be read';
  } finally {
    close(fd);
  }
};

/** All of a page, one after the other. What it says of an earlier boot is about other processes. */
export const putPageRight = async (procRoot: string, page: JournalPage): Promise<Restored | null> => {
  if (page.bootId !== readBootId(procRoot) || page.entries.length === 0) return null;
  const counts = { restored: 0, gone: 0, changed: 0 };
  const failed: string[] = [];
  for (const entry of page.entries) {
    const answer = await putOneRight(procRoot, entry, page);
    if (answer === 'restored' || answer === 'gone' || answer === 'changed') counts[answer]++;
    else failed.push(leftText(entry, typeof answer === 'string' ? answer : errnoName(answer.errno)));
  }
  return { ...counts, failed };
};

/** What the journal says, after which it says nothing; null: it did not say anything. What failed is in the answer. */
export const putRight = async (procRoot: string, journal: Journal): Promise<Restored | null> => {
  const page = journal.read();
  if (page === null) return null;
  const restored = await putPageRight(procRoot, page);
  journal.clear();
  return restored;
};
