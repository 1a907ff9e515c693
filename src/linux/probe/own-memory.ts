/** How well the memory of a daemon, or of this process, is protected: resource limits, its cgroup v2, swap. */
import type { Finding } from '../../core/event.ts';
import { ABSENT } from '../../core/units.ts';
import { softLimitOf } from '../proc/limits.ts';
import { type FileMapping, parseSelfMaps } from '../proc/self-maps.ts';
import { parseSwaps, type SwapArea } from '../proc/swaps.ts';
import { CAPABILITY, foundOf, type Host, hasCapability, ok, type Probe, textOf, warn } from './host.ts';

const MIB = 1024 * 1024;
/** Control is held to 56 MiB by its tests; page tables and kernel buffers come on top. */
const NEEDED_BYTES = 64 * MIB;
/** Control and report together, with room for a heap that grows under load. */
const COMFORTABLE_BYTES = 192 * MIB;
/** One descriptor a known process, four for each of 64 candidates, and pipes. */
const NEEDED_FILES = 8192;

const mib = (bytes: number): string => (bytes === Number.POSITIVE_INFINITY ? 'max' : `${Math.floor(bytes / MIB)} MiB`);

export const probeLimits: Probe = (host) => {
  const limits = textOf(`${host.roots.proc}/${host.subject.directory}/limits`) ?? '';
  const of = (found: string): string => foundOf(found, host, false);
  const mappings: FileMapping[] = [];
  // Of this process, whoever is looked at: it is the same program, and maps of another one can block (kernel-facts 0.5).
  parseSelfMaps(`${textOf(`${host.roots.proc}/self/maps`) ?? ''}\n`.replace(/^\n$/, ''), mappings);
  const needed = mappings.reduce((sum, { start, end }) => sum + end - start, 0);
  const memlock = softLimitOf(limits, 'Max locked memory');
  const files = softLimitOf(limits, 'Max open files');
  const findings: Finding[] = [];
  if (hasCapability(host, CAPABILITY.IPC_LOCK) || memlock >= needed) {
    findings.push(ok('memlock_limit', of(mib(memlock)), `${mib(needed)} of code can be locked`));
  } else {
    const meaning = `of ${mib(needed)} of code only so much stays in memory: it runs late when the host thrashes`;
    findings.push(warn('memlock_limit', of(mib(Math.max(0, memlock))), meaning, 'LimitMEMLOCK=infinity in the unit'));
  }
  const meaning = 'descriptors of all processes can be kept open';
  if (files >= NEEDED_FILES) findings.push(ok('file_limit', of(String(files)), meaning));
  else {
    const few = 'descriptors of only so many processes can be kept: the others are found late or not at all';
    findings.push(
      warn('file_limit', of(files === ABSENT ? 'unknown' : String(files)), few, 'LimitNOFILE=65536 in the unit'),
    );
  }
  return findings;
};

const swapAreas = (host: Host): readonly SwapArea[] => {
  const areas: SwapArea[] = [];
  // Without CONFIG_SWAP there is no such file.
  const text = textOf(`${host.roots.proc}/swaps`);
  if (text !== null) parseSwaps(`${text}\n`, areas);
  return areas;
};

export const probeSwap: Probe = (host) => {
  const areas = swapAreas(host);
  if (areas.length === 0) return [ok('swap', 'none', 'anonymous memory stays in RAM; only MemAvailable counts')];
  const found = areas.map(({ path, sizeKiB }) => `${path} ${Math.floor(sizeKiB / 1024)} MiB`).join(', ');
  const isCompressed = areas.some(({ path }) => path.startsWith('/dev/zram'));
  const meaning = isCompressed
    ? 'swap is compressed RAM: what is free in it is not free memory'
    : 'swap delays exhaustion; both MemAvailable and SwapFree count';
  return [ok('swap', found, meaning)];
};

/** The smallest value of a limit file on the way from the cgroup up to the top level: that is what holds. */
const smallestOnTheWay = (host: Host, file: string): number => {
  let smallest = Number.POSITIVE_INFINITY;
  let directory = host.cgroupDirectory;
  while (directory.length > host.roots.cgroup.length) {
    const text = textOf(`${directory}/${file}`);
    // No such file: the controller is not enabled there, so nothing is set.
    const value = text === 'max' || text === null ? Number.POSITIVE_INFINITY : Number(text);
    if (text === null && file === 'memory.min') return 0;
    smallest = Math.min(smallest, value);
    directory = directory.slice(0, directory.lastIndexOf('/'));
  }
  return smallest;
};

/**
 * memory.min counts only as far as the parents' reach: effective_protection() in mm/page_counter.c (before 6.9:
 * mm/memcontrol.c) gives a cgroup no more than its parent has, so MemoryMin= in a slice without one is nothing.
 */
const probeMinimum = (host: Host): Finding => {
  const own = Number(textOf(`${host.cgroupDirectory}/memory.min`) ?? 0);
  const effective = host.cgroupDirectory === host.roots.cgroup ? 0 : smallestOnTheWay(host, 'memory.min');
  if (effective >= NEEDED_BYTES)
    return ok('memory_min', foundOf(mib(effective), host, true), 'its memory is not reclaimed');
  const found = own > effective ? `${mib(own)}, but a parent has ${mib(effective)}` : mib(effective);
  const meaning = 'its own memory is reclaimed like any other: it acts late when the host thrashes';
  return warn(
    'memory_min',
    foundOf(found, host, true),
    meaning,
    'MemoryMin=64M and Slice=-.slice in the unit (or MemoryMin= in its slice too)',
  );
};

export const probeOwnCgroup: Probe = (host) => {
  const hasSwap = swapAreas(host).length > 0;
  const isUnswappable = host.cgroupDirectory !== '' && smallestOnTheWay(host, 'memory.swap.max') === 0;
  const of = (found: string): string => foundOf(found, host, true);
  const findings: Finding[] = [];
  if (!hasSwap || isUnswappable)
    findings.push(ok('own_swap', isUnswappable ? of('forbidden') : 'no swap', 'its heap stays in RAM'));
  else {
    const meaning = 'its heap may be swapped out: it acts late when the host swaps';
    findings.push(warn('own_swap', of('allowed'), meaning, 'MemorySwapMax=0 in the unit (cgroup v2)'));
  }
  if (host.cgroupDirectory === '') return findings;
  findings.push(probeMinimum(host));
  const maximum = smallestOnTheWay(host, 'memory.max');
  findings.push(
    maximum >= COMFORTABLE_BYTES
      ? ok('memory_max', of(mib(maximum)), 'its own cgroup does not run out first')
      : warn(
          'memory_max',
          of(mib(maximum)),
          'the kernel may kill it for its own limit',
          'MemoryMax=infinity in the unit',
        ),
  );
  return findings;
};
