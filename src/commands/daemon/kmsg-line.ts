/** What the kernel log gets to hear: kills, and why there was none. Written by control itself, as the last witness. */
import type { OomwatchdEvent } from '../../core/event.ts';

/** A process chooses its own name: nothing but printable ASCII goes into the kernel log. */
const printable = (comm: string): string => comm.replace(/[^\x20-\x7e]/g, '?');

/** A line for /dev/kmsg, or null when the event is not for the kernel log. */
export const kmsgLine = (event: OomwatchdEvent): string | null => {
  if (event.kind !== 'signal') return null;
  const { victim, memory } = event;
  const verb = event.sent
    ? `sent SIG${event.signal}`
    : event.errno === 0
      ? `would send SIG${event.signal}`
      : `failed (errno ${event.errno}) to send SIG${event.signal}`;
  return (
    `${verb} to process ${victim.pid} (${printable(victim.comm)}) uid:${victim.uid} rss:${victim.rssKiB}kB ` +
    `swap:${victim.swapKiB}kB oom_score_adj:${victim.oomScoreAdj} reason:${event.reason} ` +
    `mem_available:${memory.memAvailableKiB}kB swap_free:${memory.swapFreeKiB}kB`
  );
};
