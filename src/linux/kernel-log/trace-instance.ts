/**
 * A tracefs instance of our own (Documentation/trace/ftrace.rst, "Instances"): its buffer, events and options are nobody
 * else's. Named after our pid, because two daemons that read one trace_pipe would take each other's records. What a crashed
 * one has left is removed by the next: rmdir of an instance that somebody has open is refused with EBUSY.
 *
 * mkdir costs 9 MB of kernel memory on 6.1 (most of it dentries, which can be reclaimed; less since 6.6) and 1.4 MB of
 * buffer a CPU until that is made smaller, so it is done once, at start.
 */
import { existsSync, mkdirSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { errnoName } from '../sys/errno.ts';
import type { KernelLogIo } from './kmsg-reader.ts';
import { TRACE_POINTS } from './trace-text.ts';

export type TraceInstance =
  | { readonly fd: number; readonly folder: string; readonly reason: '' }
  | { readonly fd: -1; readonly folder: ''; readonly reason: string };

/** tracefs has its own mount point since 4.1, and is below debugfs on some hosts only. */
const POINTS = ['kernel/tracing', 'kernel/debug/tracing'];
const OURS = /^oomwatchd-\d+$/;
/** A CPU: a hundred events of 160 bytes. */
const BUFFER_KIB = 16;

const none = (reason: string): TraceInstance => ({ fd: -1, folder: '', reason });

const removeQuietly = (folder: string): void => {
  try {
    rmdirSync(folder);
  } catch {
    // In use by another daemon (EBUSY), or gone: either way it is not ours to remove.
  }
};

const configure = (folder: string): void => {
  const set = (file: string, value: string): void => writeFileSync(`${folder}/${file}`, value);
  set('buffer_size_kb', `${BUFFER_KIB}`);
  set('options/context-info', '0');
  for (const point of TRACE_POINTS) {
    const file = `events/oom/${point}/enable`;
    // mark_victim is there; without one of the others the rest is still worth it.
    if (existsSync(`${folder}/${file}`)) set(file, '1');
  }
};

/** Opens trace_pipe of a new instance that traces deaths; never throws. */
export const openTraceInstance = (io: KernelLogIo, sysRoot: string, ownPid: number): TraceInstance => {
  const root = POINTS.map((point) => `${sysRoot}/${point}`).find((path) => existsSync(`${path}/instances`));
  if (root === undefined)
    return none(`${sysRoot}/kernel/tracing: not mounted: mount -t tracefs tracefs /sys/kernel/tracing`);
  if (!existsSync(`${root}/events/oom/mark_victim`)) {
    return none(`${root}/events/oom/mark_victim: not in this kernel (4.13 and later have it)`);
  }
  const folder = `${root}/instances/oomwatchd-${ownPid}`;
  let fd = -1;
  try {
    for (const name of readdirSync(`${root}/instances`))
      if (OURS.test(name)) removeQuietly(`${root}/instances/${name}`);
    mkdirSync(folder);
    // Opened first: from now on nobody else can remove it.
    fd = io.openReadNonBlocking(`${folder}/trace_pipe`);
    if (fd < 0) throw new Error(`${folder}/trace_pipe: ${errnoName(fd)}`);
    configure(folder);
    return { fd, folder, reason: '' };
  } catch (error) {
    if (fd >= 0) io.close(fd);
    removeQuietly(folder);
    return none(`${(error as Error).message}: run as root with ${root} writable`);
  }
};

export const closeTraceInstance = (io: KernelLogIo, { fd, folder }: TraceInstance): void => {
  if (fd < 0) return;
  io.close(fd);
  removeQuietly(folder);
};
