/**
 * Everything that is told to people and Prometheus: one union of plain JSON objects. report/wording.ts has the words,
 * report/metrics.ts the counters; nothing else knows either.
 */
import type { CandidatesEvent } from './candidates-event.ts';
import type { CgroupEvent } from './cgroup-event.ts';
import type { ReapEvent, VictimEvent } from './dying.ts';
import type { Holder } from './holder.ts';
import type { KernelTold } from './kernel-event.ts';
import type { LadderEvent } from './ladder-event.ts';
import type { LivelockEvent } from './livelock.ts';
import type { OwnProcessEvent } from './own-process-event.ts';
import type { RankedEvent } from './ranked-event.ts';
import type { RemedyEvent } from './remedy.ts';
import type { StallEvent } from './stall-event.ts';

/** What control did about a detected shortage, or why it did nothing. */
export const NO_ACTION_REASONS = [
  'no_candidate',
  'all_protected',
  'below_minimum_size',
  'budget_exhausted',
  'observe_mode',
  'no_privilege',
  'recovered_while_selecting',
  'victim_vanished',
  'waiting_for_victim',
  'futile',
  'fork_storm',
  'sysrq_would_fail',
  'sysrq_would_hit_protected',
] as const;
export type NoActionReason = (typeof NO_ACTION_REASONS)[number];

/** Why a process is not a candidate. Order is that of the checks. */
export const EXCLUSIONS = [
  'kernel_thread',
  'init',
  'gone',
  'self',
  'ancestor',
  'no_mm',
  'oom_score_adj_min',
  'unidentified',
  'protected',
  'outside_scope',
  'already_victim',
  'exiting',
  'mm_group',
  'hidden_from_kernel',
  'below_minimum_size',
] as const;
export type Exclusion = (typeof EXCLUSIONS)[number];

/** calm: nothing; approach: descriptors are brought up to date, nothing is signalled; term, kill: act. */
export const LEVELS = ['calm', 'approach', 'term', 'kill'] as const;
export type Level = (typeof LEVELS)[number];

/** Which detector is behind a level. */
export const DETECTORS = ['mem_available', 'swap_free', 'thrash', 'forecast'] as const;
export type Detector = (typeof DETECTORS)[number];

/** recovered: level left and memory came; partial: less than expected; not_returned: gone without return; stuck: not gone. */
export const VERIFY_VERDICTS = ['recovered', 'partial', 'not_returned', 'stuck'] as const;
export type VerifyVerdict = (typeof VERIFY_VERDICTS)[number];

export interface ProcessFacts {
  pid: number;
  comm: string;
  startTimeTicks: number;
  uid: number;
  unit: string;
  exe: string;
  rssKiB: number;
  swapKiB: number;
  pageTablesKiB: number;
  oomScoreAdj: number;
  badnessPages: number;
}

export interface MemoryFacts {
  memTotalKiB: number;
  memAvailableKiB: number;
  memFreeKiB: number;
  swapTotalKiB: number;
  swapFreeKiB: number;
}

/** What a request for a forced selection came to. */
export const FORCED_OUTCOMES = ['signalled', 'observed', 'nobody', 'refused', 'pressed', 'not_pressed'] as const;
export type ForcedOutcome = (typeof FORCED_OUTCOMES)[number];

/**
 * Who is killed along with a victim: those who share its mm, those of its cgroup with memory.oom.group, those of the cgroup or
 * unit that a rule takes as a whole, and whom it has forked in a fork storm.
 */
export const COMPANIES = ['', 'mm_group', 'oom_group', 'cgroup', 'unit', 'fork_storm'] as const;
export type Company = (typeof COMPANIES)[number];

/** One of the six corrections that mattered in a choice. */
export interface CorrectionFacts {
  /** Its number in the series, 1 to 6. */
  patch: number;
  id: string;
  pid: number;
  comm: string;
  /** "passed over: a victim already", "first choice: in swapoff". */
  effect: string;
}

/** One line of `doctor`, also told once at start for everything that is not "ok". */
export interface Finding {
  name: string;
  /** fatal: enforcing would be unsafe; warn: works with less; ok: as it should be. */
  status: 'ok' | 'warn' | 'fatal';
  found: string;
  meaning: string;
  remedy: string;
}

export type OomwatchdEvent =
  | {
      kind: 'started';
      version: string;
      mode: 'observe' | 'enforce';
      pid: number;
      configHash: string;
      files: readonly string[];
      memory: MemoryFacts;
    }
  | { kind: 'finding'; finding: Finding }
  | { kind: 'rehearsed'; durationMs: number; ok: boolean; detail: string }
  | { kind: 'policy_loaded'; configHash: string; mode: 'observe' | 'enforce'; files: readonly string[] }
  | { kind: 'policy_rejected'; errors: readonly string[] }
  /**
   * fault: false for one that is down, that a host may lack, and that has not been there since the start; else it should be
   * mended. A control of an older version, under a new reporter after an upgrade in place, does not say.
   */
  | { kind: 'source'; name: string; up: boolean; fault?: boolean; detail: string }
  | {
      kind: 'level';
      from: Level;
      to: Level;
      detectors: readonly Detector[];
      memory: MemoryFacts;
      /** Milliseconds to exhaustion at the present slope, ABSENT when memory is not shrinking. */
      exhaustionMs: number;
      memoryFullPermyriad: number;
    }
  | { kind: 'episode_started'; episode: number; firstSignMs: number; detectors: readonly Detector[] }
  | { kind: 'episode_ended'; episode: number; durationMs: number; signals: number; returnedKiB: number }
  | RankedEvent
  | {
      kind: 'signal';
      episode: number;
      signal: 'TERM' | 'KILL';
      /** The detectors that demanded it, or why a TERM became a KILL ("term_timeout", "kill_mark"). */
      reason: string;
      victim: ProcessFacts;
      memory: MemoryFacts;
      /** false in observe mode: everything was done but the last system call. */
      sent: boolean;
      /** 0 or the errno of pidfd_send_signal(2). */
      errno: number;
      /** From the start of the tick that brought the verdict to the return of the system call. */
      sinceVerdictMs: number;
      /** Not "": killed in the company of the chosen one, whose pid is `companyOf`. */
      company: Company;
      companyOf: number;
    }
  | {
      kind: 'verify';
      episode: number;
      pid: number;
      comm: string;
      afterMs: number;
      expectedKiB: number;
      returnedKiB: number;
      exited: boolean;
      /** null while still watched. */
      verdict: VerifyVerdict | null;
    }
  | CandidatesEvent
  | { kind: 'no_action'; episode: number; reason: NoActionReason; detail: string; memory: MemoryFacts }
  /** Memory that no death returns makes the shortage: who has it, largest first. None: the shortage is over. */
  | { kind: 'holders'; heldKiB: number; holders: readonly Holder[]; memory: MemoryFacts }
  | VictimEvent
  | ReapEvent
  | RemedyEvent
  | KernelTold
  | LadderEvent
  | { kind: 'forced'; by: 'socket' | 'SIGUSR2'; reason: string; outcome: ForcedOutcome; pid: number; detail: string }
  | CgroupEvent
  | OwnProcessEvent
  | StallEvent
  | LivelockEvent
  | { kind: 'late'; lateMs: number; majorFaults: number }
  | { kind: 'dropped'; count: number }
  | { kind: 'stopping'; signal: string };

/** An event with the time control made it: CLOCK_REALTIME milliseconds for people, monotonic for order. */
export type StampedEvent = OomwatchdEvent & { readonly timeMs: number; readonly monotonicMs: number };
