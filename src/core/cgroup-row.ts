/**
 * What cgroup v2 says of one cgroup now: one row, filled again in place. Rates are per second since the last reading of the
 * same cgroup. ABSENT where the kernel has no such file or the value is "max".
 */
export interface CgroupRow {
  /** Below the mount, "/system.slice/db.service". */
  path: string;
  currentKiB: number;
  /** Of its own files; those of the cgroups above bind as well. */
  highKiB: number;
  maxKiB: number;
  swapKiB: number;
  /** memory.events.local, events a second (Documentation/admin-guide/cgroup-v2.rst). */
  highPerS: number;
  maxPerS: number;
  oomPerS: number;
  oomKillPerS: number;
  /** memory.pressure by its totals, permyriad of the time since the last reading. */
  somePermyriad: number;
  fullPermyriad: number;
}
