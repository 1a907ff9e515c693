/**
 * What is read off the loop for core/watch: one reader each, begun only while the last turn says that it is worth it. The
 * composition of those readers; each gives what it found when it is done, and none is waited for.
 */
import type { Observations } from '../../core/observations.ts';
import type { State } from '../../core/state.ts';
import type { Host } from './host.ts';

export interface Watchers {
  /** After each turn: begins what is due. */
  run(nowMs: number): void;
  /** Before each turn: what has come in since the last one. */
  take(into: Observations): void;
  /** A read is under way, perhaps for ever: an ordinary exit would wait for it. */
  isWaiting(): boolean;
}

export const createWatchers = (_host: Host, _state: State): Watchers => ({
  run: () => {},
  take: () => {},
  isWaiting: () => false,
});
