/**
 * What the kernel log gets to hear: kills, victims that do not go, livelocks, stalls, remedies, memory that could not be
 * taken. Written by control itself, as the last witness. The kernel takes ten records in five seconds from one writer (printk_ratelimit of
 * /dev/kmsg, kernel/printk/printk.c): whatever strangers can cause is left out, or a kill would find no room.
 */
import type { KilledBy, ReapResult } from '../../core/dying.ts';
import type { ForcedOutcome, OomwatchdEvent } from '../../core/event.ts';
import type { SysrqOutcome } from '../../core/ladder-event.ts';
import { memAllocInfo, memAllocTask } from '../../core/mem-alloc-lines.ts';

type EventOf<K extends OomwatchdEvent['kind']> = Extract<OomwatchdEvent, { kind: K }>;

type Rescued = Omit<EventOf<'rescue'>, 'kind'>;

/** Longest text of others in a line. */
const TEXT_LIMIT = 200;
/** Of a value as a file of the kernel has it. */
const VALUE_LIMIT = 32;

/** A process chooses its own name: nothing but printable ASCII goes into the kernel log. */
const printable = (text: string): string => text.slice(0, TEXT_LIMIT).replace(/[^\x20-\x7e]/g, '?');

const FAILED_REAPS: readonly ReapResult[] = ['hung', 'sharer_alive', 'core_dump', 'not_dying', 'failed'];
const FORCED_DEEDS: readonly ForcedOutcome[] = ['signalled', 'pressed', 'not_pressed'];

const signalLine = (event: EventOf<'signal'>): string => {
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

const stuckLine = ({
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

const reapLine = ({ result, pid, comm, tries, durationMs }: EventOf<'reap'>): string | null =>
  FAILED_REAPS.includes(result)
    ? `process_mrelease of ${pid} (${printable(comm)}) failed: ${result} tries:${tries} after ${Math.round(durationMs)} ms`
    : null;

const forcedLine = ({ outcome, by, pid, reason, detail }: EventOf<'forced'>): string | null => {
  if (!FORCED_DEEDS.includes(outcome)) return null;
  const whom = pid > 0 ? ` process ${pid}` : '';
  return `forced selection by ${by}: ${outcome}${whom} reason:"${printable(reason)}" ${printable(detail)}`.trimEnd();
};

/** Longest name of a holder in a line: one that a stranger chose must leave room for the next. */
const NAME_LIMIT = 48;

/** Once a minute at the most: the shortage that nobody's death ends is the one in which this may be the last line. */
const holdersLine = ({ holders, memory }: EventOf<'holders'>): string | null => {
  if (holders.length === 0) return null;
  const told = holders.map(({ kind, name, sizeKiB }) => `${kind} ${name.slice(0, NAME_LIMIT)} ${sizeKiB}kB`);
  return `${printable(`memory that no kill returns: ${told.join(', ')}`)} mem_available:${memory.memAvailableKiB}kB`;
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

/** Not what a dry run would do, nor the beginning of what is told when it is known. */
const SYSRQ_TOLD: readonly SysrqOutcome[] = ['pressed', 'failed', 'executed', 'accepted_but_not_executed'];

const sysrqLine = ({ outcome, pid, comm, steered, afterMs, detail }: EventOf<'sysrq'>): string | null => {
  if (!SYSRQ_TOLD.includes(outcome)) return null;
  const whom = pid > 0 ? ` process ${pid} (${printable(comm)})` : '';
  return `SysRq-f ${outcome}${whom} after ${Math.round(afterMs)} ms steered:${steered} ${printable(detail)}`.trimEnd();
};

const evidenceLine = ({ keys, stalledMs, memory, sent }: EventOf<'evidence'>): string =>
  `standstill since ${Math.round(stalledMs / 1000)} s: ${sent ? 'pressing' : 'would press'} SysRq ${printable(keys)} ` +
  `mem_total:${memory.memTotalKiB}kB mem_available:${memory.memAvailableKiB}kB mem_free:${memory.memFreeKiB}kB ` +
  `swap_total:${memory.swapTotalKiB}kB swap_free:${memory.swapFreeKiB}kB`;

const lastResortLine = ({ action, stalledMs, sent, errno }: EventOf<'last_resort'>): string =>
  `standstill since ${Math.round(stalledMs / 1000)} s: last resort ${action} ` +
  (errno === 0 ? (sent ? 'begun' : 'left out (observe mode)') : `failed (errno ${errno})`);

/** What resets the host, or does not after all, is the last that a console shows. */
const watchdogLine = ({ state, device, timeoutMs, errno }: EventOf<'watchdog_device'>): string =>
  `watchdog device ${printable(device)} ${state} timeout:${Math.round(timeoutMs / 1000)} s errno:${errno}`;

/** Before and after: what of others was changed must be found out even when nothing but the kernel log is left. */
const remedyLine = (event: EventOf<'remedy'>): string | null => {
  const { stage, remedy, object, place, pid, comm, oldValue, newValue, result, errno, detail } = event;
  if (stage === 'effect' || result === 'not_yet') return null;
  const at = place === '' ? '' : ` at ${printable(place).slice(0, TEXT_LIMIT / 2)}`;
  const what = `${remedy} of ${printable(object)}${at}`;
  const whom = pid > 0 ? ` for victim ${pid} (${printable(comm)})` : '';
  const came = result === null ? '' : ` result:${result} errno:${errno}`;
  const about = detail === '' ? '' : ` (${printable(detail).slice(0, TEXT_LIMIT / 2)})`;
  const values = `old:"${printable(oldValue).slice(0, VALUE_LIMIT)}" new:"${printable(newValue).slice(0, VALUE_LIMIT)}"`;
  return `remedy ${stage}: ${what}${whom} ${values}${came}${about}`;
};

/** Where it begins alone: what it becomes is told by the log, and kills need the room. */
const livelockLine = (event: EventOf<'livelock'>): string | null => {
  if (event.stage !== 'begins') return null;
  const { cause, confidence, killHelps, subject, evidence } = event;
  const about = subject === '' ? '' : ` in ${printable(subject)}`;
  return (
    `livelock ${event.class}: ${cause}${about} confidence:${confidence} kill_helps:${killHelps ? 'yes' : 'no'} ` +
    `(${printable(evidence.join(', '))})`
  );
};

/** A line for /dev/kmsg, or null when the event is not for the kernel log. */
export const kmsgLine = (event: OomwatchdEvent): string | null => {
  switch (event.kind) {
    case 'signal':
      // Hundreds that go along with one would take the room of its own line.
      return event.company === 'fork_storm' ? null : signalLine(event);
    case 'victim':
      return stuckLine(event);
    case 'reap':
      return reapLine(event);
    case 'holders':
      return holdersLine(event);
    case 'remedy':
      return remedyLine(event);
    case 'forced':
      return forcedLine(event);
    // A warning is six lines, and the next one is ten seconds away at the least: room for kills stays.
    case 'stall':
      return memAllocInfo(event);
    case 'stalled_task':
      return memAllocTask(event);
    case 'sysrq':
      return sysrqLine(event);
    case 'evidence':
      return evidenceLine(event);
    case 'last_resort':
      return lastResortLine(event);
    case 'watchdog_device':
      return watchdogLine(event);
    case 'livelock':
      return livelockLine(event);
    default:
      return null;
  }
};
