/** What the core wants done and what came of it. linux/executor carries intents out; it makes no choices. */

export interface SignalIntent {
  readonly kind: 'signal';
  readonly signal: 'TERM' | 'KILL';
  readonly slot: number;
  readonly pid: number;
  /** Observe mode: do everything but the last system call. */
  readonly dryRun: boolean;
  /** Why a TERM becomes a KILL; empty for a first signal, whose reason are the detectors. */
  readonly reason: '' | 'term_timeout' | 'kill_mark';
}

/** Read the process table and call tick again with it and a fresh sample. */
export interface ScanIntent {
  readonly kind: 'scan';
}

export type Intent = SignalIntent | ScanIntent;

export interface Outcome {
  /** The signal left: false in observe mode and on failure. */
  readonly sent: boolean;
  /** 0, or the errno of the first call that failed. ESRCH: the process had gone, which is good. */
  readonly errno: number;
}

/** errno values the core tells apart (include/uapi/asm-generic/errno-base.h). */
export const EPERM = 1;
export const ESRCH = 3;
