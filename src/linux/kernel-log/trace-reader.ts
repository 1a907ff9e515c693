/** trace_pipe of our instance, without waiting; a read takes what it gives away. */
import type { KernelEvent } from '../../core/kernel-event.ts';
import { EAGAIN, EINTR, errnoName } from '../sys/errno.ts';
import type { KernelLogIo } from './kmsg-reader.ts';
import { parseTracePipe } from './trace-text.ts';

/** A read gives whole lines as long as struct trace_seq fits (kernel/trace/trace_seq.c: 4 KiB, 8 KiB since 6.8). */
const TEXT_MAX = 8192;
const READS_PER_CALL = 16;
const NS_PER_US = 1000n;

export interface TraceReader {
  /** Appends what has come since the last call, stamped with now: the lines have no time of their own. */
  read(into: KernelEvent[]): void;
  /** "" while it can be read. */
  reason(): string;
}

/** `fd`: of trace_pipe, or negative for none; its owner closes it. */
export const createTraceReader = (io: Pick<KernelLogIo, 'readNext'>, fd: number): TraceReader => {
  const buffer = Buffer.alloc(fd < 0 ? 0 : TEXT_MAX);
  let errno = 0;
  return {
    read: (into) => {
      if (fd < 0 || errno !== 0) return;
      for (let count = 0; count < READS_PER_CALL; count++) {
        const length = io.readNext(fd, buffer);
        if (length <= 0) {
          if (length < 0 && length !== -EAGAIN && length !== -EINTR) errno = -length;
          return;
        }
        const nowUs = Number(process.hrtime.bigint() / NS_PER_US);
        parseTracePipe(buffer.toString('latin1', 0, length), nowUs, into);
      }
    },
    reason: () => (errno === 0 ? '' : `trace_pipe: ${errnoName(errno)}`),
  };
};
