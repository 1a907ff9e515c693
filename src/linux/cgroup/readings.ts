/**
 * Readings of the kept cgroups, a slice at a time on the loop: only reads of kept descriptors, nothing is opened. A reading
 * is done when every cgroup has been read once; its rows are those that are worth a look.
 */
import { type CgroupRow, isNearLimit } from '../../core/cgroup-row.ts';
import { ABSENT } from '../../core/units.ts';
import type { Directory } from './directory.ts';
import { type CgroupIo, closeEntry, type Entry, readEntry } from './entry.ts';

/** Some dozens: who is below this rank in a shortage is not what it is about. */
const ROWS_MAX = 48;
/** A hundredth of the time. Less is what any cgroup with a limit has. */
const SOME_PERMYRIAD = 100;
/** A flush of counters each, which may be those of the whole tree (5.16 to 6.7): one or two cgroups are what it is about as a rule. */
const STATS_MAX = 8;
/** So many entries between two looks at the clock: some 100 microseconds. */
const BATCH = 8;

export interface Wanted {
  /** All but those that a rule names are left out. */
  readonly onlyNamed: boolean;
  /** Also what comes back within those at their limit. */
  readonly withStats: boolean;
}

export interface Readings {
  /** Reads on until `isOver`; true when a reading was completed. */
  advance(nowMs: number, wanted: Wanted, isOver: () => boolean): boolean;
  /** Of the last complete reading: named ones first, then by the time in which all tasks waited. */
  readonly rows: CgroupRow[];
}

const isWorthALook = (row: CgroupRow): boolean =>
  row.somePermyriad >= SOME_PERMYRIAD || row.highPerS > 0 || row.maxPerS > 0 || row.oomPerS > 0 || isNearLimit(row);

const weightOf = ({ fullPermyriad, somePermyriad, oomPerS }: CgroupRow): number =>
  (oomPerS > 0 ? 1e9 : 0) + Math.max(0, fullPermyriad) * 2 + Math.max(0, somePermyriad);

/** `isNamed`: whether a rule names this path. */
export const createReadings = (io: CgroupIo, directory: Directory, isNamed: (path: string) => boolean): Readings => {
  const rows: CgroupRow[] = [];
  let pending: Entry[] = [];
  let cursor = 0;
  let statsLeft = 0;

  const complete = (onlyNamed: boolean): void => {
    const named: CgroupRow[] = [];
    const others: CgroupRow[] = [];
    for (const { row } of directory.entries.values()) {
      if (isNamed(row.path)) named.push(row);
      else if (!onlyNamed && isWorthALook(row)) others.push(row);
    }
    others.sort((a, b) => weightOf(b) - weightOf(a));
    rows.length = 0;
    rows.push(...named.sort((a, b) => weightOf(b) - weightOf(a)), ...others);
    rows.length = Math.min(rows.length, ROWS_MAX);
  };

  return {
    rows,
    advance: (nowMs, { onlyNamed, withStats }, isOver) => {
      if (cursor === 0) {
        statsLeft = STATS_MAX;
        pending = [...directory.entries.values()];
        if (onlyNamed) pending = pending.filter(({ row }) => isNamed(row.path));
      }
      while (cursor < pending.length) {
        const entry = pending[cursor++] as Entry;
        const { path } = entry.row;
        // Closed by a walk since the reading began, or the cgroup has gone.
        if (directory.entries.get(path) !== entry) continue;
        if (!readEntry(io, entry, nowMs, withStats && statsLeft > 0)) {
          closeEntry(io, entry);
          directory.entries.delete(path);
        }
        if (entry.restores !== ABSENT) statsLeft--;
        if (cursor % BATCH === 0 && isOver()) return false;
      }
      cursor = 0;
      pending = [];
      complete(onlyNamed);
      return true;
    },
  };
};
