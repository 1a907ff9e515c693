/**
 * A sampler of a container's own limit: what a host's sampler says, with the numbers of memory.max and its neighbours in
 * place of those of the host. What only the host has (zones, global reclaim, its kills) is ABSENT, so that nothing that
 * happens elsewhere on it is taken for a shortage of the container; thrash is not judged there for the same reason.
 */
import type { Sample } from '../../core/sample.ts';
import { ABSENT } from '../../core/units.ts';
import { emptyPressure, parsePressure } from '../proc/pressure.ts';
import { blankVmstat } from '../proc/vmstat.ts';
import { blankZoneinfo } from '../proc/zoneinfo.ts';
import type { Sampler } from '../sampler.ts';
import { closeSource, createSource, type DescriptorIo, readSource, reopen, type Source } from '../source.ts';
import { parseBytes } from './control-file.ts';
import { emptyMemoryStat, parseMemoryStat } from './memory-stat.ts';

/** Some 40 counters of 30 bytes. */
const buffer = new Uint8Array(8192);

/**
 * memory.stat is read anew when what was reclaimable at its last reading leaves less than this free: far from the limit a
 * cache that has grown since makes no difference, near it it would pass for memory in use.
 */
const FRESH_BELOW_SHARE = 0.5;

const lower = (a: number, b: number): number => (a === ABSENT || b === ABSENT ? Math.max(a, b) : Math.min(a, b));

/** `directory`: of the container's own cgroup, the root of its namespace. */
export const createLimitSampler = (host: Sampler, directory: string, io: DescriptorIo): Sampler => {
  const source = (name: string): Source => createSource(name, `${directory}/${name}`, name === 'memory.stat');
  const max = source('memory.max');
  const current = source('memory.current');
  const stat = source('memory.stat');
  const memory = source('memory.pressure');
  const swapMax = source('memory.swap.max');
  const swapCurrent = source('memory.swap.current');
  // The last two are missing without swap accounting, which is nothing to tell.
  const told = [max, current, stat, memory];
  const opened = [...told, swapMax, swapCurrent];
  const counts = emptyMemoryStat();
  const pressure = emptyPressure();
  for (const each of opened) reopen(io, each, 0);
  for (const each of told) each.isNews = !each.isUp;

  const readBytes = (from: Source): number => parseBytes(buffer, readSource(io, from, buffer));

  const readStat = (): number => {
    parseMemoryStat(buffer, readSource(io, stat, buffer), counts);
    return Math.max(0, counts.inactiveFileKiB) + Math.max(0, counts.slabReclaimableKiB);
  };
  let reclaimableKiB = readStat();

  /** Of the container, as of the last reading of memory.stat. */
  const copyCounts = (sample: Sample): void => {
    sample.anonPagesKiB = counts.anonPagesKiB;
    sample.shmemKiB = counts.shmemKiB;
    sample.slabUnreclaimableKiB = counts.slabUnreclaimableKiB;
    sample.pageTablesKiB = counts.pageTablesKiB;
    sample.dirtyKiB = counts.dirtyKiB;
    sample.writebackKiB = counts.writebackKiB;
    sample.activeFileKiB = counts.activeFileKiB;
    sample.inactiveFileKiB = counts.inactiveFileKiB;
    sample.mlockedKiB = sample.hugetlbKiB = ABSENT;
  };

  const readMemory = (sample: Sample): void => {
    const totalKiB = readBytes(max);
    const usedKiB = readBytes(current);
    // The limit was taken away since: the host's are the only ones that there are.
    if (totalKiB === ABSENT) return;
    sample.memTotalKiB = lower(totalKiB, sample.memTotalKiB);
    if (usedKiB === ABSENT) {
      sample.memAvailableKiB = sample.memFreeKiB = ABSENT;
      return;
    }
    if (totalKiB - usedKiB + reclaimableKiB < totalKiB * FRESH_BELOW_SHARE) reclaimableKiB = readStat();
    const available = Math.min(totalKiB, Math.max(0, totalKiB - usedKiB + reclaimableKiB));
    copyCounts(sample);
    // The host may run out first, limit or not.
    sample.memAvailableKiB = lower(available, sample.memAvailableKiB);
    sample.memFreeKiB = lower(Math.max(0, totalKiB - usedKiB), sample.memFreeKiB);
  };

  const readSwap = (sample: Sample): void => {
    const limitKiB = readBytes(swapMax);
    const usedKiB = readBytes(swapCurrent);
    if (limitKiB === ABSENT || usedKiB === ABSENT) return;
    sample.swapTotalKiB = lower(limitKiB, sample.swapTotalKiB);
    sample.swapFreeKiB = lower(Math.max(0, limitKiB - usedKiB), sample.swapFreeKiB);
  };

  const readBasics = (sample: Sample): void => {
    host.readBasics(sample);
    sample.oomScoreTotalKiB = sample.memTotalKiB + Math.max(0, sample.swapTotalKiB);
    readMemory(sample);
    readSwap(sample);
    const length = readSource(io, memory, buffer);
    parsePressure(memory.name, buffer, Math.max(0, length), pressure);
    sample.memorySomeUs = pressure.someUs;
    sample.memoryFullUs = pressure.fullUs;
  };
  return {
    readBasics,
    readDetails: (sample) => {
      host.readDetails(sample);
      blankVmstat(sample);
      blankZoneinfo(sample);
    },
    repair: (nowMs) => {
      host.repair(nowMs);
      for (const each of opened) reopen(io, each, nowMs);
    },
    sources: [...host.sources, ...told],
    close: () => {
      host.close();
      for (const each of opened) closeSource(io, each);
    },
  };
};
