/**
 * A process that is known to be dying, whoever killed it: one entry of the victim register. What the kernel has for it
 * (TIF_MEMDIE, signal->oom_mm, MMF_OOM_SKIP) user space cannot see; what /proc shows instead is in kernel-facts 4.1.
 */
import type { Blocker } from './blocker.ts';
import { ABSENT } from './units.ts';

/** standby: our second process, while control did not turn. itself: it was found exiting (PF_EXITING) with its memory still attached, and nobody is known to have killed it. */
export const KILLED_BY = ['oomwatchd', 'standby', 'kernel', 'other', 'itself'] as const;
export type KilledBy = (typeof KILLED_BY)[number];

/**
 * signalled: SIGKILL is pending and no thread has reacted. taken: threads have left for the exit path. exiting: the leader
 * has exited, others hold the memory still. reaped: the memory is given back, the process is not gone. gone: reaped by
 * its parent or all threads exited. stuck: a deadline has passed; nothing waits for it any more.
 */
export const LIVES = ['signalled', 'taken', 'exiting', 'reaped', 'gone', 'stuck'] as const;
export type Life = (typeof LIVES)[number];

/** Why a victim does not go, where /proc shows it. report/wording has the remedies. */
export const STUCK_REASONS = [
  'frozen_v1',
  'fsfreeze',
  'fuse',
  'nfs',
  'device',
  'core_dump',
  'mmap_lock',
  'sharer_alive',
  'traced',
  'unknown',
] as const;
export type StuckReason = (typeof STUCK_REASONS)[number];

/**
 * What process_mrelease(2) came to. hung: it has not returned within its limit, so a thread holds mmap_lock for write.
 * sharer_alive, core_dump, not_dying: EINVAL told apart. unsupported: before 5.15, or filtered.
 */
export const REAP_RESULTS = [
  'released',
  'gone',
  'again',
  'hung',
  'sharer_alive',
  'core_dump',
  'not_dying',
  'unsupported',
  'failed',
] as const;
export type ReapResult = (typeof REAP_RESULTS)[number];

export interface Dying {
  /** Slot in the process table, ABSENT when it could not be enrolled any more. */
  readonly slot: number;
  readonly pid: number;
  readonly comm: string;
  readonly killedBy: KilledBy;
  /** When the SIGKILL was sent, or when we learned of it. */
  readonly sinceMs: number;
  /** Anonymous and swapped memory then, KiB: what its death can return. ABSENT when unknown. */
  readonly sizeKiB: number;
  /** In swapoff(2) or a KSM unmerge: what it does to memory ends with its exit, not with its own few pages. */
  isOrigin: boolean;
  life: Life;
  /** null: not begun; 'again' and 'hung' may still change. */
  reap: ReapResult | 'running' | null;
  reason: StuckReason | null;
  detail: string;
  /** What it waits for, the gentlest remedy first; empty where that is not known for certain. */
  blockers: readonly Blocker[];
  /** An examination has been asked for. */
  examinedMs: number;
  /** Its deadline has passed: nobody waits for it any more (patch 5). */
  isIgnored: boolean;
}

export const newDying = (
  slot: number,
  pid: number,
  comm: string,
  killedBy: KilledBy,
  sizeKiB: number,
  nowMs: number,
): Dying => ({
  slot,
  pid,
  comm,
  killedBy,
  sinceMs: nowMs,
  sizeKiB,
  isOrigin: false,
  life: killedBy === 'itself' ? 'exiting' : 'signalled',
  reap: null,
  reason: null,
  detail: '',
  blockers: [],
  examinedMs: ABSENT,
  isIgnored: false,
});

/** What /proc shows of a dying process now, written in place: descriptors that never block (kernel-facts 4.4). */
export interface Sight {
  pid: number;
  /** All threads have exited, or the kernel answers ESRCH. */
  isGone: boolean;
  /** ShdPnd has SIGKILL: it is a victim (stays set until it is reaped by its parent). */
  isKilled: boolean;
  /** SigPnd of the thread that was looked at has SIGKILL: it has not reacted. */
  isPending: boolean;
  /** The leader is a zombie, other threads live. */
  isLeaderZombie: boolean;
  isCoreDumping: boolean;
  /** Of a thread that still has the mm, KiB; ABSENT when none was seen. */
  rssKiB: number;
  /** 0 for one with oom_score_adj above -990: the kernel gave up on its mm (MMF_OOM_SKIP). ABSENT: not read. */
  oomScore: number;
}

/** What process_mrelease(2) of a process came to, with its tries. */
export interface Reaped {
  readonly pid: number;
  /** Calls so far: what passes by itself is tried again every 100 ms. */
  readonly tries: number;
  readonly result: ReapResult;
  /** 0 or the errno. */
  readonly errno: number;
  readonly durationMs: number;
  /** Resident memory that was there before and not after, KiB. */
  readonly releasedKiB: number;
}

/** Why a process does not go. */
export interface Examined {
  readonly pid: number;
  readonly reason: StuckReason;
  /** "thread 4712 in D, wchan request_wait_answer; fuse connection 42". */
  readonly detail: string;
  readonly blockers: readonly Blocker[];
}

/** A stage in the life of a process that is dying, whoever killed it. */
export interface VictimEvent {
  kind: 'victim';
  episode: number;
  pid: number;
  comm: string;
  killedBy: KilledBy;
  life: Life;
  /** Since the SIGKILL, or since it was first seen. */
  afterMs: number;
  /** ABSENT when unknown. */
  sizeKiB: number;
  /** Why it does not go; null while that is not known or it goes. */
  reason: StuckReason | null;
  detail: string;
}

export interface ReapEvent {
  kind: 'reap';
  episode: number;
  pid: number;
  comm: string;
  result: ReapResult;
  tries: number;
  durationMs: number;
  releasedKiB: number;
}
