/**
 * /proc/vmstat (mm/vmstat.c), one record a line, so that one read(2) gives at most a page of it; name, space, decimal:
 *
 *     nr_free_pages 6051874
 *     workingset_refault_anon 0          (5.9 and later; before: workingset_refault)
 *     workingset_refault_file 167451
 *     allocstall_dma 0                   (4.8 and later, one a zone type; before: allocstall)
 *     allocstall_normal 0
 *     pgscan_direct 0
 *     pgscan_direct_throttle 0           (events, not pages)
 *     oom_kill 0                         (4.13 and later)
 *
 * Names by version: kernel-facts 4.8. Order differs too: 7.2 has the pgscan and pgsteal lines before pswpin.
 */
import type { Sample } from '../../core/sample.ts';
import { ABSENT } from '../../core/units.ts';
import { indexOfByte, lineEnd, SPACE, uintBetween } from '../bytes.ts';
import { createKeyTable, findKey } from './key-table.ts';
import { faultAt, faultMissing, type ParseFault } from './parse-fault.ts';

const FILE = 'vmstat';

/** Lines with the same field are summed. */
const FIELDS = [
  ['allocstall', 'allocstall'],
  ['allocstall_dma', 'allocstall'],
  ['allocstall_dma32', 'allocstall'],
  ['allocstall_normal', 'allocstall'],
  ['allocstall_high', 'allocstall'],
  ['allocstall_movable', 'allocstall'],
  ['allocstall_device', 'allocstall'],
  ['pgscan_direct', 'pgscanDirect'],
  ['pgsteal_direct', 'pgstealDirect'],
  ['pgscan_kswapd', 'pgscanKswapd'],
  ['pgsteal_kswapd', 'pgstealKswapd'],
  ['workingset_refault', 'refaultFile'],
  ['workingset_refault_file', 'refaultFile'],
  ['workingset_refault_anon', 'refaultAnon'],
  ['workingset_activate', 'activateFile'],
  ['workingset_activate_file', 'activateFile'],
  ['workingset_restore', 'restores'],
  ['workingset_restore_file', 'restores'],
  ['workingset_restore_anon', 'restores'],
  ['pswpin', 'pswpin'],
  ['pswpout', 'pswpout'],
  ['pgmajfault', 'pgmajfault'],
  ['oom_kill', 'oomKill'],
  ['pgscan_direct_throttle', 'directThrottle'],
  ['zswpin', 'zswpin'],
  ['nr_zspages', 'zspages'],
  ['balloon_inflate', 'balloonInflate'],
  ['balloon_deflate', 'balloonDeflate'],
] as const satisfies readonly (readonly [string, keyof Sample])[];

type Field = (typeof FIELDS)[number][1];
export type Vmstat = Pick<Sample, Field>;

// Apart, because taking a pair to pieces makes an iterator for every line.
const NAMES = FIELDS.map(([name]) => name);
const TARGETS: readonly Field[] = FIELDS.map(([, field]) => field);
const KEYS = createKeyTable(NAMES);

export const blankVmstat = (out: Vmstat): void => {
  for (let i = 0; i < TARGETS.length; i++) out[TARGETS[i] as Field] = ABSENT;
};

const scan = (buf: Uint8Array, len: number, out: Vmstat): ParseFault | null => {
  let from = 0;
  while (from < len) {
    const end = lineEnd(buf, from, len);
    if (end === ABSENT) return faultAt(FILE, 'last line', 'cut off', buf, from, len);
    const space = indexOfByte(buf, SPACE, from, end);
    const key = space === ABSENT ? ABSENT : findKey(KEYS, buf, from, space);
    if (key !== ABSENT) {
      const field = TARGETS[key] as Field;
      const value = uintBetween(buf, space + 1, end);
      if (value === ABSENT) return faultAt(FILE, NAMES[key] as string, 'not as the kernel prints it', buf, from, end);
      out[field] = out[field] === ABSENT ? value : out[field] + value;
    }
    from = end + 1;
  }
  // Behind all allocstall lines on 5.10 to 7.2: without it the text is only the beginning, and the sum too small.
  return out.pgmajfault === ABSENT ? faultMissing(FILE, 'pgmajfault') : null;
};

/** Fills `out`; after a fault all its fields are ABSENT. */
export const parseVmstat = (buf: Uint8Array, len: number, out: Vmstat): ParseFault | null => {
  blankVmstat(out);
  const fault = scan(buf, len, out);
  if (fault !== null) blankVmstat(out);
  return fault;
};
