/** What the core wants done and what came of it. linux/executor carries intents out; it makes no choices. */
import type { Dying } from './dying.ts';
import type { Company } from './event.ts';
import type { LastDeed } from './ladder-event.ts';
import type { Remedy } from './remedy.ts';

export interface SignalIntent {
  readonly kind: 'signal';
  readonly signal: 'TERM' | 'KILL';
  readonly slot: number;
  readonly pid: number;
  /** Observe mode: do everything but the last system call. */
  readonly dryRun: boolean;
  /** Why a TERM becomes a KILL; empty for a first signal, whose reason are the detectors. forced: somebody asked for it. fork_storm: it replaces its children as they die. */
  readonly reason: '' | 'term_timeout' | 'kill_mark' | 'forced' | 'fork_storm';
  /** Not "": goes along with the victim in slot `companyOf`. */
  readonly company: Company;
  readonly companyOf: number;
  /** Demanded by a rule for a cgroup, and not by a shortage of the host. */
  readonly isOfCgroup?: true;
}

/** oom_score_adj of one process for the time of a press. */
export interface Steer {
  readonly slot: number;
  readonly pid: number;
  readonly startTimeTicks: number;
  readonly from: number;
  readonly to: number;
}

/** Press SysRq-f: the kernel's own killer, once. */
export interface SysrqIntent {
  readonly kind: 'sysrq_f';
  readonly dryRun: boolean;
  /** Whom the kernel is expected to take; ABSENT and "" when nobody asked the model. */
  readonly slot: number;
  readonly pid: number;
  readonly comm: string;
  readonly sizeKiB: number;
  /** oom_score_adj that is to be changed before, and put back after. */
  readonly steer: readonly Steer[];
}

/** What came of it: 0 or the errno, and how many values were changed. */
export interface Pressed {
  readonly errno: number;
  readonly steered: number;
}

/** The last resort: SysRq-c or SysRq-b, or the watchdog device is left unfed. */
export interface LastResortIntent {
  readonly kind: 'last_resort';
  readonly action: LastDeed;
  readonly dryRun: boolean;
}

export interface DyingTask {
  readonly kind: 'reap' | 'examine';
  readonly dying: Dying;
}

export interface RemedyTask {
  readonly kind: 'remedy';
  readonly remedy: Remedy;
  /** The victim that it is for, null for memory.high. */
  readonly dying: Dying | null;
}

export interface EvidenceTask {
  readonly kind: 'evidence';
  /** SysRq keys. */
  readonly keys: string;
}

/** Done off the loop, after the shot: what may sleep, opens files or prints for long. */
export type Task = DyingTask | EvidenceTask | RemedyTask;

/** Read the process table and call tick again with it and a fresh sample. */
export interface ScanIntent {
  readonly kind: 'scan';
}

export type Intent = SignalIntent | SysrqIntent | LastResortIntent | ScanIntent;

export interface Outcome {
  /** The signal left: false in observe mode and on failure. */
  readonly sent: boolean;
  /** 0, or the errno of the first call that failed. ESRCH: the process had gone, which is good. */
  readonly errno: number;
}

/** errno values the core tells apart (include/uapi/asm-generic/errno-base.h). */
export const EPERM = 1;
export const ESRCH = 3;
