/** On what footing the ladder stands: the state of a tick as core/act/climb looks at it. */
import { climbDown, followClimb } from './act/climb.ts';
import type { State } from './state.ts';
import { ABSENT } from './units.ts';

/** Tasks that wait for memory for more than this share of the time: the host stands still rather than being busy. */
const STALLED_FULL_PERMYRIAD = 1000;

/** Follows how far up it is; without an episode there is nothing to climb. */
export const followLadder = (state: State, level: number, nowMs: number): void => {
  if (!state.episode.active) {
    climbDown(state.climb);
    return;
  }
  const { livelock, detect } = state;
  const isKind = livelock.class !== 'none' && livelock.class !== 'overload';
  const footing = {
    level,
    isLivelocked: livelock.class !== 'none' && livelock.killHelps,
    isStalled: isKind || detect.signs.fullPermyriad >= STALLED_FULL_PERMYRIAD,
    isNobody: state.nobodyMs !== ABSENT && state.noAction !== 'futile',
    refused: state.refused.length,
  };
  followClimb(state.climb, state.victims, footing, nowMs);
};
