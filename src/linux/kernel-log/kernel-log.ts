/** What the kernel says of its OOM kills, by both ways at once: the kernel log and the oom trace points. */
import type { KernelEvent } from '../../core/kernel-event.ts';
import type { Roots } from '../root.ts';
import { errnoName } from '../sys/errno.ts';
import { type KmsgIo, openKmsg } from './kmsg-reader.ts';
import { type StatusIo, withProcess } from './thread-group.ts';
import { openTrace } from './trace-reader.ts';

export interface KernelSource {
  readonly name: string;
  readonly isUp: boolean;
  readonly detail: string;
}

export interface KernelLog {
  /** Appends what has come since the last call; pids are those of processes. One system call each when nothing has. */
  read(into: KernelEvent[]): void;
  readonly sources: readonly KernelSource[];
  close(): void;
}

/** Both are optional: without either the counters still tell that somebody was killed (core/register/cross-check). */
export const openKernelLog = (io: KmsgIo & StatusIo, roots: Roots, pid: number): KernelLog => {
  const kmsg = openKmsg(io, roots.kmsg);
  const trace = openTrace(io, roots.sys, roots.proc, pid);
  return {
    sources: [
      {
        name: 'kernel_log',
        isUp: kmsg.errno === 0,
        detail:
          kmsg.errno === 0 ? '' : `${roots.kmsg}: ${errnoName(kmsg.errno)}; run as root, in a unit with CAP_SYSLOG`,
      },
      { name: 'oom_trace', isUp: trace.why === '', detail: trace.why },
    ],
    read: (into) => {
      const from = into.length;
      kmsg.read(into);
      trace.read(into);
      for (let at = from; at < into.length; at++) into[at] = withProcess(io, roots.proc, into[at] as KernelEvent);
    },
    close: () => {
      kmsg.close();
      trace.close();
    },
  };
};
