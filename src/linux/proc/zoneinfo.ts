/**
 * /proc/zoneinfo (mm/vmstat.c, zoneinfo_show_print), one record a NUMA node, so that one read(2) may give only the
 * first nodes:
 *
 *     Node 0, zone    DMA32
 *       per-node stats                    (only under the node's first populated zone)
 *           nr_inactive_anon 1587
 *       pages free     41252
 *             boost    0
 *             min      287
 *             low      358
 *             high     429
 *             spanned  61440
 *             present  61440
 *             managed  50889
 *             protection: (0, 0, 0, 0, 0)
 *       pagesets
 *         cpu: 0
 *                   high:  4708           (with a colon: not the watermark)
 *       node_unreclaimable:  0            (1: kswapd failed 16 times in a row and gave up on the node)
 *       start_pfn:           4096
 *
 * An unpopulated zone (present 0) ends after "protection:", and may still show watermarks: min, low and high of an empty
 * Movable zone are 32 on Debian's 6.12 and 7.2. It is left out of the sums.
 */
import type { Sample } from '../../core/sample.ts';
import { ABSENT } from '../../core/units.ts';
import { ascii, digitsEnd, lineEnd, skipBlanks, startsWith, uintBetween, wordEnd } from '../bytes.ts';
import { createKeyTable, findKey } from './key-table.ts';
import { faultAt, faultMissing, type ParseFault } from './parse-fault.ts';

const FILE = 'zoneinfo';

export type Zoneinfo = Pick<
  Sample,
  'zoneFreePages' | 'zoneUsablePages' | 'zoneMinPages' | 'zoneLowPages' | 'zoneHighPages' | 'unreclaimableNodes'
>;

const ZONE_FIELDS = ['free', 'min', 'low', 'high', 'present', 'unreclaimable'] as const;
const KEYS = createKeyTable(['pages', 'min', 'low', 'high', 'present', 'node_unreclaimable:', 'Node', 'protection:']);
const NODE_KEY = 6;
const PROTECTION_KEY = 7;
const FREE = ascii('free');

/** The zone being read, and the last node counted as unreclaimable: reused, because parsing never overlaps. */
const zone = { free: ABSENT, min: ABSENT, low: ABSENT, high: ABSENT, present: ABSENT, unreclaimable: ABSENT };
let kept = 0;
let isInZone = false;
let node = ABSENT;
let countedNode = ABSENT;

export const blankZoneinfo = (out: Zoneinfo): void => {
  out.zoneFreePages = ABSENT;
  out.zoneUsablePages = ABSENT;
  out.zoneMinPages = ABSENT;
  out.zoneLowPages = ABSENT;
  out.zoneHighPages = ABSENT;
  out.unreclaimableNodes = ABSENT;
};

/** The largest number of "(0, 2996, 23949, 23949)": lowmem_reserve against the allocations that may use any zone. */
const largestOf = (buf: Uint8Array, from: number, end: number): number => {
  let largest = 0;
  for (let i = from; i < end; ) {
    const stop = digitsEnd(buf, i, end);
    if (stop > i) largest = Math.max(largest, uintBetween(buf, i, stop));
    i = stop + 1;
  }
  return largest;
};

const beginZone = (): void => {
  kept = 0;
  for (let i = 0; i < ZONE_FIELDS.length; i++) zone[ZONE_FIELDS[i] as (typeof ZONE_FIELDS)[number]] = ABSENT;
};

/** Adds the finished zone; the name of the line that it lacks, or null. */
const endZone = (out: Zoneinfo): string | null => {
  if (!isInZone) return null;
  if (zone.present === ABSENT) return 'present';
  if (zone.present === 0) return null;
  for (let i = 0; i < ZONE_FIELDS.length; i++) {
    const field = ZONE_FIELDS[i] as (typeof ZONE_FIELDS)[number];
    if (zone[field] === ABSENT) return field === 'unreclaimable' ? 'node_unreclaimable' : field;
  }
  const isFirst = out.zoneFreePages === ABSENT;
  out.zoneFreePages = (isFirst ? 0 : out.zoneFreePages) + zone.free;
  out.zoneUsablePages = (isFirst ? 0 : out.zoneUsablePages) + Math.max(0, zone.free - kept);
  out.zoneMinPages = (isFirst ? 0 : out.zoneMinPages) + zone.min;
  out.zoneLowPages = (isFirst ? 0 : out.zoneLowPages) + zone.low;
  out.zoneHighPages = (isFirst ? 0 : out.zoneHighPages) + zone.high;
  if (isFirst) out.unreclaimableNodes = 0;
  // Every populated zone repeats the line of its node.
  if (zone.unreclaimable > 0 && countedNode !== node) {
    out.unreclaimableNodes++;
    countedNode = node;
  }
  return null;
};

const scan = (buf: Uint8Array, len: number, out: Zoneinfo): ParseFault | null => {
  let from = 0;
  while (from < len) {
    const end = lineEnd(buf, from, len);
    if (end === ABSENT) return faultAt(FILE, 'last line', 'cut off', buf, from, len);
    const word = skipBlanks(buf, from, end);
    const stop = wordEnd(buf, word, end);
    const key = findKey(KEYS, buf, word, stop);
    let value = skipBlanks(buf, stop, end);
    if (key === NODE_KEY) {
      const missing = endZone(out);
      if (missing !== null) return faultMissing(FILE, missing);
      isInZone = true;
      node = uintBetween(buf, value, digitsEnd(buf, value, end));
      if (node === ABSENT) return faultAt(FILE, 'Node', 'not as the kernel prints it', buf, from, end);
      beginZone();
    } else if (key === PROTECTION_KEY) {
      kept = largestOf(buf, value, end);
    } else if (key !== ABSENT) {
      if (key === 0 && startsWith(buf, value, end, FREE)) value = skipBlanks(buf, value + FREE.length, end);
      const field = ZONE_FIELDS[key] as (typeof ZONE_FIELDS)[number];
      zone[field] = uintBetween(buf, value, end);
      if (zone[field] === ABSENT) return faultAt(FILE, field, 'not as the kernel prints it', buf, from, end);
    }
    from = end + 1;
  }
  const missing = endZone(out);
  if (missing !== null) return faultMissing(FILE, missing);
  return out.zoneFreePages === ABSENT ? faultMissing(FILE, 'a populated zone') : null;
};

/** Fills `out`; after a fault all its fields are ABSENT. */
export const parseZoneinfo = (buf: Uint8Array, len: number, out: Zoneinfo): ParseFault | null => {
  blankZoneinfo(out);
  isInZone = false;
  countedNode = ABSENT;
  const fault = scan(buf, len, out);
  if (fault !== null) blankZoneinfo(out);
  return fault;
};
