/**
 * Of memory.stat of cgroup v2 (mm/memcontrol.c, memcg_stat_format()): how many pages were reclaimed and needed again,
 * "workingset_restore_anon 12\n", "workingset_restore_file 345\n" (5.9; before that "workingset_restore 345\n", 5.2).
 */
import { ABSENT } from '../../core/units.ts';
import { at, lineEnd, SPACE, uintBetween } from '../bytes.ts';
import { createKeyTable, findKey } from '../proc/key-table.ts';

const KEYS = createKeyTable(['workingset_restore', 'workingset_restore_anon', 'workingset_restore_file']);

/** Their sum since the cgroup was made; ABSENT where the kernel has none of the lines, or `len` tells of a failed read. */
export const parseRestores = (buf: Uint8Array, len: number): number => {
  let sum: number = ABSENT;
  for (let from = 0; from < len; ) {
    const end = lineEnd(buf, from, len);
    if (end === ABSENT) return sum;
    let blank = from;
    while (blank < end && at(buf, blank) !== SPACE) blank++;
    const count = findKey(KEYS, buf, from, blank) === ABSENT ? ABSENT : uintBetween(buf, blank + 1, end);
    if (count !== ABSENT) sum = Math.max(0, sum) + count;
    from = end + 1;
  }
  return sum;
};
