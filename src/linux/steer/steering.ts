/** oom_score_adj changed for one press of SysRq-f, and put back: by descriptors that are bound to their processes. */
import type { Steer } from '../../core/intent.ts';
import type { Restored } from '../../core/ladder-event.ts';
import type { Slots } from '../index/slots.ts';
import { ENOENT, ESRCH, errnoName } from '../sys/errno.ts';
import { close, duplicate, preadAt0 } from '../sys/libc.ts';
import { leftText, openAdj, putBack, readAdj, writeAdj } from './adj-file.ts';
import { type Journal, type JournalEntry, readBootId, ticksSinceBoot } from './journal.ts';

const ENOLCK = 37;
const EIO = 5;

interface Steered extends JournalEntry {
  readonly fd: number;
}

export interface Steering {
  /** Changes all that can be; the first of `steer` must. 0, or the errno, with everything as it was. */
  steer(steer: readonly Steer[]): number;
  /** Puts back what is changed; null when nothing is. */
  restore(): Restored | null;
  /** How many processes are changed now. */
  count(): number;
  close(): void;
}

const scratch = new Uint8Array(32);

/** `journal`: null where there is none, and nothing is ever changed. */
export const createSteering = (
  slots: Pick<Slots, 'table' | 'scoreFd' | 'adjFd' | 'adjWritable'>,
  procRoot: string,
  journal: Journal | null,
): Steering => {
  const { table } = slots;
  // Asked for now: later it would be an open under pressure.
  const bootId = journal === null ? '' : readBootId(procRoot);
  const steered: Steered[] = [];

  /** A descriptor of one's own on the file of the very process that the slot knows; or -errno. */
  const openOf = ({ slot, pid }: Steer): number => {
    if (table.pid[slot] !== pid) return -ESRCH;
    const fd = slots.adjWritable[slot] === 1 ? duplicate(slots.adjFd[slot] as number) : openAdj(procRoot, pid);
    if (fd < 0) return fd === -ENOENT ? -ESRCH : fd;
    // The descriptor kept from its enrolment answers still: what was opened by number is of the same process.
    if (preadAt0(slots.scoreFd[slot] as number, scratch, scratch.length) >= 0) return fd;
    close(fd);
    return -ESRCH;
  };

  const open = (steer: readonly Steer[]): number => {
    for (const each of steer) {
      const fd = openOf(each);
      const found = fd < 0 ? { errno: -fd } : readAdj(fd);
      if ('errno' in found) {
        if (fd >= 0) close(fd);
        // Whoever has gone in the meantime needs no steering, unless it is the one that is to be taken.
        if (found.errno === ESRCH && each !== steer[0]) continue;
        return found.errno;
      }
      steered.push({ fd, pid: each.pid, startTimeTicks: each.startTimeTicks, from: found.value, to: each.to });
    }
    return 0;
  };

  const restore = (): Restored | null => {
    if (steered.length === 0) return null;
    const counts = { restored: 0, gone: 0, changed: 0 };
    const failed: string[] = [];
    for (const each of steered) {
      const answer = putBack(each.fd, each.from, each.to);
      if (typeof answer === 'string') counts[answer]++;
      else failed.push(leftText(each, errnoName(answer.errno)));
      close(each.fd);
    }
    steered.length = 0;
    journal?.clear();
    return { ...counts, failed };
  };

  const change = (): number => {
    // Last whoever is to be taken: those who must live are out of reach before.
    for (let at = steered.length - 1; at >= 0; at--) {
      const { fd, to } = steered[at] as Steered;
      const errno = writeAdj(fd, to);
      if (errno !== 0 && (errno !== ESRCH || at === 0)) return errno;
    }
    return 0;
  };

  return {
    steer: (steer) => {
      if (steer.length === 0) return 0;
      if (journal === null) return ENOLCK;
      restore();
      let errno = open(steer);
      if (errno === 0 && !journal.write({ bootId, atTicks: ticksSinceBoot(procRoot), entries: steered })) errno = EIO;
      if (errno === 0) errno = change();
      if (errno !== 0) restore();
      return errno;
    },
    restore,
    count: () => steered.length,
    close: () => {
      for (const { fd } of steered) close(fd);
      steered.length = 0;
      journal?.close();
    },
  };
};
