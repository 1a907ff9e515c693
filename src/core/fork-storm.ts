/**
 * A fork storm: a parent that replaces its children as fast as they die. Killing those never ends the shortage, and by size
 * the parent is never chosen. It is known by what has died, and goes together with all that it has forked.
 *
 * A prefork server, or a make, loses a child or two and is none: the dead must be three, two of the family must be younger
 * than the first death, and those who live must have more memory than anybody else who may be chosen.
 */
import { EXCLUSIONS } from './event.ts';
import type { KernelEvent } from './kernel-event.ts';
import { FLAG, type ProcessTable } from './process-table.ts';
import { rowSizeKiB } from './select/badness.ts';
import { mayDie } from './select/company.ts';
import { isFirstChoice, type Ranking } from './select/rank.ts';
import { ABSENT } from './units.ts';

interface Death {
  readonly pid: number;
  readonly arrival: number;
  readonly session: number;
  /** Parent, its parent and so on, as far as they are known. */
  readonly ancestors: readonly number[];
  readonly atMs: number;
  /** Of the table then: whoever has come since is younger. */
  readonly arrivals: number;
}

export interface ForkStorm {
  /** Oldest first. */
  readonly deaths: Death[];
  /** Slot and pid of those who go together, once the parent has been taken; emptied with the episode. */
  members: ReadonlyMap<number, number>;
  /** Of the table as of the last calm round of the index; ABSENT before. */
  calmArrivals: number;
  /** When it was last told that the parent may not be killed; ABSENT: never. */
  toldMs: number;
}

export const createForkStorm = (): ForkStorm => ({
  deaths: [],
  members: new Map(),
  calmArrivals: ABSENT,
  toldMs: ABSENT,
});

/** Longer than three kills with their hold-off take, shorter than a service needs to be killed thrice by itself. */
const WINDOW_MS = 10_000;
/** One is a leak, two may be the same leak after a restart. */
const DEATHS = 3;
/** A server replaces the one that died. */
const REPLACED = 2;
/** A shell in between, and one around it. */
const ANCESTORS = 3;
/** A storm that the kernel fights makes hundreds. */
const DEATHS_MAX = 64;
/** Their children are looked at between the shots. */
const SUSPECTS_MAX = 2;

/** The row of the process that has this pid and is there; ABSENT. */
const slotOf = (table: ProcessTable, pid: number): number => {
  for (let row = 0; row < table.count; row++) {
    const slot = table.rows[row] as number;
    if (table.pid[slot] === pid && ((table.flags[slot] as number) & FLAG.GONE) === 0) return slot;
  }
  return ABSENT;
};

/** Never the origin of a storm: everybody's ancestor, and those who are no processes. */
const NO_PARENT = FLAG.INIT | FLAG.KTHREAD;

/** A round of the index has ended in calm: who is born from now on is young, and growth counts from here. */
export const noteCalmRound = (storm: ForkStorm, table: ProcessTable): void => {
  storm.calmArrivals = table.arrivals;
  for (let row = 0; row < table.count; row++) {
    const slot = table.rows[row] as number;
    table.calmKiB[slot] = rowSizeKiB(table, slot);
  }
};

const ancestorsOf = (table: ProcessTable, slot: number): number[] => {
  const found: number[] = [];
  for (let at = slot; found.length < ANCESTORS; ) {
    const pid = table.ppid[at] as number;
    // 0: of another pid namespace.
    if (pid <= 1 || found.includes(pid)) break;
    const parent = slotOf(table, pid);
    if (parent !== ABSENT && ((table.flags[parent] as number) & NO_PARENT) !== 0) break;
    found.push(pid);
    if (parent === ABSENT) break;
    at = parent;
  }
  return found;
};

const forgetOld = (deaths: Death[], nowMs: number): void => {
  while (deaths[0] !== undefined && (nowMs - deaths[0].atMs >= WINDOW_MS || deaths.length > DEATHS_MAX)) deaths.shift();
};

/** The process in `slot` has been killed, by whomever, or was gone when it was to be. */
export const noteDeath = ({ deaths }: ForkStorm, table: ProcessTable, slot: number, nowMs: number): void => {
  const pid = table.pid[slot] as number;
  forgetOld(deaths, nowMs);
  if (deaths.some((death) => death.pid === pid)) return;
  const ancestors = ancestorsOf(table, slot);
  if (ancestors.length === 0) return;
  const [session, arrival] = [table.session[slot] as number, table.arrival[slot] as number];
  deaths.push({ pid, arrival, session, ancestors, atMs: nowMs, arrivals: table.arrivals });
};

/** Those that the kernel has killed. `slots`: of the processes that `events` name, ABSENT where there is none. */
export const noteKernelDeaths = (
  storm: ForkStorm,
  events: readonly KernelEvent[],
  slots: readonly number[],
  table: ProcessTable,
  nowMs: number,
): void => {
  for (let at = 0; at < events.length; at++) {
    const slot = slots[at] as number;
    if (slot !== ABSENT && events[at]?.kind === 'killed') noteDeath(storm, table, slot, nowMs);
  }
};

const NOBODY: readonly number[] = [];

/** Whose children are worth a look between the shots: the ancestors of most of the dead, nearest first. */
export const suspectsOf = ({ deaths }: ForkStorm, nowMs: number): readonly number[] => {
  if (deaths.length === 0) return NOBODY;
  forgetOld(deaths, nowMs);
  const counts = new Map<number, number>();
  for (const { ancestors } of deaths) for (const pid of ancestors) counts.set(pid, (counts.get(pid) ?? 0) + 1);
  // The sort is stable: of equals the nearest to a child comes first.
  const byCount = [...counts].sort(([, a], [, b]) => b - a);
  return byCount.slice(0, SUSPECTS_MAX).map(([pid]) => pid);
};

export interface Storm {
  /** The parent's. */
  readonly slot: number;
  /** It may not be killed. */
  readonly isSpared: boolean;
  readonly members: ReadonlyMap<number, number>;
  readonly sizeKiB: number;
}

const LIVING_MASK = FLAG.GONE | FLAG.NO_MM | FLAG.SIGKILL_PENDING;

/** The process in `root` and everybody below it, in its session: a service that a shell has started has its own (setsid(2)). */
const familyOf = (table: ProcessTable, root: number): Map<number, number> => {
  const session = table.session[root];
  const pids = new Set([table.pid[root] as number]);
  const family = new Map([[root, table.pid[root] as number]]);
  for (let before = 0; family.size > before; ) {
    before = family.size;
    for (let row = 0; row < table.count; row++) {
      const slot = table.rows[row] as number;
      if (family.has(slot) || table.session[slot] !== session || !pids.has(table.ppid[slot] as number)) continue;
      if (((table.flags[slot] as number) & FLAG.GONE) !== 0) continue;
      family.set(slot, table.pid[slot] as number);
      pids.add(table.pid[slot] as number);
    }
  }
  return family;
};

const SPARED = (['protected', 'oom_score_adj_min', 'self', 'ancestor', 'outside_scope'] as const).map((reason) =>
  EXCLUSIONS.indexOf(reason),
);

const stormOf = (deaths: readonly Death[], root: number, table: ProcessTable, ranking: Ranking): Storm | null => {
  const pid = table.pid[root] as number;
  const session = table.session[root] as number;
  // An orphan that was only adopted by a subreaper has the session of its true parent.
  const counted = deaths.filter((death) => death.ancestors.includes(pid) && death.session === session);
  const [first] = counted;
  if (first === undefined || counted.length < DEATHS || session === ABSENT) return null;
  const exclusion = ranking.exclusion[root] as number;
  const isSpared = SPARED.includes(exclusion);
  if (!isSpared && !mayDie(exclusion)) return null;
  const members = familyOf(table, root);
  let sizeKiB = 0;
  let replaced = counted.filter((death) => death.arrival > first.arrivals).length;
  for (const slot of members.keys()) {
    if (!mayDie(ranking.exclusion[slot] as number) || ((table.flags[slot] as number) & LIVING_MASK) !== 0) continue;
    sizeKiB += rowSizeKiB(table, slot);
    if ((table.arrival[slot] as number) > first.arrivals) replaced++;
  }
  return replaced < REPLACED ? null : { slot: root, isSpared, members, sizeKiB };
};

/**
 * The storm that is behind the last deaths, or null. `ranking` is of this table. A single process that is larger than the
 * whole family goes first, as ever, and so does one in swapoff(2), which is what eats the memory.
 */
export const findStorm = (
  { deaths }: ForkStorm,
  table: ProcessTable,
  ranking: Ranking,
  minimumKiB: number,
  nowMs: number,
): Storm | null => {
  forgetOld(deaths, nowMs);
  if (deaths.length < DEATHS) return null;
  for (const pid of deaths.at(-1)?.ancestors ?? NOBODY) {
    const root = slotOf(table, pid);
    const storm = root === ABSENT ? null : stormOf(deaths, root, table, ranking);
    if (storm === null) continue;
    if (storm.sizeKiB < minimumKiB) return null;
    const best = ranking.count === 0 ? ABSENT : (ranking.order[0] as number);
    if (best === ABSENT || storm.members.has(best)) return storm;
    return !isFirstChoice(ranking, best) && rowSizeKiB(table, best) <= storm.sizeKiB ? storm : null;
  }
  return null;
};

/** Told again while it lasts. */
const REPEAT_MS = 10_000;

/** Whether it is time to tell that a storm goes on because its parent may not be killed. */
export const isTellable = (storm: ForkStorm, nowMs: number): boolean => {
  if (storm.toldMs !== ABSENT && nowMs - storm.toldMs < REPEAT_MS) return false;
  storm.toldMs = nowMs;
  return true;
};
