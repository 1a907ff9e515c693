/** Who would be chosen now: told in calm times and while a shortage nears, so that an incident shows who grew before it. */
import type { ProcessFacts } from './event.ts';

/** One candidate for the next kill and how it grew. */
export interface CandidateFacts extends ProcessFacts {
  /** rss + swap against the round before, KiB; 0 when new or not read then. */
  growthKiB: number;
}

/** Who would be chosen now, best first, at most ten; told at the end of a round of the index. */
export interface CandidatesEvent {
  kind: 'candidates';
  /** Processes in the index. */
  known: number;
  top: readonly CandidateFacts[];
}
