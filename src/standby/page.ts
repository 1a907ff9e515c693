/**
 * The page of memory that control and standby share. Control writes its heartbeat there in each turn: a few stores, no
 * system call, no wake-up of the other process, nothing that could wait. Standby writes what it did. Times are the low 32
 * bits of CLOCK_MONOTONIC in milliseconds (linux/sys/ipc.ts, uptimeMs).
 */
import { RESCUE_OUTCOMES, type RescueOutcome } from '../core/own-process-event.ts';
import { COMM_WORDS, readComm, writeComm } from './comm-words.ts';

/** Written by control. */
const TURNS = 0;
const DUE = 1;
const MAY_ACT = 2;
const KILLS_LEFT = 3;
const WAIT_UNTIL = 4;
const AVAILABLE = 5;
const BEGAN = 6;
const ENDS = 7;
const WITHIN_LIMITS = 8;
/** A word in KiB would be full at 2 TiB. */
const AVAILABLE_KIB = 64;
/** Written by standby, on a cache line of its own. */
const RECORDS = 64;
const CLAIM = 65;
const CLAIMED_AT = 66;
const RING = 128;

/** More than the kills of one absence with their company; what is older than the ring is in the kernel log. */
const RING_RECORDS = 32;
const RECORD_WORDS = 10 + COMM_WORDS;

/** What control says at the end of a turn. */
export interface Heartbeat {
  /** When the next turn is due at the latest. */
  dueMs: number;
  /** Enforcing or observing, and not of the opinion that killing is futile, or that nobody may be chosen. */
  mayAct: boolean;
  /** Kills that are within its budgets. */
  killsLeft: number;
  /** Until then it waits for a victim of its own; the time of the turn when for none. */
  waitUntilMs: number;
  /** MemAvailable then, KiB. */
  memAvailableKiB: number;
  /** What comes back from disk does so within cgroups at their limits (core/own-limits). */
  isWithinLimits: boolean;
}

/** One deed of standby. */
export interface Deed {
  readonly outcome: RescueOutcome;
  /** Slot of control's table and which of its processes, ABSENT where nobody was chosen. */
  readonly slot: number;
  readonly generation: number;
  readonly pid: number;
  readonly sizeKiB: number;
  readonly isCompanion: boolean;
  readonly errno: number;
  readonly atMs: number;
  readonly lateMs: number;
  readonly memAvailableKiB: number;
  readonly comm: string;
}

/** A turn has begun: standby's next shot is called off. */
export const beginTurn = (page: Int32Array, nowMs: number): void => {
  Atomics.store(page, BEGAN, nowMs);
  Atomics.add(page, TURNS, 1);
};

export const endTurn = (page: Int32Array, beat: Heartbeat): void => {
  Atomics.store(page, DUE, beat.dueMs);
  Atomics.store(page, MAY_ACT, beat.mayAct ? 1 : 0);
  Atomics.store(page, KILLS_LEFT, beat.killsLeft);
  Atomics.store(page, WAIT_UNTIL, beat.waitUntilMs);
  Atomics.store(page, AVAILABLE, Math.floor(beat.memAvailableKiB / AVAILABLE_KIB));
  Atomics.store(page, WITHIN_LIMITS, beat.isWithinLimits ? 1 : 0);
  Atomics.add(page, ENDS, 1);
};

/** Longer than a signal takes; a standby that was stopped in between must not hold control up. */
const CLAIM_MS = 1000;

/** Standby is about to shoot, or shoots: control must not choose in this very moment. */
export const isClaimed = (page: Int32Array, nowMs: number): boolean =>
  Atomics.load(page, CLAIM) === 1 && ((nowMs - Atomics.load(page, CLAIMED_AT)) | 0) < CLAIM_MS;

/** Turns that control has begun; 0: it has not, and nothing is due. */
export const turnsOf = (page: Int32Array): number => Atomics.load(page, TURNS);

/** Turns that control has ended: what it says is as of the last of them. */
export const endsOf = (page: Int32Array): number => Atomics.load(page, ENDS);

/**
 * Milliseconds since the next turn was due; negative before. In a turn that came late those since it began, which is after it
 * was due: control may just be back, and what it knew of its budget before it was away is no longer true.
 */
export const overdueMs = (page: Int32Array, nowMs: number): number =>
  Math.min((nowMs - Atomics.load(page, DUE)) | 0, (nowMs - Atomics.load(page, BEGAN)) | 0);

export const mayAct = (page: Int32Array): boolean => Atomics.load(page, MAY_ACT) === 1;

export const killsLeft = (page: Int32Array): number => Atomics.load(page, KILLS_LEFT);

/** MemAvailable at the end of control's last turn, KiB. */
export const lastAvailableKiB = (page: Int32Array): number => Atomics.load(page, AVAILABLE) * AVAILABLE_KIB;

/** Signs of a thrash are not the host's, as far as control has seen: standby reads no cgroups. */
export const isWithinLimits = (page: Int32Array): boolean => Atomics.load(page, WITHIN_LIMITS) === 1;

/** Milliseconds for which control's own victim is still to be waited for; negative when it is not. */
export const waitMs = (page: Int32Array, nowMs: number): number => (Atomics.load(page, WAIT_UNTIL) - nowMs) | 0;

/**
 * Right before a shot. false when control has begun a turn since `turns` was read: then it acts, and standby must not. Both
 * sides write first and look then, and the operations of Atomics are sequentially consistent, so one of the two sees the
 * other whatever happens.
 */
export const claim = (page: Int32Array, turns: number, nowMs: number): boolean => {
  Atomics.store(page, CLAIMED_AT, nowMs);
  Atomics.store(page, CLAIM, 1);
  if (Atomics.load(page, TURNS) === turns) return true;
  Atomics.store(page, CLAIM, 0);
  return false;
};

/** The shot has been recorded; also for a standby that ended in the middle of one. */
export const unclaim = (page: Int32Array): void => {
  Atomics.store(page, CLAIM, 0);
};

export const record = (page: Int32Array, deed: Deed): void => {
  const count = Atomics.load(page, RECORDS);
  const at = RING + (count % RING_RECORDS) * RECORD_WORDS;
  page[at] = RESCUE_OUTCOMES.indexOf(deed.outcome);
  page[at + 1] = deed.slot;
  page[at + 2] = deed.generation;
  page[at + 3] = deed.pid;
  page[at + 4] = deed.sizeKiB;
  page[at + 5] = deed.isCompanion ? 1 : 0;
  page[at + 6] = deed.errno;
  page[at + 7] = deed.atMs;
  page[at + 8] = deed.lateMs;
  page[at + 9] = deed.memAvailableKiB;
  writeComm(page, at + 10, deed.comm);
  Atomics.store(page, RECORDS, (count + 1) | 0);
};

const readDeed = (page: Int32Array, at: number): Deed => ({
  outcome: RESCUE_OUTCOMES[page[at] as number] as RescueOutcome,
  slot: page[at + 1] as number,
  generation: page[at + 2] as number,
  pid: page[at + 3] as number,
  sizeKiB: page[at + 4] as number,
  isCompanion: page[at + 5] === 1,
  errno: page[at + 6] as number,
  atMs: page[at + 7] as number,
  lateMs: page[at + 8] as number,
  memAvailableKiB: page[at + 9] as number,
  comm: readComm(page, at + 10),
});

/** How many deeds there have been. */
export const deedsOf = (page: Int32Array): number => Atomics.load(page, RECORDS);

/** The deeds after the first `seen`, oldest first. */
export const deedsSince = (page: Int32Array, seen: number): Deed[] => {
  const count = deedsOf(page);
  const deeds: Deed[] = [];
  for (let each = Math.max(seen, count - RING_RECORDS); each < count; each++) {
    deeds.push(readDeed(page, RING + (each % RING_RECORDS) * RECORD_WORDS));
  }
  return deeds;
};
