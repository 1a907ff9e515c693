/** Carries out signals. No choices: what to signal and whether it is meant has been decided. */
import { ESRCH, type Outcome, type SignalIntent } from '../core/intent.ts';
import { ABSENT } from '../core/units.ts';
import type { IndexIo, Slots } from './index/slots.ts';

const SIGNALS = { TERM: 15, KILL: 9 } as const;

const scratch = new Uint8Array(64);

/**
 * Signals the process of a slot through its pidfd. The pidfd was opened when the slot was armed; the descriptor kept
 * from enrolment is read once more right before the shot: it answers only while this very process exists, which is
 * stronger than comparing start times and, unlike reading stat, cannot block (kernel-facts 0.5). In observe mode
 * signal 0 goes through the same call, so that a missing permission shows.
 */
export const sendSignal = (io: IndexIo, slots: Slots, intent: SignalIntent): Outcome => {
  const { slot } = intent;
  if (slots.table.pid[slot] !== intent.pid) return { sent: false, errno: ESRCH };
  const held = slots.pidfd[slot] as number;
  // Not armed: it grew faster than the index was refreshed. One descriptor, no path walk.
  const pidfd = held === ABSENT ? io.pidfdOpen(intent.pid) : held;
  if (pidfd < 0) return { sent: false, errno: -pidfd };
  const alive = io.preadAt0(slots.scoreFd[slot] as number, scratch, scratch.length);
  if (alive < 0) {
    // Opened by number only now, it may be of another process: the slot must not keep it.
    if (held === ABSENT) io.close(pidfd);
    return { sent: false, errno: -alive };
  }
  slots.pidfd[slot] = pidfd;
  const answer = io.pidfdSendSignal(pidfd, intent.dryRun ? 0 : SIGNALS[intent.signal]);
  return answer < 0 ? { sent: false, errno: -answer } : { sent: !intent.dryRun, errno: 0 };
};

/** Whether all threads of a slot's process have exited; its memory is then given back (pidfd_open(2), kernel/exit.c). */
export const hasExited = (io: IndexIo, slots: Slots, slot: number): boolean => {
  const pidfd = slots.pidfd[slot] as number;
  return pidfd !== ABSENT && io.isReadable(pidfd);
};
