/**
 * What is read off the loop for core/watch: one reader each, begun only while the last turn says that it is worth it. The
 * composition of those readers; each gives what it found when it is done, and none is waited for.
 */
import type { OomwatchdEvent } from '../../core/event.ts';
import type { Observations } from '../../core/observations.ts';
import type { State } from '../../core/state.ts';
import { createHolderWatch } from './holder-watch.ts';
import type { Host } from './host.ts';
import { createTaskWatch } from './task-watch.ts';
import { watchCgroups } from './watch-cgroups.ts';
import { watchSwapUse } from './watch-swap-use.ts';
import { watchUnderOom } from './watch-under-oom.ts';
import { createWholeKills } from './whole-kills.ts';

export interface Watchers {
  /** After each turn: begins what is due. */
  run(nowMs: number): void;
  /** Before each turn: what has come in since the last one. */
  take(into: Observations): void;
  /** A read is under way, perhaps for ever: an ordinary exit would wait for it. */
  isWaiting(): boolean;
}

export const createWatchers = (host: Host, state: State, publish: (event: OomwatchdEvent) => void): Watchers => {
  const all: readonly Watchers[] = [
    watchCgroups(host, state, publish),
    watchUnderOom(host, state),
    createHolderWatch(host, state, publish),
    createTaskWatch(host, state),
    watchSwapUse(host, state),
    createWholeKills(host, state, publish),
  ];
  return {
    run: (nowMs) => {
      for (let at = 0; at < all.length; at++) (all[at] as Watchers).run(nowMs);
    },
    take: (into) => {
      for (let at = 0; at < all.length; at++) (all[at] as Watchers).take(into);
    },
    isWaiting: () => all.some((watcher) => watcher.isWaiting()),
  };
};
