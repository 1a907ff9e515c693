/**
 * The oom trace points as trace_pipe prints them with context-info off (include/trace/events/oom.h):
 *
 *     mark_victim: pid=7                                                              up to 6.8, and older stable ones
 *     mark_victim: pid=7 comm=NAME total-vm=1kB anon-rss=1kB file-rss:0kB shmem-rss:0kB uid=0 pgtables=1kB oom_score_adj=0
 *     finish_task_reaping: pid=7
 *     skip_task_reaping: pid=7
 *     CPU:1 [LOST 12 EVENTS]
 *
 * With context-info on, each line would begin with the name of whoever was running. A name stands as it is, newlines
 * included, but its 15 bytes are fewer than any of these beginnings has, so none can be forged behind a newline.
 */
import type { KernelEvent } from '../../core/kernel-event.ts';

const KINDS = {
  mark_victim: 'victim_marked',
  finish_task_reaping: 'reaped',
  skip_task_reaping: 'reap_skipped',
} as const;

type TracePoint = keyof typeof KINDS;
export const TRACE_POINTS = Object.keys(KINDS) as TracePoint[];

/** The name ends where words follow that are longer than a name. In an unknown form the pid alone is taken. */
const EVENT =
  /(mark_victim|finish_task_reaping|skip_task_reaping): pid=(\d{1,7})(?: comm=([\s\S]{0,15}?) total-vm=\d+kB anon-rss=[^\n]*\n|[^\d\n][^\n]*\n|\n)/y;
const LOST = /CPU:\d+ \[LOST (?:(\d+) )?EVENTS\]\n/y;

/** Appends the events of `text`, which is whole lines, one character a byte; other lines are passed over. */
export const parseTracePipe = (text: string, timeUs: number, into: KernelEvent[]): void => {
  const told = { timeUs, source: 'trace' } as const;
  let from = 0;
  while (from < text.length) {
    EVENT.lastIndex = LOST.lastIndex = from;
    const event = EVENT.exec(text);
    const lost = event === null ? LOST.exec(text) : null;
    if (event !== null) {
      into.push({ ...told, kind: KINDS[event[1] as TracePoint], pid: Number(event[2]), comm: event[3] ?? '' });
      from = EVENT.lastIndex;
    } else if (lost !== null) {
      into.push({ ...told, kind: 'lost', records: Number(lost[1] ?? 1) });
      from = LOST.lastIndex;
    } else {
      const end = text.indexOf('\n', from);
      from = end < 0 ? text.length : end + 1;
    }
  }
};
