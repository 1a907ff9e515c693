/** What is told of the upper rungs of the ladder: SysRq-f, evidence, the last resort. Part of the union in event.ts. */
import type { MemoryFacts } from './event.ts';
import type { LastResort } from './policy.ts';

/**
 * What a press of SysRq-f came to. observed: observe mode; failed: it could not be written; executed: the kernel killed;
 * swallowed: it chose somebody who is dying already; nobody: it said that it found nobody; accepted_but_not_executed: it
 * took the key and killed nobody.
 */
export const SYSRQ_OUTCOMES = [
  'pressed',
  'observed',
  'failed',
  'executed',
  'swallowed',
  'nobody',
  'accepted_but_not_executed',
] as const;
export type SysrqOutcome = (typeof SYSRQ_OUTCOMES)[number];

/**
 * The rungs, lowest first. reap: process_mrelease(2), begun with each SIGKILL. company: everybody who goes along with a
 * victim, signalled with it: who shares its mm, its cgroup.
 */
export const RUNGS = [
  'none',
  'term',
  'kill',
  'reap',
  'company',
  'next_victim',
  'sysrq_f',
  'evidence',
  'last_resort',
] as const;
export type Rung = (typeof RUNGS)[number];

/** What the last resort does. */
export type LastDeed = Exclude<LastResort, 'off'>;

/**
 * A watchdog device that is the last resort. armed: it resets the host unless it is fed; short: likewise, sooner than it was
 * asked to, as it cannot be stopped; refused: it is not used; failed: a write to it did; fed_again: the shortage was over
 * before the last resort took effect; released: stopped, as the daemon ends or policy has changed.
 */
export const WATCHDOG_STATES = ['armed', 'short', 'refused', 'failed', 'fed_again', 'released'] as const;
export type WatchdogState = (typeof WATCHDOG_STATES)[number];

/** What came of putting oom_score_adj back, in processes. */
export interface Restored {
  readonly restored: number;
  /** Those that are gone, and those whose value somebody else has changed meanwhile: left as they are. */
  readonly gone: number;
  readonly changed: number;
  /** Could not be read or written: "pid 4711: EACCES; its oom_score_adj may stay 1000, it was 0". */
  readonly failed: readonly string[];
}

export type LadderEvent =
  /** A press of SysRq-f by the ladder, and what became of each press, also of one that kill-now asked for. */
  | {
      kind: 'sysrq';
      episode: number;
      outcome: SysrqOutcome;
      /** Who died of it, or was expected to; ABSENT when nobody knows. */
      pid: number;
      comm: string;
      /** oom_score_adj of so many processes was changed, so that the kernel chooses whom we would. */
      steered: number;
      /** Since the press. */
      afterMs: number;
      errno: number;
      detail: string;
    }
  /** oom_score_adj that was changed for a press is as it was. by: this daemon, or what an earlier one left is put right. */
  | ({ kind: 'restored'; by: 'verification' | 'start' | 'stop' } & Restored)
  /** A standstill lasts: SysRq keys are pressed for the kernel log, and memory is told. */
  | { kind: 'evidence'; episode: number; keys: string; stalledMs: number; memory: MemoryFacts; sent: boolean }
  | { kind: 'last_resort'; episode: number; action: LastDeed; stalledMs: number; sent: boolean; errno: number }
  | {
      kind: 'watchdog_device';
      state: WatchdogState;
      device: string;
      /** Without being fed for so long it resets the host; ABSENT when it does not say. */
      timeoutMs: number;
      wantedMs: number;
      /** 0, or why: of the call that failed. */
      errno: number;
    };
