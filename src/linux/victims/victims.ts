/** Dying processes, seen and helped: what the loop asks for each tick, over kept descriptors and the thread pool. */
import type { Dying, Examined, Reaped, Sight } from '../../core/dying.ts';
import { FLAG } from '../../core/process-table.ts';
import { ABSENT } from '../../core/units.ts';
import type { ProcessIndex } from '../index/process-index.ts';
import type { Roots } from '../root.ts';
import { enrolVictim } from './enrol-victim.ts';
import { createExaminer } from './examiner.ts';
import { follow } from './follow.ts';
import { look } from './look.ts';
import { createReaper } from './reaper.ts';
import { closeWatch, hasGone, openWatch, type VictimIo, type Watch } from './watch.ts';

export interface Victims {
  /** Writes what /proc shows of `dying` now into `sight`. Never blocks; after the first time it opens nothing. */
  look(dying: Dying, sight: Sight): void;
  /** Begins process_mrelease(2); its result comes by take(). */
  reap(dying: Dying): void;
  /** Begins to find out why it does not go; the result comes by take(). */
  examine(dying: Dying): void;
  /** Appends what has ended since the last call; deadlines and retries are looked at here, so once a tick. */
  take(reaped: Reaped[], examined: Examined[]): void;
  /** The slot of a process that somebody else killed, armed; ABSENT when it has gone or does not fit. */
  enrol(pid: number): number;
  /** It has gone, so its pid may be another process's by now. */
  isGone(dying: Dying): boolean;
  /** A thread of the pool is in a call that may never return: an ordinary exit would wait for it. */
  isWaiting(): boolean;
  close(): void;
}

/**
 * Threads of the pool that others may hold for long: the PSI poll, a read of stat, a kcmp, an examination, one write each to
 * the pipe, the kernel log and the service manager; and one to work.
 */
const POOL_RESERVED = 8;
const CALLS_MAX = 4;
/** libuv's, without UV_THREADPOOL_SIZE; read by it before any code of ours runs. */
const POOL_DEFAULT = 4;

/** How many reapings may be under way at once with so many threads. */
export const callsFor = (poolThreads: number): number =>
  Math.min(CALLS_MAX, Math.max(1, (poolThreads || POOL_DEFAULT) - POOL_RESERVED));

/** A dying process that nobody has looked at for so long is not in the register any more. */
const FORGOTTEN_MS = 10_000;
const FORGET_EVERY_MS = 1000;
/** All threads may be past the point at which they give up the mm, so the search is not made in every tick. */
const SEARCH_AGAIN_MS = 1000;

export const createVictims = (
  io: VictimIo,
  index: Pick<ProcessIndex, 'table' | 'slots' | 'identify'>,
  roots: Roots,
  nowMs: () => number,
  poolThreads: number,
): Victims => {
  const { table, slots } = index;
  const watches = new Map<Dying, Watch>();
  const reapResults: Reaped[] = [];
  const examineResults: Examined[] = [];

  const watchOf = (dying: Dying): Watch => {
    let watch = watches.get(dying);
    if (watch === undefined) {
      watch = openWatch(io, slots, dying, nowMs());
      watches.set(dying, watch);
    }
    watch.lookedMs = nowMs();
    return watch;
  };
  const followNow = (watch: Watch): Promise<void> => follow(io, roots.proc, watch, nowMs());
  const sharersOf = ({ slot, pid }: Dying): number[] => {
    const found: number[] = [];
    if (slot === ABSENT || table.pid[slot] !== pid || table.mmGroup[slot] === ABSENT) return found;
    for (let row = 0; row < table.count; row++) {
      const other = table.rows[row] as number;
      const isDying = ((table.flags[other] as number) & (FLAG.SIGKILL_PENDING | FLAG.GONE)) !== 0;
      if (other !== slot && table.mmGroup[other] === table.mmGroup[slot] && !isDying)
        found.push(table.pid[other] as number);
    }
    return found;
  };

  const reaper = createReaper(io, nowMs, followNow, callsFor(poolThreads), reapResults);
  const examiner = createExaminer(
    roots,
    nowMs,
    (dying) => ({
      isGone: hasGone(io, watchOf(dying)),
      reap: reaper.lastResult(dying),
      sharers: sharersOf(dying),
    }),
    examineResults,
  );

  let forgetDueMs = 0;
  /** The descriptors of those that nobody looks at any more. */
  const forget = (now: number): void => {
    if (watches.size === 0 || now < forgetDueMs) return;
    forgetDueMs = now + FORGET_EVERY_MS;
    for (const [dying, watch] of watches) {
      const isOld = now - watch.lookedMs >= FORGOTTEN_MS;
      if (watch.uses > 0 || (!watch.isGone && !isOld)) continue;
      closeWatch(io, watch);
      // One that has gone stays known as gone while it is asked for: its pid may be another process's soon.
      if (isOld) watches.delete(dying);
    }
  };

  return {
    look: (dying, sight) => {
      const watch = watchOf(dying);
      const wantsThread = look(io, watch, sight);
      if (sight.isGone) {
        watch.isGone = true;
        if (watch.uses === 0) closeWatch(io, watch);
      }
      const isDue = watch.searchedMs === ABSENT || nowMs() - watch.searchedMs >= SEARCH_AGAIN_MS;
      if (wantsThread && isDue) void followNow(watch);
    },
    reap: (dying) => reaper.reap(dying, watchOf(dying)),
    examine: (dying) => examiner.examine(dying, watchOf(dying).threads),
    take: (reaped, examined) => {
      const now = nowMs();
      reaper.pump(now);
      examiner.pump(now);
      forget(now);
      while (reapResults.length > 0) reaped.push(reapResults.shift() as Reaped);
      while (examineResults.length > 0) examined.push(examineResults.shift() as Examined);
    },
    enrol: (pid) => enrolVictim(io, index, roots.proc, pid),
    isGone: (dying) => hasGone(io, watchOf(dying)),
    isWaiting: () => reaper.isWaiting() || examiner.isWaiting(),
    close: () => {
      for (const watch of watches.values()) closeWatch(io, watch);
      watches.clear();
    },
  };
};
