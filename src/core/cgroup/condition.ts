/**
 * What is wrong with one cgroup, by its row alone. All of them are of its own limit: the host may have memory to spare, so
 * none of them is a reason to act outside of it. Measured in guests of 512 MiB (6.1): a leak into memory.high shows 30 high
 * events a second and 43 to 80 % full; a limit with members at -1000 alone 450 oom events a second and no kill.
 */

import type { CgroupCondition } from '../cgroup-event.ts';
import { type CgroupRow, limitKiBOf } from '../cgroup-row.ts';
import { ABSENT } from '../units.ts';

/** A fifth of the time: in a limit that is reclaimed from without trouble all tasks wait for some hundredths of it. */
const THROTTLED_FULL_PERMYRIAD = 2000;
/** As detect.thrash.memory_full: a process that needs more than its limit gives shows 68 %. */
const AT_LIMIT_FULL_PERMYRIAD = 3000;
/** Charges are batched by CPU (MEMCG_CHARGE_BATCH, mm/memcontrol.c), so memory.current may read a little below. */
const AT_LIMIT_SHARE = 0.98;

const isAt = (currentKiB: number, limitKiB: number): boolean =>
  limitKiB !== ABSENT && currentKiB >= limitKiB * AT_LIMIT_SHARE;

/** Out of memory again and again, and nobody is killed: the members are at -1000, or a victim of before cannot go. */
export const isOomLoop = ({ oomPerS, oomKillPerS }: CgroupRow): boolean => oomPerS > 0 && oomKillPerS === 0;

const HOLDS: Readonly<Record<CgroupCondition, (row: CgroupRow) => boolean>> = {
  oom_loop: isOomLoop,
  under_oom: ({ isUnderOom }) => isUnderOom,
  memory_high: ({ highPerS, currentKiB, highKiB, fullPermyriad }) =>
    highPerS > 0 && isAt(currentKiB, highKiB) && fullPermyriad >= THROTTLED_FULL_PERMYRIAD,
  at_limit: ({ maxPerS, currentKiB, maxKiB, fullPermyriad }) =>
    maxPerS > 0 && isAt(currentKiB, maxKiB) && fullPermyriad >= AT_LIMIT_FULL_PERMYRIAD,
};

/** Whether it is so in this reading. */
export const holds = (condition: CgroupCondition, row: CgroupRow): boolean => HOLDS[condition](row);

/**
 * For how long before it is told. A service that starts, or a build, runs into its limit for a moment. An oom loop floods
 * the kernel log from its first second, and one reading of it may lie between an oom and its kill.
 */
export const TOLD_AFTER_MS: Readonly<Record<CgroupCondition, number>> = {
  oom_loop: 2000,
  // Two looks have found it by then.
  under_oom: 0,
  memory_high: 5000,
  at_limit: 10_000,
};

/** The limit that it is about, KiB, and how often a second it was hit. */
export const aboutOf = (condition: CgroupCondition, row: CgroupRow): { limitKiB: number; perS: number } => {
  if (condition === 'memory_high') return { limitKiB: row.highKiB, perS: row.highPerS };
  if (condition === 'oom_loop')
    return { limitKiB: row.maxKiB === ABSENT ? limitKiBOf(row) : row.maxKiB, perS: row.oomPerS };
  return { limitKiB: row.maxKiB, perS: condition === 'under_oom' ? 0 : row.maxPerS };
};
