/** When the index of processes is brought up to date: in calm times, within a budget, and not right after a shot. */
import { isDue, never, takeTurn } from '../core/due.ts';
import { noteCalmRound, suspectsOf } from '../core/fork-storm.ts';
import type { Sample } from '../core/sample.ts';
import type { State } from '../core/state.ts';
import { areStrangersLikely } from '../core/strangers.ts';
import { ABSENT } from '../core/units.ts';
import { LEVEL } from '../core/verdict.ts';
import type { Index } from './ports.ts';

/**
 * A calm round every half minute: with 150 processes some 3 ms of work, a hundredth of a percent of a core. Memory that
 * begins to shrink within ten seconds of its end, or nears a mark, is an approach, in which rounds follow one another.
 */
const CALM_ROUND_MS = 30_000;
/** Near the marks, but memory does not shrink. */
const STEADY_ROUND_MS = 2000;
/** A shortage in which nobody may be chosen can last for days: somebody new is found within a second. */
const NOBODY_ROUND_MS = 1000;
/** Exhaustion nearer than this: one round after the other. */
const HURRY_MS = 10_000;
/** A slice in calm times, and one when a shortage approaches and the index must be fresh before the verdict. */
const CALM_BUDGET_MS = 2;
const APPROACH_BUDGET_MS = 3;
/** Between two shots: some ten children that were not known before. */
const DESCENT_BUDGET_MS = 4;
/** Opening files allocates: with more than a tenth of the time stalled a refresh would stall the loop as well. */
const REFRESH_MAX_FULL_PERMYRIAD = 1000;
/** After a kill memory returns first: a refresh right after one stalled a prototype for 2.3 s. */
const REFRESH_AFTER_SIGNAL_MS = 1000;

/** A leak that nears fast has rounds follow one another: who grows is told as often as near the marks otherwise. */
const TELL_EVERY_MS = STEADY_ROUND_MS;

/**
 * A whole round before the shot, when nobody who is known can be the cause, or when it is forced: in calm times the last one may
 * be half a minute old. A kernel short of memory may need longer.
 */
const STRANGERS_BUDGET_MS = 150;
/** Between two such rounds: a shortage may be of a kind that no process explains. */
const STRANGERS_EVERY_MS = 1000;

export interface Upkeep {
  /** Works on the index when it is time. */
  run(nowMs: number): void;
  /** Right before a shot: a round at once, if somebody unknown must be there; whether there was one. */
  lookForStrangers(sample: Sample, nowMs: () => number): boolean;
  /** A selection is forced: a round at once, unless memory is short or a shot is to bring some back. */
  lookAround(nowMs: () => number): void;
  /** A signal was sent. */
  shot(nowMs: number): void;
}

/** `tellCandidates`: a round has ended, and there is time to say who would be chosen now. */
export const createUpkeep = (index: Index, state: State, tellCandidates: () => void): Upkeep => {
  const roundEnd = never();
  const lastSignal = never();
  const strangers = never();
  const told = never();

  const roundEveryMs = (): number => {
    if (state.nobodyMs !== ABSENT) return NOBODY_ROUND_MS;
    if (state.level !== LEVEL.APPROACH) return CALM_ROUND_MS;
    const { exhaustionMs } = state.detect.verdict;
    return exhaustionMs !== ABSENT && exhaustionMs <= HURRY_MS ? 0 : STEADY_ROUND_MS;
  };

  /** The children of whoever has lost some: in a storm they are younger than any round, and innocents would be chosen. */
  const descend = (nowMs: number): void => {
    const { deaths } = state.forkStorm;
    if (deaths.length === 0) return;
    const suspects = suspectsOf(state.forkStorm, nowMs);
    const stalls = state.detect.signs.fullPermyriad > REFRESH_MAX_FULL_PERMYRIAD;
    // After one death it is most likely a leak that is over: not worth a stall of the loop.
    if (suspects.length === 0 || (stalls && deaths.length < 2)) return;
    index.descend(suspects, DESCENT_BUDGET_MS);
  };

  const round = (beganMs: number, nowMs: () => number): void => {
    const leftMs = (): number => beganMs + STRANGERS_BUDGET_MS - nowMs();
    // A round that was under way may have listed who there was already.
    if (index.refresh(STRANGERS_BUDGET_MS) && leftMs() > 0) index.refresh(leftMs());
  };

  return {
    run: (nowMs) => {
      descend(nowMs);
      const { fullPermyriad } = state.detect.signs;
      const emergency = state.level >= LEVEL.TERM || fullPermyriad > REFRESH_MAX_FULL_PERMYRIAD;
      // With nobody to choose there is no shot to keep the way clear for: only somebody new can help.
      if (emergency && state.nobodyMs === ABSENT) return;
      if (!isDue(lastSignal, REFRESH_AFTER_SIGNAL_MS, nowMs) || !isDue(roundEnd, roundEveryMs(), nowMs)) return;
      const budgetMs = state.level >= LEVEL.APPROACH ? APPROACH_BUDGET_MS : CALM_BUDGET_MS;
      if (!index.refresh(budgetMs)) return;
      roundEnd.ms = nowMs;
      if (state.level === LEVEL.CALM) noteCalmRound(state.forkStorm, index.table);
      if (state.level < LEVEL.TERM && takeTurn(told, TELL_EVERY_MS, nowMs)) tellCandidates();
    },
    lookForStrangers: (sample, nowMs) => {
      const { calm, detect } = state;
      // In a thrash a round takes seconds, and whoever thrashes is known.
      if (detect.signs.fullPermyriad > REFRESH_MAX_FULL_PERMYRIAD) return false;
      if (!areStrangersLikely(index.table, sample, calm)) return false;
      const beganMs = nowMs();
      if (!takeTurn(strangers, STRANGERS_EVERY_MS, beganMs)) return false;
      round(beganMs, nowMs);
      return true;
    },
    lookAround: (nowMs) => {
      const beganMs = nowMs();
      const isShort = state.level >= LEVEL.TERM || state.detect.signs.fullPermyriad > REFRESH_MAX_FULL_PERMYRIAD;
      if (!isShort && isDue(lastSignal, REFRESH_AFTER_SIGNAL_MS, beganMs)) round(beganMs, nowMs);
    },
    shot: (nowMs) => {
      lastSignal.ms = nowMs;
    },
  };
};
