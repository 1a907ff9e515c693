/** Files of cgroup v2 with one counter a line, "oom_kill 12\n" (Documentation/admin-guide/cgroup-v2.rst, "flat keyed"). */
import { ABSENT } from '../../core/units.ts';
import { at, lineEnd, SPACE, uintBetween } from '../bytes.ts';
import { findKey, type KeyTable } from '../proc/key-table.ts';

/**
 * Fills `counts`, one for each name of the table. Lines that are not known, cut off or no number leave theirs ABSENT; `len` below
 * 0, as of a failed read, leaves nothing known.
 */
export const readCounters = (table: KeyTable, buf: Uint8Array, len: number, counts: Float64Array): void => {
  counts.fill(ABSENT);
  for (let from = 0; from < len; ) {
    const end = lineEnd(buf, from, len);
    if (end === ABSENT) return;
    let blank = from;
    while (blank < end && at(buf, blank) !== SPACE) blank++;
    const key = findKey(table, buf, from, blank);
    if (key !== ABSENT) counts[key] = uintBetween(buf, blank + 1, end);
    from = end + 1;
  }
};
