/** What the kernel says about deaths, by both ways at once: records of /dev/kmsg, and the oom trace points. */
import type { KernelEvent } from '../../core/kernel-event.ts';
import type { Roots } from '../root.ts';
import { createKmsgReader, type KernelLogIo } from './kmsg-reader.ts';
import { processOf, type StatusIo } from './thread-group.ts';
import { closeTraceInstance, openTraceInstance } from './trace-instance.ts';
import { createTraceReader } from './trace-reader.ts';

export interface KernelSource {
  readonly name: string;
  readonly isUp: boolean;
  /** Why it is not read, and what would help; "" when it is. */
  readonly detail: string;
}

export interface KernelLog {
  /** Appends what has come since the last call; pids are those of processes. One system call each when nothing has. */
  read(into: KernelEvent[]): void;
  /** As they are now. */
  readonly sources: readonly KernelSource[];
  /** Removes the trace instance. */
  close(): void;
}

/** /proc is asked for so many events a call; deaths beyond that come with the thread's number, as the kernel printed it. */
const NAMES_PER_CALL = 64;

/**
 * The event with the process of the thread that it names. Best effort: between record and look the thread may have gone
 * (it keeps its number), and its number may even be another's by now.
 */
const ofProcess = (io: StatusIo, procRoot: string, event: KernelEvent): KernelEvent => {
  if (!('pid' in event)) return event;
  const pid = processOf(io, procRoot, event.pid);
  if (event.kind === 'pinned') return { ...event, pid, byPid: processOf(io, procRoot, event.byPid) };
  return pid === event.pid ? event : { ...event, pid };
};

/**
 * Both are optional: without either the counters still tell that somebody was killed (core/register/cross-check). Never
 * throws. `ownPid`: names the trace instance.
 */
export const openKernelLog = (
  io: KernelLogIo & StatusIo,
  roots: Pick<Roots, 'proc' | 'sys' | 'kmsg'>,
  ownPid: number,
  nowMs: () => number,
): KernelLog => {
  const kmsg = createKmsgReader(io, roots.kmsg, nowMs);
  const instance = openTraceInstance(io, roots.sys, ownPid);
  const trace = createTraceReader(io, instance.fd);
  const source = (name: string, reason: string): KernelSource => ({ name, isUp: reason === '', detail: reason });
  return {
    read: (into) => {
      const from = into.length;
      kmsg.read(into);
      trace.read(into);
      const end = Math.min(into.length, from + NAMES_PER_CALL);
      for (let at = from; at < end; at++) into[at] = ofProcess(io, roots.proc, into[at] as KernelEvent);
    },
    get sources() {
      return [source('kernel_log', kmsg.reason()), source('oom_trace', instance.reason || trace.reason())];
    },
    close: () => {
      kmsg.close();
      closeTraceInstance(io, instance);
    },
  };
};
