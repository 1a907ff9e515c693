/** A forced selection: the manual SysRq-f with the six corrections, asked for by a person (kill-now, SIGUSR2). */
import type { CorrectionFacts, ForcedOutcome, ProcessFacts } from './event.ts';

export interface ForcedRequest {
  readonly by: 'socket' | 'SIGUSR2';
  /** Why, in the words of whoever asks; at most 200 characters, not trusted. */
  readonly reason: string;
  /** Choose and tell, signal nobody. */
  readonly observe: boolean;
  /** Press SysRq-f instead of sending a signal: the kernel kills, as act.sysrq_f has it and nobody who is protected. */
  readonly sysrq: boolean;
}

export interface ForcedAnswer {
  readonly outcome: ForcedOutcome;
  /** Who was chosen, or whom the kernel takes as far as its model tells; null: nobody. */
  readonly victim: ProcessFacts | null;
  /** Who went along with it. */
  readonly company: readonly number[];
  readonly corrections: readonly CorrectionFacts[];
  /** Why nothing was done, or the errno. */
  readonly detail: string;
}
