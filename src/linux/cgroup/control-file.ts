/**
 * The files of one cgroup of the v2 tree (Documentation/admin-guide/cgroup-v2.rst, mm/memcontrol.c), each one record:
 *
 *     memory.current, memory.swap.current      "41943040\n", bytes
 *     memory.high, memory.max                  the same, or "max\n"
 *     memory.events, memory.events.local (5.2) "low 0\nhigh 188\nmax 0\noom 0\noom_kill 0\n...", more keys since 5.17
 */
import { ABSENT } from '../../core/units.ts';
import { at, lineEnd, NEWLINE, SPACE, uintBetween } from '../bytes.ts';
import { createKeyTable, findKey } from '../proc/key-table.ts';

const BYTES_PER_KIB = 1024;

/** A file of one number of bytes as KiB; ABSENT for "max" and for anything else. */
export const parseBytes = (buf: Uint8Array, len: number): number => {
  if (len < 2 || at(buf, len - 1) !== NEWLINE) return ABSENT;
  const bytes = uintBetween(buf, 0, len - 1);
  return bytes === ABSENT ? ABSENT : Math.floor(bytes / BYTES_PER_KIB);
};

/** Counters since the cgroup was made; ABSENT where the line is missing. */
export interface MemoryEventCounts {
  high: number;
  max: number;
  oom: number;
  oomKill: number;
}

export const emptyMemoryEvents = (): MemoryEventCounts => ({ high: ABSENT, max: ABSENT, oom: ABSENT, oomKill: ABSENT });

const FIELDS: readonly (keyof MemoryEventCounts)[] = ['high', 'max', 'oom', 'oomKill'];
const KEYS = createKeyTable(['high', 'max', 'oom', 'oom_kill']);

/** Fills `out`; lines that are not known, cut off or no number leave their fields ABSENT. */
export const parseMemoryEvents = (buf: Uint8Array, len: number, out: MemoryEventCounts): void => {
  out.high = out.max = out.oom = out.oomKill = ABSENT;
  for (let from = 0; from < len; ) {
    const end = lineEnd(buf, from, len);
    if (end === ABSENT) return;
    let blank = from;
    while (blank < end && at(buf, blank) !== SPACE) blank++;
    const key = findKey(KEYS, buf, from, blank);
    if (key !== ABSENT) out[FIELDS[key] as keyof MemoryEventCounts] = uintBetween(buf, blank + 1, end);
    from = end + 1;
  }
};
