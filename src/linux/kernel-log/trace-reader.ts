/**
 * The oom trace points through an instance of tracefs that is ours alone: it costs nothing while nobody is killed, and it
 * tells of every victim, also where the kernel prints no line (task_will_free_mem(), mm/oom_kill.c).
 */
import { existsSync, mkdirSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import type { KernelEvent } from '../../core/kernel-event.ts';
import { latin1 } from '../bytes.ts';
import type { KmsgIo } from './kmsg-reader.ts';
import { readTraceLine } from './trace-line.ts';

export interface TraceReader {
  read(into: KernelEvent[]): void;
  /** "" when it is open, or why it is not. */
  readonly why: string;
  close(): void;
}

/** Its own mount point since 4.1; below debugfs on some hosts only. */
const POINTS = ['kernel/tracing', 'kernel/debug/tracing'];
const EVENTS = ['mark_victim', 'finish_task_reaping', 'skip_task_reaping'];
/** For each CPU. A kill takes three lines of some 150 bytes. */
const BUFFER_KIB = '64';
const CHUNK_BYTES = 16_384;
const PREFIX = 'oomwatchd-';

/** Instances of daemons that did not end well. One that lives keeps its own: a shared trace_pipe gives each a part. */
const removeStale = (instances: string, procRoot: string): void => {
  for (const name of readdirSync(instances)) {
    const pid = name.startsWith(PREFIX) ? name.slice(PREFIX.length) : '';
    if (/^\d+$/.test(pid) && !existsSync(`${procRoot}/${pid}`)) rmdirSync(`${instances}/${name}`);
  }
};

const create = (point: string, procRoot: string, pid: number): string => {
  removeStale(`${point}/instances`, procRoot);
  const instance = `${point}/instances/${PREFIX}${pid}`;
  if (!existsSync(instance)) mkdirSync(instance);
  writeFileSync(`${instance}/buffer_size_kb`, BUFFER_KIB);
  for (const event of EVENTS) {
    const file = `${instance}/events/oom/${event}/enable`;
    // skip_task_reaping and its like are as old as the reaper; a kernel without one has the others.
    if (existsSync(file)) writeFileSync(file, '1');
  }
  return instance;
};

const closed = (why: string): TraceReader => ({ why, read: () => undefined, close: () => undefined });

export const openTrace = (io: KmsgIo, sysRoot: string, procRoot: string, pid: number): TraceReader => {
  const point = POINTS.map((name) => `${sysRoot}/${name}`).find((path) => existsSync(`${path}/instances`));
  if (point === undefined) return closed(`${sysRoot}/kernel/tracing is not mounted`);
  let instance: string;
  try {
    instance = create(point, procRoot, pid);
  } catch (error) {
    return closed((error as Error).message);
  }
  const fd = io.openReadNonBlocking(`${instance}/trace_pipe`);
  const buffer = new Uint8Array(CHUNK_BYTES);
  /** The beginning of a line whose end has not been read. */
  let rest = '';
  return {
    why: fd < 0 ? `${instance}/trace_pipe cannot be read` : '',
    read: (into) => {
      const length = fd < 0 ? fd : io.readNext(fd, buffer);
      if (length <= 0) return;
      const lines = (rest + latin1(buffer, 0, length)).split('\n');
      rest = (lines.pop() as string).slice(-CHUNK_BYTES);
      for (const line of lines) {
        const event = readTraceLine(line);
        if (event !== null) into.push(event);
      }
    },
    close: () => {
      if (fd >= 0) io.close(fd);
      try {
        rmdirSync(instance);
      } catch {
        // Somebody else reads it: the next daemon removes it.
      }
    },
  };
};
