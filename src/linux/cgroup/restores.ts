/**
 * Of memory.stat of cgroup v2 (mm/memcontrol.c, memcg_stat_format()): how many pages were reclaimed and needed again,
 * "workingset_restore_anon 12\n", "workingset_restore_file 345\n" (5.9; before that "workingset_restore 345\n", 5.2).
 */
import { ABSENT } from '../../core/units.ts';
import { createKeyTable } from '../proc/key-table.ts';
import { readCounters } from './counter-lines.ts';

const KEYS = createKeyTable(['workingset_restore', 'workingset_restore_anon', 'workingset_restore_file']);

const counts = new Float64Array(KEYS.keys.length);

/** Their sum since the cgroup was made; ABSENT where the kernel has none of the lines, or `len` tells of a failed read. */
export const parseRestores = (buf: Uint8Array, len: number): number => {
  readCounters(KEYS, buf, len, counts);
  let sum: number = ABSENT;
  for (const count of counts) if (count !== ABSENT) sum = Math.max(0, sum) + count;
  return sum;
};
