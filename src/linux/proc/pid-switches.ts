/**
 * Context switches of a thread, near the end of /proc/PID/task/TID/status (fs/proc/array.c,
 * task_context_switch_counts(); x86 has its thread features behind them since 6.6):
 *
 *     voluntary_ctxt_switches:	150
 *     nonvoluntary_ctxt_switches:	545
 *
 * Their sum is what kmallocwd prints as switches. Not part of pid-status.ts, which runs for every process.
 */
import { ABSENT } from '../../core/units.ts';
import { latin1 } from '../bytes.ts';

/** Longer than these lines and those behind them can be. */
const TAIL_BYTES = 512;
const LINES = /\nvoluntary_ctxt_switches:\t(\d+)\nnonvoluntary_ctxt_switches:\t(\d+)\n/;

/** Voluntary and other ones together; ABSENT when the text has no such lines. Allocates. */
export const switchesOf = (buf: Uint8Array, len: number): number => {
  const found = LINES.exec(latin1(buf, Math.max(0, len - TAIL_BYTES), len));
  return found === null ? ABSENT : Number(found[1]) + Number(found[2]);
};
