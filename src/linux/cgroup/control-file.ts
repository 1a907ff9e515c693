/**
 * The files of one cgroup of the v2 tree (Documentation/admin-guide/cgroup-v2.rst, mm/memcontrol.c), each one record:
 *
 *     memory.current, memory.swap.current      "41943040\n", bytes
 *     memory.high, memory.max                  the same, or "max\n"
 *     memory.events, memory.events.local (5.2) "low 0\nhigh 188\nmax 0\noom 0\noom_kill 0\n...", more keys since 5.17
 */
import { ABSENT } from '../../core/units.ts';
import { at, NEWLINE, uintBetween } from '../bytes.ts';
import { createKeyTable } from '../proc/key-table.ts';
import { readCounters } from './counter-lines.ts';

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

const counts = new Float64Array(FIELDS.length);

/** Fills `out`. */
export const parseMemoryEvents = (buf: Uint8Array, len: number, out: MemoryEventCounts): void => {
  readCounters(KEYS, buf, len, counts);
  for (let i = 0; i < FIELDS.length; i++) out[FIELDS[i] as keyof MemoryEventCounts] = counts[i] as number;
};
