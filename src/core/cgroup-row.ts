/**
 * What cgroup v2 says of one cgroup now: one row, filled again in place. Rates are per second since the last reading of the
 * same cgroup. ABSENT where the kernel has no such file or the value is "max".
 */
import type { ActScope } from './policy.ts';
import { ABSENT } from './units.ts';

export interface CgroupRow {
  /** Below the mount, "/system.slice/db.service". */
  path: string;
  currentKiB: number;
  /** Of its own files; those of the cgroups above bind as well. */
  highKiB: number;
  maxKiB: number;
  swapKiB: number;
  /** memory.events.local, events a second: of the limits of this cgroup itself (Documentation/admin-guide/cgroup-v2.rst). */
  highPerS: number;
  maxPerS: number;
  oomPerS: number;
  /** memory.events: the kernel counts a kill where the victim was, which may be below the limit (memcg_memory_event_mm()). */
  oomKillPerS: number;
  /**
   * Pages that were reclaimed and needed again, below it too (workingset_restore of memory.stat), whoever reclaimed them; read of
   * those at their limit while the host seems to thrash, and known from the second such reading on.
   */
  restoresPerS: number;
  /** memory.pressure by its totals, permyriad of the time since the last reading. */
  somePermyriad: number;
  fullPermyriad: number;
  /** An event of memory.high or memory.max within the last second: between two readings there may be none by chance. */
  isHeldUp: boolean;
  /** cgroup v1: out of memory with oom_kill_disable, its tasks sleep (linux/cgroup/under-oom). Nothing else is known of it then. */
  isUnderOom: boolean;
}

export const emptyCgroupRow = (path: string): CgroupRow => ({
  path,
  currentKiB: ABSENT,
  highKiB: ABSENT,
  maxKiB: ABSENT,
  swapKiB: ABSENT,
  highPerS: ABSENT,
  maxPerS: ABSENT,
  oomPerS: ABSENT,
  oomKillPerS: ABSENT,
  restoresPerS: ABSENT,
  somePermyriad: ABSENT,
  fullPermyriad: ABSENT,
  isHeldUp: false,
  isUnderOom: false,
});

/** The lower of its own two limits, KiB; ABSENT when it has none. */
export const limitKiBOf = ({ highKiB, maxKiB }: CgroupRow): number =>
  highKiB === ABSENT || maxKiB === ABSENT ? Math.max(highKiB, maxKiB) : Math.min(highKiB, maxKiB);

/** An eighth: what a cgroup frees at once when it reaches its limit is less, so one that is at it for long stays above. */
const NEAR_SHARE = 7 / 8;

/** Whether it is near the lower of its own limits, or above it. */
export const isNearLimit = (row: CgroupRow): boolean => {
  const limitKiB = limitKiBOf(row);
  return limitKiB !== ABSENT && row.currentKiB >= limitKiB * NEAR_SHARE;
};

/** Whether its own limits hold somebody up. */
export const isAtLimit = (row: CgroupRow): boolean => row.isHeldUp && isNearLimit(row);

/**
 * The part of a cgroup's path that dies as a whole under `scope`; "" when nothing does: the unit's own cgroup is at the front
 * of the path, the root is never taken, and "/.." is of another cgroup namespace.
 */
export const wholePathOf = (scope: ActScope, cgroup: string, unit: string): string => {
  if (scope === 'process' || cgroup.length < 2 || cgroup.startsWith('/..')) return '';
  if (scope === 'cgroup') return cgroup;
  const at = unit === '' ? -1 : `${cgroup}/`.indexOf(`/${unit}/`);
  return at < 0 ? '' : cgroup.slice(0, at + unit.length + 1);
};

/** Whether `path` is `above` or below it; every path is below "/". */
export const isWithin = (path: string, above: string): boolean =>
  above === '/' ? path.startsWith('/') : path === above || path.startsWith(`${above}/`);
