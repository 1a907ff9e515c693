/**
 * What the kernel log gets to hear: kills, victims that do not go, livelocks, stalls, remedies, memory that could not be
 * taken. Written by control itself, as the last witness. The kernel takes ten records in five seconds from one writer (printk_ratelimit of
 * /dev/kmsg, kernel/printk/printk.c): whatever strangers can cause is left out, or a kill would find no room.
 */
import type { OomwatchdEvent } from '../../core/event.ts';
import { memAllocInfo, memAllocTask } from '../../core/mem-alloc-lines.ts';
import { forcedLine, reapLine, signalLine, stuckLine } from './kmsg-death.ts';
import { evidenceLine, lastResortLine, sysrqLine, watchdogLine } from './kmsg-ladder.ts';
import { type EventOf, printable, TEXT_LIMIT } from './kmsg-text.ts';

/** Of a value as a file of the kernel has it. */
const VALUE_LIMIT = 32;

/** Longest name of a holder in a line: one that a stranger chose must leave room for the next. */
const NAME_LIMIT = 48;

/** Once a minute at the most: the shortage that nobody's death ends is the one in which this may be the last line. */
const holdersLine = ({ holders, memory }: EventOf<'holders'>): string | null => {
  if (holders.length === 0) return null;
  const told = holders.map(({ kind, name, sizeKiB }) => `${kind} ${name.slice(0, NAME_LIMIT)} ${sizeKiB}kB`);
  return `${printable(`memory that no kill returns: ${told.join(', ')}`)} mem_available:${memory.memAvailableKiB}kB`;
};

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
