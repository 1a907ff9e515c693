/** The index of processes as the loop sees it: kept up in calm times, scanned in an emergency without opening anything. */
import type { ProcessTable } from '../../core/process-table.ts';
import { ABSENT } from '../../core/units.ts';
import { arm } from './arm.ts';
import { descend } from './descend.ts';
import { enrol } from './enrol.ts';
import { identify } from './identify.ts';
import { readArmed } from './read-row.ts';
import { createRound, type RefreshHooks, refresh } from './refresh.ts';
import { scan } from './scan.ts';
import { createSlots, type IndexEnv, type IndexIo, type Slots } from './slots.ts';

export interface ProcessIndex {
  readonly table: ProcessTable;
  readonly slots: Slots;
  /** Works on the current round for `budgetMs`; true when a round was completed. */
  refresh(budgetMs: number): boolean;
  /** Re-reads every kept descriptor into the table. */
  scan(): void;
  /** Reads identity again at once, for a slot that grew faster than the rounds. */
  identify(slot: number): void;
  /**
   * Has one process enrolled, identified and armed, whatever its size; its slot, or ABSENT when it has gone. It stays so as
   * long as it is pinned.
   */
  know(pid: number): number;
  /** Has these processes, their children and those of these known at once, as far as `budgetMs` allows. */
  descend(pids: readonly number[], budgetMs: number): void;
  counts(): { known: number; armed: number; overflow: number; rounds: number };
  close(): void;
}

export interface IndexLimits {
  /** Processes known at the most: each costs about 4.5 KiB of kernel memory. */
  readonly capacity: number;
  /** Processes that a round may choose, to be armed or only looked at again. An armed one costs about 6 KiB more. */
  readonly chosen: number;
}

export const createProcessIndex = (
  io: IndexIo,
  env: IndexEnv,
  hooks: RefreshHooks,
  limits: IndexLimits,
): ProcessIndex => {
  const slots = createSlots(limits.capacity);
  const round = createRound(limits.capacity, limits.chosen);
  round.procFd = io.openDirectory(env.procRoot);
  const know = (pid: number): number => {
    const slot = slots.byPid.get(pid) ?? enrol(io, slots, env.procRoot, pid);
    if (slot === ABSENT || identify(io, slots, env, slot, hooks.nowMs()) < 0) return ABSENT;
    hooks.identified(slot);
    if (arm(io, slots, env, slot) === 0) readArmed(io, slots, slot);
    return slot;
  };
  return {
    table: slots.table,
    slots,
    refresh: (budgetMs) => refresh(io, slots, env, hooks, round, budgetMs),
    scan: () => scan(io, slots),
    identify: (slot) => {
      if (identify(io, slots, env, slot, hooks.nowMs()) === 0) hooks.identified(slot);
    },
    know,
    descend: (pids, budgetMs) =>
      descend({ io, slots, procRoot: env.procRoot, know, nowMs: hooks.nowMs }, pids, budgetMs),
    counts: () => ({ known: slots.table.count, armed: slots.armed, overflow: slots.overflow, rounds: round.rounds }),
    close: () => {
      if (round.procFd >= 0) io.close(round.procFd);
      round.procFd = ABSENT;
      for (const fds of [slots.scoreFd, slots.statusFd, slots.adjFd, slots.pidfd]) {
        for (const fd of fds) if (fd !== ABSENT) io.close(fd);
        fds.fill(ABSENT);
      }
    },
  };
};
