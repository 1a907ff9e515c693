/**
 * Who shares an mm with whom (clone(CLONE_VM) without CLONE_THREAD, vfork(2)): kcmp(2) KCMP_VM, which puts all mms in one
 * order, so that each process is looked up among the others of its key by halving. It can sleep on exec_update_lock for
 * ever (kernel-facts 3.4), so it runs on the lane, off the loop.
 */
import { ABSENT } from '../../core/units.ts';
import { emptyPidStatus, parsePidStatus } from '../proc/pid-status.ts';
import { ESRCH } from '../sys/errno.ts';
import type { Lane } from './lane.ts';
import {
  beginPass,
  commitPass,
  type Entry,
  firstsOf,
  giveUp,
  isArmed,
  isStill,
  isWorthAsking,
  join,
  type MmPass,
} from './mm-pass.ts';
import type { IndexIo, Slots } from './slots.ts';

export interface MmIo extends Pick<IndexIo, 'openReadOnly' | 'preadAt0' | 'close'> {
  kcmpVmAsync(pidA: number, pidB: number, done: (answer: number) => void): void;
}

export interface MmGroups {
  /** Goes on with the search, or begins one: once after each round of the index, in calm times. */
  next(): void;
  /** How often all have been looked at: the groups are known from the first time on. */
  passes(): number;
  /** Why kcmp(2) did not answer, 0 or an errno; the first reason stays. EPERM: of some processes it is not known. */
  refusal(): number;
}

/**
 * Steps in one go, each a call or a look at 64 candidates: 64 of one program take 64 * 7 of them, 20 ms of a thread. A host
 * with more processes of one program than that is searched in several goes.
 */
const STEPS_A_TURN = 512;
const [SAME, LESS, GREATER] = [0, 1, 2];
const [EPERM, ENOSYS] = [1, 38];

const buffer = new Uint8Array(65_536);
const status = emptyPidStatus();

export const createMmGroups = (
  io: MmIo,
  slots: Slots,
  procRoot: string,
  lane: Lane,
  /** False while a shortage is being dealt with: opening files would allocate. */
  isCalm: () => boolean,
): MmGroups => {
  const { table } = slots;
  let pass: MmPass | null = null;
  let passes = 0;
  let refusal = 0;
  let isAsking = false;
  let stepsLeft = 0;
  /** The part of the present one's list in which its mm must be. */
  let low = 0;
  let high: number = ABSENT;

  const tidOf = (slot: number): number => (slots.liveTid[slot] as number) || (table.pid[slot] as number);
  /** Its kept descriptor still answers: nobody else has had its pid in between. */
  const isAlive = (entry: Entry): boolean =>
    isStill(slots, entry) && io.preadAt0(slots.scoreFd[entry.slot] as number, buffer, 16) >= 0;
  const hasMm = (slot: number): boolean => {
    const kept = slots.statusFd[slot] as number;
    const fd = kept === ABSENT ? io.openReadOnly(`${procRoot}/${tidOf(slot)}/status`) : kept;
    if (fd < 0) return false;
    const length = io.preadAt0(fd, buffer, buffer.length);
    if (kept === ABSENT) io.close(fd);
    return length > 0 && parsePidStatus(buffer, length, status) === null && status.vmRssKiB !== ABSENT;
  };

  const settle = (present: MmPass): void => {
    present.at++;
    high = ABSENT;
  };
  const drop = (firsts: Entry[], at: number): void => {
    firsts.splice(at, 1);
    // The list is another one: look it up anew.
    high = ABSENT;
  };
  /** Two without an mm, as zombies are, compare equal; an mm once gone does not come back. */
  const haveMm = (a: Entry, b: Entry): boolean => hasMm(a.slot) && hasMm(b.slot) && isAlive(a) && isAlive(b);

  const take = (present: MmPass, entry: Entry, firsts: Entry[], middle: number, answer: number): void => {
    const first = firsts[middle] as Entry;
    if (answer === LESS) high = middle;
    else if (answer === GREATER) low = middle + 1;
    else if (answer === -ESRCH && !isAlive(first)) drop(firsts, middle);
    else {
      if (answer === SAME && haveMm(entry, first)) join(entry, first);
      // Which of the two it may not look at is not said: the next one begins the list anew.
      if (answer === -EPERM && firsts.length === 1) drop(firsts, middle);
      if (answer < 0 && answer !== -ESRCH && refusal === 0) refusal = -answer;
      settle(present);
    }
  };

  const ask = (present: MmPass, entry: Entry, firsts: Entry[]): void => {
    const middle = (low + high) >> 1;
    const first = firsts[middle] as Entry;
    if (!isStill(slots, first)) {
      drop(firsts, middle);
      return;
    }
    isAsking = true;
    lane.run((ended) =>
      io.kcmpVmAsync(tidOf(entry.slot), tidOf(first.slot), (answer) => {
        ended();
        isAsking = false;
        take(present, entry, firsts, middle, answer);
        goOn();
      }),
    );
  };

  const step = (present: MmPass): void => {
    const entry = present.order[present.at] as Entry;
    const firsts = firstsOf(present, entry);
    if (!isStill(slots, entry)) {
      settle(present);
      return;
    }
    const isFirst = isArmed(slots, entry.slot);
    if (high === ABSENT) {
      if (!isFirst && !isWorthAsking(slots, firsts, entry)) {
        settle(present);
        return;
      }
      low = 0;
      high = firsts.length;
    }
    if (low < high) {
      ask(present, entry, firsts);
      return;
    }
    if (isFirst) firsts.splice(low, 0, entry);
    settle(present);
  };

  const goOn = (): void => {
    while (pass !== null && !isAsking && stepsLeft > 0 && refusal !== ENOSYS) {
      // What has been found so far will be old when it is calm again.
      stepsLeft--;
      if (!isCalm()) pass = null;
      else if (pass.at < pass.order.length) step(pass);
      else {
        commitPass(slots, pass);
        pass = null;
        passes++;
      }
    }
  };

  return {
    next: () => {
      stepsLeft = STEPS_A_TURN;
      if (isAsking) return;
      if (refusal === ENOSYS) {
        giveUp(slots);
        return;
      }
      if (pass === null) {
        pass = beginPass(slots);
        high = ABSENT;
      }
      goOn();
    },
    passes: () => passes,
    refusal: () => refusal,
  };
};
