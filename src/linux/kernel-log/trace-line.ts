/**
 * A line of tracefs' trace_pipe (Documentation/trace/ftrace.rst), of the oom trace points:
 *
 *           <...>-47      [001] d..1.    34.567890: mark_victim: pid=47 comm=leak total-vm=...kB ... (5.10: pid alone)
 *           kworker/1:1-58 [001] .....   36.567890: finish_task_reaping: pid=47
 *
 * The line begins with a comm of at most 15 bytes, which may hold anything: too few for a line of its own.
 */
import type { KernelEvent } from '../../core/kernel-event.ts';

const LINE =
  /^[\s\S]{0,18}-\d+ +(?:\([^)]*\) +)?\[\d+\] +\S+ +(\d+\.\d+): (mark_victim|finish_task_reaping|skip_task_reaping): pid=(\d+)(?: comm=([\s\S]{0,15}) total-vm=)?/;

const KINDS: Readonly<Record<string, 'victim_marked' | 'reaped' | 'reap_skipped'>> = {
  mark_victim: 'victim_marked',
  finish_task_reaping: 'reaped',
  skip_task_reaping: 'reap_skipped',
};

const US_PER_S = 1_000_000;

/** The event of a line, null when it is none of these. */
export const readTraceLine = (line: string): KernelEvent | null => {
  const match = LINE.exec(line);
  const kind = KINDS[match?.[2] ?? ''];
  if (match === null || kind === undefined) return null;
  const timeUs = Math.round(Number(match[1]) * US_PER_S);
  return { kind, pid: Number(match[3]), comm: match[4] ?? '', timeUs, source: 'trace' };
};
