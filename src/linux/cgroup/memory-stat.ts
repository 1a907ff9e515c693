/**
 * memory.stat of cgroup v2 (mm/memcontrol.c, memory_stat_format()): "anon 1048576\n", one counter a line, bytes. Reading it
 * brings the counters of all CPUs up to date for the subtree (rstat), which is why it is read of one's own container alone.
 */
import type { Sample } from '../../core/sample.ts';
import { ABSENT } from '../../core/units.ts';
import { createKeyTable } from '../proc/key-table.ts';
import { readCounters } from './counter-lines.ts';

const FIELDS = [
  ['anon', 'anonPagesKiB'],
  ['shmem', 'shmemKiB'],
  ['slab_unreclaimable', 'slabUnreclaimableKiB'],
  ['pagetables', 'pageTablesKiB'],
  ['file_dirty', 'dirtyKiB'],
  ['file_writeback', 'writebackKiB'],
  ['active_file', 'activeFileKiB'],
  ['inactive_file', 'inactiveFileKiB'],
  ['slab_reclaimable', 'slabReclaimableKiB'],
] as const satisfies readonly (readonly [string, keyof Sample | 'slabReclaimableKiB'])[];

type Field = (typeof FIELDS)[number][1];
export type MemoryStat = Record<Field, number>;

const TARGETS: readonly Field[] = FIELDS.map(([, field]) => field);
const KEYS = createKeyTable(FIELDS.map(([name]) => name));
const BYTES_PER_KIB = 1024;

export const emptyMemoryStat = (): MemoryStat =>
  Object.fromEntries(TARGETS.map((field) => [field, ABSENT])) as MemoryStat;

const counts = new Float64Array(TARGETS.length);

/** Fills `out`. */
export const parseMemoryStat = (buf: Uint8Array, len: number, out: MemoryStat): void => {
  readCounters(KEYS, buf, len, counts);
  for (let i = 0; i < TARGETS.length; i++) {
    const bytes = counts[i] as number;
    out[TARGETS[i] as Field] = bytes === ABSENT ? ABSENT : Math.floor(bytes / BYTES_PER_KIB);
  }
};
