/**
 * One tick's numbers of the whole system. Every field is a plain number and ABSENT (-1) where the kernel does not offer
 * it or it was not read in this tick, so that one object is filled again and again without allocating.
 */
import { ABSENT } from './units.ts';

export interface Sample {
  /** /proc/meminfo, KiB. */
  memTotalKiB: number;
  memFreeKiB: number;
  memAvailableKiB: number;
  swapTotalKiB: number;
  swapFreeKiB: number;
  anonPagesKiB: number;
  shmemKiB: number;
  slabUnreclaimableKiB: number;
  pageTablesKiB: number;
  mlockedKiB: number;
  hugetlbKiB: number;
  dirtyKiB: number;
  writebackKiB: number;
  activeFileKiB: number;
  inactiveFileKiB: number;
  buffersKiB: number;
  cachedKiB: number;
  swapCachedKiB: number;
  slabKiB: number;
  kernelStackKiB: number;
  secPageTablesKiB: number;
  percpuKiB: number;
  vmallocUsedKiB: number;
  /** Since 6.18. */
  balloonKiB: number;
  /** Huge pages that nobody has mapped, a count, and the size of one. */
  hugeFreePages: number;
  hugePageKiB: number;

  /**
   * RAM + swap of the host, of which oom_score is a share, where the sample is of a container's limit; ABSENT: the sample is
   * of the host.
   */
  oomScoreTotalKiB: number;

  /** /proc/pressure/*, total stall time since boot in microseconds. */
  memorySomeUs: number;
  memoryFullUs: number;
  ioSomeUs: number;
  ioFullUs: number;
  cpuSomeUs: number;

  /** /proc/vmstat, events since boot (sums over zones where the kernel splits them). */
  allocstall: number;
  pgscanDirect: number;
  pgstealDirect: number;
  pgscanKswapd: number;
  pgstealKswapd: number;
  refaultFile: number;
  refaultAnon: number;
  activateFile: number;
  /** Refaulted pages that were in the working set when they were reclaimed: the loss that PSI waits for (mm/workingset.c). */
  restores: number;
  pswpin: number;
  pswpout: number;
  pgmajfault: number;
  oomKill: number;
  /** Tasks that were put to sleep because the reserves were used up (throttle_direct_reclaim(), mm/vmscan.c). */
  directThrottle: number;
  /** Pages that came back from zswap, which pswpin does not count. */
  zswpin: number;
  /** Pages that hold compressed memory now (zsmalloc): of zram and zswap. */
  zspages: number;
  /** Pages that a balloon driver took and gave back. */
  balloonInflate: number;
  balloonDeflate: number;

  /**
   * /proc/zoneinfo, pages, sums over populated zones; unreclaimableNodes counts nodes where kswapd gave up. Usable is
   * free less what the zone keeps from ordinary allocations (the largest of its protection): ZONE_DMA always looks free.
   */
  zoneFreePages: number;
  zoneUsablePages: number;
  zoneMinPages: number;
  zoneLowPages: number;
  zoneHighPages: number;
  unreclaimableNodes: number;

  /** vm.oom_kill_allocating_task: not 0, and the kernel kills whoever allocates, without waiting for earlier victims. */
  oomKillAllocatingTask: number;

  /** This process: how late the tick began after its due time, and major faults since start (getrusage(2) ru_majflt). */
  tickLateMs: number;
  ownMajorFaults: number;
}

/** A sample in which nothing has been read yet. */
export const emptySample = (): Sample => ({
  memTotalKiB: ABSENT,
  memFreeKiB: ABSENT,
  memAvailableKiB: ABSENT,
  swapTotalKiB: ABSENT,
  swapFreeKiB: ABSENT,
  anonPagesKiB: ABSENT,
  shmemKiB: ABSENT,
  slabUnreclaimableKiB: ABSENT,
  pageTablesKiB: ABSENT,
  mlockedKiB: ABSENT,
  hugetlbKiB: ABSENT,
  dirtyKiB: ABSENT,
  writebackKiB: ABSENT,
  activeFileKiB: ABSENT,
  inactiveFileKiB: ABSENT,
  oomScoreTotalKiB: ABSENT,
  buffersKiB: ABSENT,
  cachedKiB: ABSENT,
  swapCachedKiB: ABSENT,
  slabKiB: ABSENT,
  kernelStackKiB: ABSENT,
  secPageTablesKiB: ABSENT,
  percpuKiB: ABSENT,
  vmallocUsedKiB: ABSENT,
  balloonKiB: ABSENT,
  hugeFreePages: ABSENT,
  hugePageKiB: ABSENT,
  memorySomeUs: ABSENT,
  memoryFullUs: ABSENT,
  ioSomeUs: ABSENT,
  ioFullUs: ABSENT,
  cpuSomeUs: ABSENT,
  allocstall: ABSENT,
  pgscanDirect: ABSENT,
  pgstealDirect: ABSENT,
  pgscanKswapd: ABSENT,
  pgstealKswapd: ABSENT,
  refaultFile: ABSENT,
  refaultAnon: ABSENT,
  activateFile: ABSENT,
  restores: ABSENT,
  pswpin: ABSENT,
  pswpout: ABSENT,
  pgmajfault: ABSENT,
  oomKill: ABSENT,
  directThrottle: ABSENT,
  zswpin: ABSENT,
  zspages: ABSENT,
  balloonInflate: ABSENT,
  balloonDeflate: ABSENT,
  zoneFreePages: ABSENT,
  zoneUsablePages: ABSENT,
  zoneMinPages: ABSENT,
  zoneLowPages: ABSENT,
  zoneHighPages: ABSENT,
  unreclaimableNodes: ABSENT,
  oomKillAllocatingTask: ABSENT,
  tickLateMs: 0,
  ownMajorFaults: ABSENT,
});
