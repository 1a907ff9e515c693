/**
 * /proc/meminfo as a balance: what of MemTotal no line of it accounts for. Pages that drivers, a balloon or the ARC of ZFS
 * take with alloc_pages() appear nowhere (kernel-facts 4.8). Read off the loop while memory is short, so as text; the loop
 * has its own parser in linux/proc/meminfo.ts.
 */
import { ABSENT } from '../../core/units.ts';

export interface Balance {
  memTotalKiB: number;
  shmemKiB: number;
  pageTablesKiB: number;
  /** ABSENT when a line that every kernel has is missing. */
  unaccountedKiB: number;
}

/** Each page is in one of these at most (fs/proc/meminfo.c, 5.10 to 7.2). Cached has shmem in it, Slab both kinds. */
const ACCOUNTED = ['MemFree', 'Buffers', 'Cached', 'AnonPages', 'Slab', 'PageTables', 'KernelStack'] as const;
/**
 * SwapCached is on the LRU but not in Cached, Hugetlb in none of the others; the rest is younger than 4.19 or only in
 * some builds. VmallocUsed counts pages since 5.3 and 0 before.
 */
const PERHAPS = ['SwapCached', 'Hugetlb', 'Percpu', 'VmallocUsed', 'SecPageTables', 'Balloon'] as const;

export const parseBalance = (text: string): Balance => {
  const kib = new Map<string, number>();
  for (const [, name, digits] of text.matchAll(/^(\w+): +(\d{1,15}) kB$/gm)) kib.set(name as string, Number(digits));
  const of = (name: string): number => kib.get(name) ?? ABSENT;
  const isWhole = ['MemTotal', ...ACCOUNTED].every((name) => kib.has(name));
  let accountedKiB = 0;
  for (const name of ACCOUNTED) accountedKiB += of(name);
  for (const name of PERHAPS) accountedKiB += Math.max(0, of(name));
  return {
    memTotalKiB: of('MemTotal'),
    shmemKiB: of('Shmem'),
    pageTablesKiB: of('PageTables'),
    unaccountedKiB: isWhole ? Math.max(0, of('MemTotal') - accountedKiB) : ABSENT,
  };
};
