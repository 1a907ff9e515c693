/**
 * Follows the cgroups that are worth a look from reading to reading: since when something is wrong with one, and when that
 * is told. What is remembered is bounded by the rows of one reading.
 */

import { CGROUP_CONDITIONS, type CgroupCondition } from '../cgroup-event.ts';
import type { CgroupRow } from '../cgroup-row.ts';
import type { OomwatchdEvent } from '../event.ts';
import type { CgroupMembers } from '../observations.ts';
import { ABSENT } from '../units.ts';
import { aboutOf, holds, TOLD_AFTER_MS } from './condition.ts';
import { type CgroupStall, createCgroupStall } from './stall.ts';

interface Trouble {
  readonly path: string;
  readonly condition: CgroupCondition;
  readonly sinceMs: number;
  /** Since when it is asked who is in it, to go on without an answer; ABSENT: it is not. */
  askedMs: number;
  /** When it was last told; ABSENT: not yet. */
  toldMs: number;
  serial: number;
}

export interface CgroupWatch {
  readonly stall: CgroupStall;
  /** Whether cgroups are to be read often now. */
  isStalling: boolean;
  serial: number;
  /** Of the last reading that was taken in. */
  readSerial: number;
  readonly troubles: Trouble[];
  /** Whose members are to be looked at; "" nobody's. */
  wanted: string;
  /** Times of the last lines, for a bound on their rate. */
  budgetMs: number;
  budgetLeft: number;
}

export const createCgroupWatch = (): CgroupWatch => ({
  stall: createCgroupStall(),
  isStalling: false,
  serial: 0,
  readSerial: 0,
  troubles: [],
  wanted: '',
  budgetMs: ABSENT,
  budgetLeft: 0,
});

/** The same again after this: it stays so until somebody does something, and a line a minute is a reminder. */
const REPEAT_MS = 60_000;
/** A node whose hundred pods all hit their limits is told of by the first of them. */
const LINES = 8;
const LINES_PER_MS = 10_000;
/** The kernel may be slow to list members; who is in it is worth this long a wait and no longer. */
const MEMBERS_WAIT_MS = 2000;

const mayTell = (watch: CgroupWatch, nowMs: number): boolean => {
  if (watch.budgetMs === ABSENT || nowMs - watch.budgetMs >= LINES_PER_MS) {
    watch.budgetMs = nowMs;
    watch.budgetLeft = LINES;
  }
  return watch.budgetLeft-- > 0;
};

const tell = (
  trouble: Trouble,
  row: CgroupRow | null,
  members: CgroupMembers | null,
  nowMs: number,
): OomwatchdEvent => {
  const { path, condition, sinceMs } = trouble;
  const about = row === null ? { limitKiB: ABSENT, perS: 0 } : aboutOf(condition, row);
  return {
    kind: 'cgroup',
    path,
    condition,
    holds: row !== null,
    forMs: nowMs - sinceMs,
    currentKiB: row?.currentKiB ?? ABSENT,
    limitKiB: about.limitKiB,
    perS: Math.round(about.perS),
    fullPermyriad: row?.fullPermyriad ?? ABSENT,
    processes: members?.processes ?? ABSENT,
    unkillable: members?.unkillable ?? ABSENT,
    members: members?.text ?? '',
  };
};

const findTrouble = ({ troubles }: CgroupWatch, path: string, condition: CgroupCondition): Trouble | undefined =>
  troubles.find((trouble) => trouble.path === path && trouble.condition === condition);

/** Asks who is in it; true when the answer is there, or does not come: several may ask at once. */
const isAnswered = (watch: CgroupWatch, trouble: Trouble, members: CgroupMembers | null, nowMs: number): boolean => {
  if (members?.path === trouble.path) return true;
  watch.wanted = trouble.path;
  if (trouble.askedMs === ABSENT) trouble.askedMs = nowMs;
  return nowMs - trouble.askedMs >= MEMBERS_WAIT_MS;
};

/** One new reading. Appends what is to be told. */
export const followCgroups = (
  watch: CgroupWatch,
  rows: readonly CgroupRow[],
  members: CgroupMembers | null,
  nowMs: number,
  events: OomwatchdEvent[],
): void => {
  watch.serial++;
  for (const row of rows) {
    for (const condition of CGROUP_CONDITIONS) {
      if (!holds(condition, row)) continue;
      const { path } = row;
      let trouble = findTrouble(watch, path, condition);
      if (trouble === undefined) {
        trouble = { path, condition, sinceMs: nowMs, askedMs: ABSENT, toldMs: ABSENT, serial: 0 };
        watch.troubles.push(trouble);
      }
      trouble.serial = watch.serial;
      const isDue =
        trouble.toldMs === ABSENT
          ? nowMs - trouble.sinceMs >= TOLD_AFTER_MS[condition]
          : nowMs - trouble.toldMs >= REPEAT_MS;
      // An oom loop is all about who is in it; for the others it is an afterthought.
      if (!isDue || (condition === 'oom_loop' && !isAnswered(watch, trouble, members, nowMs))) continue;
      if (!mayTell(watch, nowMs)) continue;
      trouble.toldMs = nowMs;
      trouble.askedMs = ABSENT;
      events.push(tell(trouble, row, members?.path === path ? members : null, nowMs));
    }
  }
  for (let at = watch.troubles.length - 1; at >= 0; at--) {
    const trouble = watch.troubles[at] as Trouble;
    if (trouble.serial === watch.serial) continue;
    watch.troubles.splice(at, 1);
    if (trouble.path === watch.wanted) watch.wanted = '';
    if (trouble.toldMs !== ABSENT && mayTell(watch, nowMs)) events.push(tell(trouble, null, null, nowMs));
  }
};
