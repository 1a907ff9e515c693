/**
 * What is watched beside the marks, once a turn: each watcher takes the turn's sample and what was found out off the loop,
 * and adds to the events. Nothing here chooses a victim; what it finds is asked for by core/choose-from.
 */
import type { TickOutput } from './output.ts';
import type { Policy } from './policy.ts';
import type { State } from './state.ts';
import type { TickInputs } from './tick.ts';

/** One turn of every watcher, in the order in which they build on each other. */
export const watch = (
  _state: State,
  _inputs: TickInputs,
  _policy: Policy,
  _nowMs: number,
  _out: TickOutput,
): void => {};
