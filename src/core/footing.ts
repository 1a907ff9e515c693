/** On what footing the ladder stands: the state of a tick as core/act/climb looks at it. */
import { climbDown, followClimb } from './act/climb.ts';
import type { LivelockClass } from './livelock.ts';
import type { State } from './state.ts';
import { ABSENT } from './units.ts';

/** Tasks that wait for memory for more than this share of the time: the host stands still rather than being busy. */
const STALLED_FULL_PERMYRIAD = 1000;

/** "other" is of a cgroup, or of a shortage in which nothing stalls: neither is a reason to climb. */
const OF_HOST: readonly LivelockClass[] = ['after_kill', 'overload', 'before_kill', 'nofs'];
/** A victim that cannot go is there also while the host moves; then tasks have to be seen waiting. */
const STANDSTILL: readonly LivelockClass[] = ['before_kill', 'nofs'];

/** Follows how far up it is; without an episode there is nothing to climb. */
export const followLadder = (state: State, level: number, nowMs: number): void => {
  if (!state.episode.active) {
    climbDown(state.climb);
    return;
  }
  const { livelock, detect } = state;
  const footing = {
    level,
    isLivelocked: OF_HOST.includes(livelock.class) && livelock.killHelps,
    isStalled: STANDSTILL.includes(livelock.class) || detect.signs.fullPermyriad >= STALLED_FULL_PERMYRIAD,
    isNobody: state.nobodyMs !== ABSENT && state.noAction !== 'futile',
    refused: state.refused.length,
  };
  followClimb(state.climb, state.victims, footing, nowMs);
};
