/**
 * Fills the Sample of a tick from the system files, through kept descriptors and one buffer. readBasics is for every
 * tick (2 system calls), readDetails is added when the caller wants the rest; neither opens anything. Fields that were not
 * read in this tick are ABSENT, never those of an earlier one.
 */
import type { Sample } from '../core/sample.ts';
import { emptySample } from '../core/sample.ts';
import { ABSENT } from '../core/units.ts';
import { uintBetween } from './bytes.ts';
import { blankMeminfo, parseMeminfo } from './proc/meminfo.ts';
import { faultText, type ParseFault } from './proc/parse-fault.ts';
import { blankPressure, emptyPressure, parsePressure } from './proc/pressure.ts';
import { blankVmstat, parseVmstat } from './proc/vmstat.ts';
import { blankZoneinfo, parseZoneinfo } from './proc/zoneinfo.ts';
import type { Roots } from './root.ts';
import {
  closeSource,
  createSource,
  type DescriptorIo,
  EMSGSIZE,
  readSource,
  reopen,
  type Source,
  type SourceState,
  setDown,
  setUp,
} from './source.ts';

export interface Sampler {
  /** meminfo and pressure/memory; blanks what readDetails would fill. */
  readBasics(sample: Sample): void;
  /** vmstat, zoneinfo, pressure/io, pressure/cpu and vm.oom_kill_allocating_task, on top of readBasics. */
  readDetails(sample: Sample): void;
  /** Opens again what failed, at most once a second each. Allocates in the kernel: never during an emergency. */
  repair(nowMs: number): void;
  /** One an input file, in a fixed order; control tells those with isNews and clears it. */
  readonly sources: readonly SourceState[];
  close(): void;
}

const BUFFER_BYTES = 64 * 1024;
/** zoneinfo has about 150 bytes for each CPU and zone: 1 MiB on a machine with 8 nodes and 256 CPUs each. */
const BUFFER_LIMIT_BYTES = 4 * 1024 * 1024;

/**
 * A number and a newline (kernel/sysctl.c, proc_dointvec()). No more: for a file of /proc/sys the kernel takes as much memory as
 * is asked for, whatever there is to read (fs/proc/proc_sysctl.c, proc_sys_call_handler(), kvzalloc(count + 1)), and with 64 KiB
 * the loop hung there for 19 s in a livelock.
 */
const NUMBER_BYTES = 32;

const settle = (source: Source, fault: ParseFault | null): void => {
  if (fault === null) setUp(source);
  else setDown(source, 0, () => faultText(fault));
};

/** Opens the sources and reads each once, so that the buffers that the kernel keeps with a descriptor exist. */
export const createSampler = (roots: Roots, io: DescriptorIo): Sampler => {
  const source = (name: string, isChunked = false) => createSource(name, `${roots.proc}/${name}`, isChunked);
  const meminfo = source('meminfo');
  const memory = source('pressure/memory');
  const vmstat = source('vmstat', true);
  const zoneinfo = source('zoneinfo', true);
  const ioWait = source('pressure/io');
  const cpu = source('pressure/cpu');
  const sources = [meminfo, memory, vmstat, zoneinfo, ioWait, cpu];
  // Not told when it is missing, as in a container with /proc/sys masked: nothing depends on it but a wait.
  const allocatingTask = source('sys/vm/oom_kill_allocating_task');
  const opened = [...sources, allocatingTask];
  const pressure = emptyPressure();
  const number = new Uint8Array(NUMBER_BYTES);
  let buf = new Uint8Array(BUFFER_BYTES);

  const readPressure = (from: Source): void => {
    const length = readSource(io, from, buf);
    if (length < 0) blankPressure(pressure);
    else settle(from, parsePressure(from.name, buf, length, pressure));
  };

  const readBasics = (sample: Sample): void => {
    const length = readSource(io, meminfo, buf);
    if (length < 0) blankMeminfo(sample);
    else settle(meminfo, parseMeminfo(buf, length, sample));
    readPressure(memory);
    sample.memorySomeUs = pressure.someUs;
    sample.memoryFullUs = pressure.fullUs;
    blankVmstat(sample);
    blankZoneinfo(sample);
    sample.ioSomeUs = sample.ioFullUs = sample.cpuSomeUs = ABSENT;
    sample.oomKillAllocatingTask = ABSENT;
  };

  const readDetails = (sample: Sample): void => {
    const counters = readSource(io, vmstat, buf);
    if (counters < 0) blankVmstat(sample);
    else settle(vmstat, parseVmstat(buf, counters, sample));
    const zones = readSource(io, zoneinfo, buf);
    if (zones < 0) blankZoneinfo(sample);
    else settle(zoneinfo, parseZoneinfo(buf, zones, sample));
    readPressure(ioWait);
    sample.ioSomeUs = pressure.someUs;
    sample.ioFullUs = pressure.fullUs;
    readPressure(cpu);
    sample.cpuSomeUs = pressure.someUs;
    const length = readSource(io, allocatingTask, number);
    sample.oomKillAllocatingTask = length > 0 ? uintBetween(number, 0, length - 1) : ABSENT;
  };

  const growBuffer = (): boolean => {
    const isTooSmall = sources.some(({ isUp, errno }) => !isUp && errno === EMSGSIZE);
    if (!isTooSmall || buf.length >= BUFFER_LIMIT_BYTES) return false;
    buf = new Uint8Array(buf.length * 2);
    return true;
  };

  const repair = (nowMs: number): void => {
    growBuffer();
    for (const each of opened) reopen(io, each, nowMs);
  };

  for (const each of opened) reopen(io, each, 0);
  const trial = emptySample();
  do {
    readBasics(trial);
    readDetails(trial);
  } while (growBuffer());
  // A buffer that had to grow first is nothing to tell.
  for (const each of sources) each.isNews = !each.isUp;

  return {
    readBasics,
    readDetails,
    repair,
    sources,
    close: () => {
      for (const each of opened) closeSource(io, each);
    },
  };
};
