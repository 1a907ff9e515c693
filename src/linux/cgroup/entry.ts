/**
 * One cgroup whose files are kept open. A kept descriptor belongs to this very cgroup: once that is removed every read
 * answers ENODEV, also where another one of the same name has taken its place (fs/kernfs/file.c, kernfs_get_active()).
 * Reads take no lock that a cgroup in trouble could hold. memory.stat, which flushes counters of all CPUs and takes a page for
 * its text, is read of those at their limit only, and while that decides something.
 */
import { open } from 'node:fs';
import { type CgroupRow, emptyCgroupRow, isAtLimit } from '../../core/cgroup-row.ts';
import { ABSENT, WHOLE_PERMYRIAD } from '../../core/units.ts';
import { emptyPressure, parsePressure } from '../proc/pressure.ts';
import { emptyMemoryEvents, type MemoryEventCounts, parseBytes, parseMemoryEvents } from './control-file.ts';
import { parseRestores } from './restores.ts';

/** The calls that are needed of sys/libc.ts; results are values or -errno. */
export interface CgroupIo {
  preadAt0(fd: number, buffer: Uint8Array, length: number): number;
  close(fd: number): number;
}

const CURRENT = 0;
const PRESSURE = 1;
const HIGH = 2;
const MAX = 3;
const LOCAL = 4;
const EVENTS = 5;
const SWAP = 6;
const STAT = 7;
const NAMES = [
  'memory.current',
  'memory.pressure',
  'memory.high',
  'memory.max',
  'memory.events.local',
  'memory.events',
  'memory.swap.current',
  'memory.stat',
] as const;

export interface Entry {
  readonly row: CgroupRow;
  /** By file, ABSENT where there is none. */
  readonly fds: Int32Array;
  /** As of the last reading; ABSENT before the first. */
  readMs: number;
  readonly local: MemoryEventCounts;
  oomKill: number;
  /** When a limit of its own was last seen to hold somebody up; ABSENT: never. */
  heldUpMs: number;
  /** ABSENT: not read the last time. */
  restores: number;
  someUs: number;
  fullUs: number;
  /** Of the walk that has last found it. */
  walk: number;
}

/** open(2) on a thread of the pool: it allocates. ABSENT when it fails: no such file, or the cgroup has gone. */
const openOne = (path: string): Promise<number> =>
  new Promise((resolve) => open(path, 'r', (error, fd) => resolve(error === null ? fd : ABSENT)));

/** Opens memory.current; null for a cgroup without memory controller. The rest is opened when it is worth keeping. */
export const openEntry = async (directory: string, path: string): Promise<Entry | null> => {
  const current = await openOne(`${directory}/${NAMES[CURRENT]}`);
  if (current === ABSENT) return null;
  const fds = new Int32Array(NAMES.length).fill(ABSENT);
  fds[CURRENT] = current;
  return {
    row: emptyCgroupRow(path),
    fds,
    readMs: ABSENT,
    local: emptyMemoryEvents(),
    oomKill: ABSENT,
    heldUpMs: ABSENT,
    restores: ABSENT,
    someUs: ABSENT,
    fullUs: ABSENT,
    walk: 0,
  };
};

/** Opens the files that are not open yet; memory.stat of those that have a limit. */
export const openRest = async (io: CgroupIo, { fds }: Entry, directory: string): Promise<void> => {
  for (let at = 0; at < NAMES.length; at++) {
    const isWanted =
      at !== STAT || readBytes(io, fds[HIGH] as number) !== ABSENT || readBytes(io, fds[MAX] as number) !== ABSENT;
    if (fds[at] === ABSENT && isWanted) fds[at] = await openOne(`${directory}/${NAMES[at]}`);
  }
};

export const closeEntry = (io: CgroupIo, { fds }: Entry): void => {
  for (const fd of fds) if (fd !== ABSENT) io.close(fd);
  fds.fill(ABSENT);
};

/** Eleven keys of memory.events with 20 digits each are below 400 bytes, memory.pressure below 200, memory.stat below 4 KiB. */
const buffer = new Uint8Array(4096);
const pressure = emptyPressure();
const events = emptyMemoryEvents();
const local = emptyMemoryEvents();

const read = (io: CgroupIo, fd: number): number => (fd === ABSENT ? ABSENT : io.preadAt0(fd, buffer, buffer.length));

const readBytes = (io: CgroupIo, fd: number): number => parseBytes(buffer, read(io, fd));

/** memory.current, KiB; ABSENT when the cgroup has gone. */
export const readCurrent = (io: CgroupIo, { fds }: Entry): number => readBytes(io, fds[CURRENT] as number);

const perS = (now: number, before: number, elapsedMs: number): number =>
  now === ABSENT || before === ABSENT || now < before || elapsedMs <= 0 ? ABSENT : ((now - before) * 1000) / elapsedMs;

const US_PER_MS = 1000;

const share = (nowUs: number, beforeUs: number, elapsedMs: number): number => {
  const usPerS = perS(nowUs, beforeUs, elapsedMs);
  if (usPerS === ABSENT) return ABSENT;
  return Math.min(WHOLE_PERMYRIAD, Math.round((usPerS / (1000 * US_PER_MS)) * WHOLE_PERMYRIAD));
};

/** A thrash at a limit has several events a second; less is a cgroup that grows. */
const HELD_UP_MS = 1000;

const readEvents = (io: CgroupIo, entry: Entry, elapsedMs: number): void => {
  const { row, fds } = entry;
  parseMemoryEvents(buffer, read(io, fds[EVENTS] as number), events);
  // A kernel before 5.2 has no events of its own; those of the cgroups below are then counted as well.
  if (fds[LOCAL] === ABSENT) Object.assign(local, events);
  else parseMemoryEvents(buffer, read(io, fds[LOCAL] as number), local);
  row.highPerS = perS(local.high, entry.local.high, elapsedMs);
  row.maxPerS = perS(local.max, entry.local.max, elapsedMs);
  row.oomPerS = perS(local.oom, entry.local.oom, elapsedMs);
  row.oomKillPerS = perS(events.oomKill, entry.oomKill, elapsedMs);
  if (row.highPerS > 0 || row.maxPerS > 0) entry.heldUpMs = entry.readMs;
  row.isHeldUp = entry.heldUpMs !== ABSENT && entry.readMs - entry.heldUpMs <= HELD_UP_MS;
  Object.assign(entry.local, local);
  entry.oomKill = events.oomKill;
};

const readRestores = (io: CgroupIo, entry: Entry, elapsedMs: number): void => {
  const restores = parseRestores(buffer, read(io, entry.fds[STAT] as number));
  entry.row.restoresPerS = perS(restores, entry.restores, elapsedMs);
  entry.restores = restores;
};

/** Fills the row; false when the cgroup has gone. Seven system calls, four without limits, eight with `withStat`. */
export const readEntry = (io: CgroupIo, entry: Entry, nowMs: number, withStat: boolean): boolean => {
  const { row, fds } = entry;
  row.currentKiB = readCurrent(io, entry);
  if (row.currentKiB === ABSENT) return false;
  row.highKiB = readBytes(io, fds[HIGH] as number);
  row.maxKiB = readBytes(io, fds[MAX] as number);
  const elapsedMs = entry.readMs === ABSENT ? 0 : nowMs - entry.readMs;
  entry.readMs = nowMs;
  const length = read(io, fds[PRESSURE] as number);
  parsePressure('memory.pressure', buffer, Math.max(0, length), pressure);
  row.somePermyriad = share(pressure.someUs, entry.someUs, elapsedMs);
  row.fullPermyriad = share(pressure.fullUs, entry.fullUs, elapsedMs);
  entry.someUs = pressure.someUs;
  entry.fullUs = pressure.fullUs;
  row.swapKiB = readBytes(io, fds[SWAP] as number);
  // Events are counted where the limit is: without one there are none (memcg_memory_event(), include/linux/memcontrol.h).
  if (row.highKiB !== ABSENT || row.maxKiB !== ABSENT) readEvents(io, entry, elapsedMs);
  else {
    row.highPerS = row.maxPerS = row.oomPerS = row.oomKillPerS = ABSENT;
    row.isHeldUp = false;
  }
  if (withStat && isAtLimit(row)) readRestores(io, entry, elapsedMs);
  else entry.restores = row.restoresPerS = ABSENT;
  return true;
};
