/** Lines for the kernel log about who is killed, by whom, and who does not go. */
import type { KilledBy, ReapResult } from '../../core/dying.ts';
import type { ForcedOutcome } from '../../core/event.ts';
import { type EventOf, printable } from './kmsg-text.ts';

type Rescued = Omit<EventOf<'rescue'>, 'kind'>;

const FAILED_REAPS: readonly ReapResult[] = ['hung', 'sharer_alive', 'core_dump', 'not_dying', 'failed'];
const FORCED_DEEDS: readonly ForcedOutcome[] = ['signalled', 'pressed', 'not_pressed'];

export const signalLine = (event: EventOf<'signal'>): string => {
  const { victim, memory, company, companyOf } = event;
  const verb = event.sent
    ? `sent SIG${event.signal}`
    : event.errno === 0
      ? `would send SIG${event.signal}`
      : `failed (errno ${event.errno}) to send SIG${event.signal}`;
  const along = company === '' ? '' : ` ${company}:${companyOf}`;
  return (
    `${verb} to process ${victim.pid} (${printable(victim.comm)}) uid:${victim.uid} rss:${victim.rssKiB}kB ` +
    `swap:${victim.swapKiB}kB oom_score_adj:${victim.oomScoreAdj} reason:${event.reason}${along} ` +
    `mem_available:${memory.memAvailableKiB}kB swap_free:${memory.swapFreeKiB}kB`
  );
};

/** Their number is bounded by the kills. */
const BOUNDED: readonly KilledBy[] = ['oomwatchd', 'standby', 'kernel'];

export const stuckLine = ({
  life,
  killedBy,
  pid,
  comm,
  afterMs,
  sizeKiB,
  reason,
  detail,
}: EventOf<'victim'>): string | null => {
  if (life !== 'stuck' || !BOUNDED.includes(killedBy)) return null;
  const about = detail === '' ? '' : ` (${printable(detail)})`;
  return (
    `victim ${pid} (${printable(comm)}) of ${killedBy} is stuck after ${Math.round(afterMs)} ms ` +
    `size:${sizeKiB}kB reason:${reason ?? 'unknown'}${about}`
  );
};

export const reapLine = ({ result, pid, comm, tries, durationMs }: EventOf<'reap'>): string | null =>
  FAILED_REAPS.includes(result)
    ? `process_mrelease of ${pid} (${printable(comm)}) failed: ${result} tries:${tries} after ${Math.round(durationMs)} ms`
    : null;

export const forcedLine = ({ outcome, by, pid, reason, detail }: EventOf<'forced'>): string | null => {
  if (!FORCED_DEEDS.includes(outcome)) return null;
  const whom = pid > 0 ? ` process ${pid}` : '';
  return `forced selection by ${by}: ${outcome}${whom} reason:"${printable(reason)}" ${printable(detail)}`.trimEnd();
};

/** What the standby process writes itself, at once: control does not turn then. */
export const rescueLine = ({ outcome, pid, comm, sizeKiB, errno, lateMs, memAvailableKiB }: Rescued): string => {
  const who = `process ${pid} (${printable(comm)}) size:${sizeKiB}kB`;
  const what = {
    killed: `sent SIGKILL to ${who}`,
    refused: `failed (errno ${errno}) to send SIGKILL to ${who}`,
    observed: `would send SIGKILL to ${who}`,
    nobody: 'found no candidate',
    over_budget: 'has no kill left',
  }[outcome];
  return `standby ${what} mem_available:${memAvailableKiB}kB, control is overdue by ${lateMs} ms`;
};
