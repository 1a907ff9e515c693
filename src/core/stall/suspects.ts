/**
 * Threads that were seen where a stalled allocation would be, and what became of them: the task_struct's memalloc_info of
 * kmallocwd (kernel-facts 2.2), put together from looks about a second apart. Of 50,000 threads only those are remembered.
 */
import { type Place, TASK_FLAG, type ThreadReading } from '../thread-readings.ts';
import { ABSENT } from '../units.ts';

/** A thread that is followed. Times are monotonic milliseconds. */
export interface Suspect {
  pid: number;
  tid: number;
  startTimeTicks: number;
  comm: string;
  /** Since when it stalls: when it was first seen so. */
  sinceMs: number;
  /** The last look at it, and the last one that showed it in the slow path. */
  lookedMs: number;
  seenMs: number;
  /** Looks that showed it there, each a second or so after the other, without user progress in between. */
  looks: number;
  /** What is waited for is memory: PF_MEMALLOC, a place that only reclaim has, or major faults that went on. */
  isProven: boolean;
  utimeTicks: number;
  majorFaults: number;
  state: string;
  flags: number;
  place: Place;
  isKillPending: boolean;
  switches: number;
}

export interface Suspects {
  /** In no order. kswapd is among them from its first reading on, as kmallocwd always lists it. */
  readonly list: Suspect[];
  readonly byTid: Map<number, Suspect>;
  readonly spare: Suspect[];
}

/**
 * Followed at the most: each costs two descriptors and two reads a second while something stalls. More threads that
 * stall make no difference to what is concluded; the count stays at this then.
 */
export const SUSPECTS_MAX = 256;

/** Two looks count as two when they are a second apart, less what a tick of ours may be early. */
const LOOK_APART_MS = 900;
/** Not seen in the slow path for so long, two looks and a half, and it does not stall any more. */
const FORGET_MS = 2500;
/** More than a tenth of the time in user mode is progress: nine tenths of it are what a stalled host still feels. */
const USER_SHARE = 0.1;
/** USER_HZ is 100 wherever Node runs on Linux (include/asm-generic/param.h). */
const TICK_MS = 10;

const newSuspect = (): Suspect => ({
  ...{ pid: ABSENT, tid: ABSENT, startTimeTicks: ABSENT, comm: '', sinceMs: 0, lookedMs: 0, seenMs: 0, looks: 0 },
  ...{ isProven: false, utimeTicks: ABSENT, majorFaults: ABSENT, state: '', flags: 0, place: 'unknown' },
  ...{ isKillPending: false, switches: ABSENT },
});

export const createSuspects = (): Suspects => ({
  list: [],
  byTid: new Map(),
  spare: Array.from({ length: SUSPECTS_MAX }, newSuspect),
});

const hasFlag = (flags: number, flag: number): boolean => flags !== ABSENT && (flags & flag) !== 0;

export const isKswapd = ({ flags }: { readonly flags: number }): boolean =>
  hasFlag(flags, TASK_FLAG.KTHREAD) && hasFlag(flags, TASK_FLAG.KSWAPD);

/**
 * Whether this look proves an allocation or a fault that waits for reclaim: PF_MEMALLOC, which a user thread has only there
 * (kernel-facts 4.1), or asleep in reclaim, in the throttle of memory.high or before a mmap_lock. Who leaves takes
 * mmap_lock on its way out (exit_mm()), which is counted as exiting.
 */
const isProof = ({ flags, state, place }: ThreadReading): boolean => {
  if (hasFlag(flags, TASK_FLAG.KTHREAD)) return false;
  if (hasFlag(flags, TASK_FLAG.MEMALLOC)) return true;
  if (state !== 'D') return false;
  return place === 'reclaim' || place === 'over_high' || (place === 'mmap_lock' && !hasFlag(flags, TASK_FLAG.EXITING));
};

/** A page is waited for: of a file that reads and nothing more, or one that was reclaimed. Major faults tell later. */
const isPageIo = ({ flags, state, place }: ThreadReading): boolean =>
  state === 'D' && place === 'page_io' && !hasFlag(flags, TASK_FLAG.KTHREAD);

/** A thread of which only status could be read still is where it was as long as it is in D. */
const isStillThere = (suspect: Suspect, reading: ThreadReading): boolean =>
  reading.flags === ABSENT && reading.state === 'D' && suspect.looks > 0;

const forget = (suspects: Suspects, suspect: Suspect): void => {
  const { list, byTid, spare } = suspects;
  const last = list.pop() as Suspect;
  if (last !== suspect) list[list.indexOf(suspect)] = last;
  byTid.delete(suspect.tid);
  spare.push(suspect);
};

const remember = (suspects: Suspects, reading: ThreadReading, isProven: boolean): void => {
  const suspect = suspects.spare.pop();
  if (suspect === undefined) return;
  const { atMs, pid, tid, startTimeTicks, comm, utimeTicks, majorFaults } = reading;
  Object.assign(suspect, { pid, tid, startTimeTicks, comm, utimeTicks, majorFaults, isProven });
  suspect.sinceMs = suspect.lookedMs = suspect.seenMs = atMs;
  suspect.looks = isKswapd(reading) ? 0 : 1;
  suspect.switches = ABSENT;
  show(suspect, reading);
  suspects.list.push(suspect);
  suspects.byTid.set(tid, suspect);
};

/** How it looks now. */
const show = (suspect: Suspect, { state, flags, place, isKillPending, switches }: ThreadReading): void => {
  suspect.state = state;
  if (flags !== ABSENT) suspect.flags = flags;
  if (flags !== ABSENT) suspect.place = place;
  suspect.isKillPending = isKillPending;
  if (switches !== ABSENT) suspect.switches = switches;
};

/** Whether it got on in user mode between two looks. */
const hasProgressed = (suspect: Suspect, { utimeTicks, atMs }: ThreadReading): boolean =>
  utimeTicks !== ABSENT && (utimeTicks - suspect.utimeTicks) * TICK_MS > (atMs - suspect.lookedMs) * USER_SHARE;

/** Takes one reading in: a thread becomes a suspect, stays one, or is none any more. */
export const takeReading = (suspects: Suspects, reading: ThreadReading): void => {
  let suspect = suspects.byTid.get(reading.tid);
  const isAnother = suspect !== undefined && ![ABSENT, suspect.startTimeTicks].includes(reading.startTimeTicks);
  if (suspect !== undefined && (reading.state === '' || isAnother)) {
    forget(suspects, suspect);
    suspect = undefined;
  }
  if (reading.state === '') return;
  const isProven = isProof(reading);
  if (suspect === undefined) {
    if (isProven || isPageIo(reading) || isKswapd(reading)) remember(suspects, reading, isProven);
    return;
  }
  if (reading.atMs - suspect.lookedMs < LOOK_APART_MS) {
    if (isProven) suspect.isProven = true;
    return;
  }
  const isKernel = isKswapd(suspect);
  if (!isKernel && hasProgressed(suspect, reading)) {
    forget(suspects, suspect);
    return;
  }
  suspect.lookedMs = reading.atMs;
  if (reading.utimeTicks !== ABSENT) suspect.utimeTicks = reading.utimeTicks;
  show(suspect, reading);
  if (isKernel) return;
  if (isProven || reading.majorFaults > suspect.majorFaults) suspect.isProven = true;
  if (isProven || isPageIo(reading) || isStillThere(suspect, reading)) {
    suspect.seenMs = reading.atMs;
    suspect.looks++;
  } else if (reading.atMs - suspect.seenMs > FORGET_MS) forget(suspects, suspect);
};

/** Nobody is looked at any more. */
export const forgetAll = (suspects: Suspects): void => {
  suspects.spare.push(...suspects.list);
  suspects.list.length = 0;
  suspects.byTid.clear();
};

/** How long it is known to stall: from the first look that showed it to the last one. */
export const stalledMs = ({ seenMs, sinceMs }: Suspect): number => seenMs - sinceMs;

/** Seen so at least twice, a second apart, without getting on in between. */
export const isStalling = ({ looks, isProven }: Suspect): boolean => looks >= 2 && isProven;
