/**
 * /proc/meminfo (fs/proc/meminfo.c), one record, "Name:", blanks, decimal, " kB" where kB means KiB; counts have no unit:
 *
 *     MemTotal:       24684096 kB
 *     MemFree:        24213372 kB
 *     MemAvailable:   24351772 kB
 *     ...
 *     HugePages_Total:       0
 *     Hugetlb:               0 kB
 *
 * Which lines there are depends on version and configuration; unknown ones are skipped.
 */
import type { Sample } from '../../core/sample.ts';
import { ABSENT } from '../../core/units.ts';
import { ascii, COLON, digitsEnd, indexOfByte, lineEnd, skipBlanks, startsWith, uintBetween } from '../bytes.ts';
import { createKeyTable, findKey } from './key-table.ts';
import { faultAt, faultMissing, type ParseFault } from './parse-fault.ts';

const FILE = 'meminfo';

const FIELDS = [
  ['MemTotal', 'memTotalKiB'],
  ['MemFree', 'memFreeKiB'],
  ['MemAvailable', 'memAvailableKiB'],
  ['SwapTotal', 'swapTotalKiB'],
  ['SwapFree', 'swapFreeKiB'],
  ['AnonPages', 'anonPagesKiB'],
  ['Shmem', 'shmemKiB'],
  ['SUnreclaim', 'slabUnreclaimableKiB'],
  ['PageTables', 'pageTablesKiB'],
  ['Mlocked', 'mlockedKiB'],
  ['Hugetlb', 'hugetlbKiB'],
  ['Dirty', 'dirtyKiB'],
  ['Writeback', 'writebackKiB'],
  ['Active(file)', 'activeFileKiB'],
  ['Inactive(file)', 'inactiveFileKiB'],
  ['Buffers', 'buffersKiB'],
  ['Cached', 'cachedKiB'],
  ['SwapCached', 'swapCachedKiB'],
  ['Slab', 'slabKiB'],
  ['KernelStack', 'kernelStackKiB'],
  ['SecPageTables', 'secPageTablesKiB'],
  ['Percpu', 'percpuKiB'],
  ['VmallocUsed', 'vmallocUsedKiB'],
  ['Balloon', 'balloonKiB'],
  ['HugePages_Free', 'hugeFreePages'],
  ['Hugepagesize', 'hugePageKiB'],
] as const satisfies readonly (readonly [string, keyof Sample])[];

type Field = (typeof FIELDS)[number][1];
export type Meminfo = Pick<Sample, Field>;

// Apart, because taking a pair to pieces makes an iterator for every line.
const NAMES = FIELDS.map(([name]) => name);
const TARGETS: readonly Field[] = FIELDS.map(([, field]) => field);
const KEYS = createKeyTable(NAMES);
const UNIT = ascii(' kB');
const IS_COUNT = NAMES.map((name) => name.startsWith('HugePages_'));

export const blankMeminfo = (out: Meminfo): void => {
  for (let i = 0; i < TARGETS.length; i++) out[TARGETS[i] as Field] = ABSENT;
};

const scan = (buf: Uint8Array, len: number, out: Meminfo): ParseFault | null => {
  let from = 0;
  while (from < len) {
    const end = lineEnd(buf, from, len);
    if (end === ABSENT) return faultAt(FILE, 'last line', 'cut off', buf, from, len);
    const colon = indexOfByte(buf, COLON, from, end);
    const key = colon === ABSENT ? ABSENT : findKey(KEYS, buf, from, colon);
    if (key !== ABSENT) {
      const field = TARGETS[key] as Field;
      const digits = skipBlanks(buf, colon + 1, end);
      const unit = digitsEnd(buf, digits, end);
      const value = uintBetween(buf, digits, unit);
      const hasUnit = end - unit === UNIT.length && startsWith(buf, unit, end, UNIT);
      if (value === ABSENT || (IS_COUNT[key] === true ? unit !== end : !hasUnit)) {
        return faultAt(FILE, NAMES[key] as string, 'not as the kernel prints it', buf, from, end);
      }
      out[field] = value;
    }
    from = end + 1;
  }
  if (out.memTotalKiB === ABSENT) return faultMissing(FILE, 'MemTotal');
  if (out.memFreeKiB === ABSENT) return faultMissing(FILE, 'MemFree');
  // Since 3.14; everything that decides here stands on it.
  if (out.memAvailableKiB === ABSENT) return faultMissing(FILE, 'MemAvailable');
  return null;
};

/** Fills `out`; after a fault all its fields are ABSENT, because half a picture misleads. */
export const parseMeminfo = (buf: Uint8Array, len: number, out: Meminfo): ParseFault | null => {
  blankMeminfo(out);
  const fault = scan(buf, len, out);
  if (fault !== null) blankMeminfo(out);
  return fault;
};
