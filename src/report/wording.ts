/**
 * Event -> sentence. The words for people are here and in notes.ts (what the report process says about itself);
 * nothing else in the daemon forms a sentence. Written for whoever is woken by it: who, what, why, how much.
 */
import type { Finding, Level, MemoryFacts, NoActionReason, ProcessFacts, StampedEvent } from '../core/event.ts';
import { count, percent, size, sizeOf, span } from './amount.ts';
import { fieldsOf } from './fields.ts';
import { isPrintable, printable, quoted } from './printable.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** One line of the log. `msg` holds no control character, whatever the processes of the host are called. */
export interface Line {
  readonly level: LogLevel;
  readonly msg: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

type EventOf<K extends StampedEvent['kind']> = Extract<StampedEvent, { kind: K }>;
type Sentence = readonly [LogLevel, string];

/** Longest text of others (error messages, details) within a sentence. */
const DETAIL_LIMIT = 400;
/** Candidates named in the sentence about a ranking; all are in the fields. */
const NAMED_CANDIDATES = 3;

const detail = (text: string): string => printable(text, DETAIL_LIMIT);
const behindColon = (text: string): string => (text === '' ? '' : `: ${detail(text)}`);

const who = (victim: ProcessFacts): string => {
  const kib = [victim.rssKiB, victim.swapKiB, victim.pageTablesKiB].reduce((sum, part) => sum + Math.max(0, part), 0);
  const unit = victim.unit === '' ? '' : `${quoted(victim.unit)}, `;
  return `${quoted(victim.comm)} (pid ${victim.pid}, ${unit}${size(kib)})`;
};

const available = (memory: MemoryFacts): string => {
  const swap = memory.swapTotalKiB > 0 ? `, SwapFree ${sizeOf(memory.swapFreeKiB, memory.swapTotalKiB)}` : '';
  return `MemAvailable ${sizeOf(memory.memAvailableKiB, memory.memTotalKiB)}${swap}`;
};

/** The reason of a signal as control gives it: detectors joined by "+", or why a TERM became a KILL. */
const why = ({ reason, signal, memory }: EventOf<'signal'>): string => {
  const mark = signal === 'KILL' ? 'the kill mark' : 'the term mark';
  const codes = reason.split('+');
  const low = [
    codes.includes('mem_available') || codes.includes('kill_mark')
      ? `MemAvailable ${size(memory.memAvailableKiB)}`
      : '',
    codes.includes('swap_free') ? `SwapFree ${size(memory.swapFreeKiB)}` : '',
  ].filter((part) => part !== '');
  const clauses = low.length === 0 ? [] : [`${low.join(' and ')} ${low.length > 1 ? 'are' : 'is'} below ${mark}`];
  for (const code of codes) {
    switch (code) {
      case 'mem_available':
      case 'swap_free':
        break;
      case 'thrash':
        clauses.push(`all tasks stall on memory that is read back again and again (thrashing), ${available(memory)}`);
        break;
      case 'forecast':
        clauses.push(`memory is about to run out, MemAvailable ${size(memory.memAvailableKiB)}`);
        break;
      case 'term_timeout':
        clauses.push('it did not exit in time after SIGTERM');
        break;
      case 'kill_mark':
        clauses.push('it has not exited after SIGTERM');
        break;
      default:
        clauses.push(detail(code));
    }
  }
  return clauses.join('; ');
};

const signalSentence = (event: EventOf<'signal'>): Sentence => {
  const to = `SIG${printable(event.signal, 8)} to ${who(event.victim)}`;
  if (event.errno === 3) return ['info', `${to} was not needed: it had already gone`];
  if (event.errno === 1) return ['error', `${to} failed with EPERM, it is not ours to signal: ${why(event)}`];
  if (event.errno !== 0) return ['error', `${to} failed with errno ${event.errno}: ${why(event)}`];
  if (!event.sent) return ['warn', `would send ${to}: ${why(event)} (observe mode, nothing was sent)`];
  return ['warn', `${to}: ${why(event)}`];
};

const VERDICT_WORDS = {
  recovered: ['info', 'recovered'],
  partial: ['warn', 'not enough, the shortage goes on'],
  not_returned: ['error', 'its memory did not come back (shared, or held by another process)'],
  stuck: ['error', 'stuck, it cannot exit and will be passed over'],
} as const;

const verifySentence = (event: EventOf<'verify'>): Sentence => {
  const name = `${quoted(event.comm)} (pid ${event.pid})`;
  const gave = `gave back ${sizeOf(Math.max(0, event.returnedKiB), event.expectedKiB)} within ${span(event.afterMs)}`;
  if (event.verdict === null) return ['debug', `${name} ${gave}, ${event.exited ? 'has exited' : 'is still exiting'}`];
  const [level, words] = VERDICT_WORDS[event.verdict];
  return [level, `${name} ${gave}: ${words}`];
};

const NO_ACTION_WORDS: Record<NoActionReason, Sentence> = {
  no_candidate: ['error', 'there is no process that could be signalled'],
  all_protected: ['error', 'every process that is large enough is protected'],
  below_minimum_size: ['error', 'no process is large enough to be worth it'],
  budget_exhausted: ['error', 'the budget of kills is used up'],
  observe_mode: ['info', 'observe mode'],
  no_privilege: ['error', 'the kernel does not let us signal it'],
  recovered_while_selecting: ['info', 'memory recovered while the victim was being chosen'],
  victim_vanished: ['info', 'the victim exited by itself'],
  waiting_for_victim: ['info', 'waiting for the last victim to give back its memory'],
};

const noActionSentence = (event: EventOf<'no_action'>): Sentence => {
  const [level, words] = NO_ACTION_WORDS[event.reason];
  const about = event.detail === '' ? '' : ` (${detail(event.detail)})`;
  return [level, `nothing was done: ${words}${about}; ${available(event.memory)}`];
};

const LEVEL_WORDS: Record<Level, Sentence> = {
  calm: ['info', 'memory is calm again'],
  approach: ['info', 'memory is getting short'],
  term: ['warn', 'memory is short, a victim is asked to leave'],
  kill: ['warn', 'memory is nearly gone, a victim is killed'],
};

const levelSentence = (event: EventOf<'level'>): Sentence => {
  const [level, words] = LEVEL_WORDS[event.to];
  const falling = event.to === 'approach' && event.from !== 'calm' ? 'memory is a little less short' : words;
  const parts = [available(event.memory)];
  if (event.exhaustionMs >= 0) parts.push(`exhausted in ${span(event.exhaustionMs)} at the present rate`);
  if (event.memoryFullPermyriad > 0) parts.push(`all tasks stalled ${percent(event.memoryFullPermyriad)} of the time`);
  const by = event.detectors.length > 0 ? ` (${event.detectors.map((name) => printable(name)).join(', ')})` : '';
  return [level, `${falling}${by}: ${parts.join(', ')}`];
};

const rankedSentence = (event: EventOf<'ranked'>): Sentence => {
  const top = event.top.slice(0, NAMED_CANDIDATES).map(who);
  const more = event.top.length > top.length ? ', ...' : '';
  const found = top.length === 0 ? 'no candidate' : top.join(', ') + more;
  const out = Object.entries(event.excluded).map(([reason, amount]) => `${amount} ${printable(reason)}`);
  const spared = out.length === 0 ? '' : `; not eligible: ${out.join(', ')}`;
  return ['info', `ranked ${count(event.scanned, 'process', 'processes')} in ${span(event.scanMs)}: ${found}${spared}`];
};

const findingSentence = ({ name, status, found, meaning, remedy }: Finding): Sentence => {
  const level = status === 'fatal' ? 'error' : status === 'warn' ? 'warn' : 'debug';
  const parts = [
    `${quoted(name)} is ${detail(found)}`,
    detail(meaning),
    remedy === '' ? '' : `remedy: ${detail(remedy)}`,
  ];
  return [level, parts.filter((part) => part !== '').join('; ')];
};

const from = (files: readonly string[]): string =>
  files.length === 0 ? 'built-in defaults' : files.map((file) => printable(file, 128)).join(', ');

const sentence = (event: StampedEvent): Sentence => {
  switch (event.kind) {
    case 'started': {
      const does = event.mode === 'observe' ? 'observing, nothing will be signalled' : 'enforcing';
      const policy = `policy ${printable(event.configHash)} from ${from(event.files)}`;
      return ['info', `oomwatchd ${printable(event.version)} started, ${does}; ${policy}; ${available(event.memory)}`];
    }
    case 'finding':
      return findingSentence(event.finding);
    case 'rehearsed':
      return event.ok
        ? ['info', `rehearsal of a kill passed in ${span(event.durationMs)}${behindColon(event.detail)}`]
        : ['error', `rehearsal of a kill FAILED after ${span(event.durationMs)}${behindColon(event.detail)}`];
    case 'policy_loaded':
      return [
        'info',
        `policy ${printable(event.configHash)} in force (${printable(event.mode)}), from ${from(event.files)}`,
      ];
    case 'policy_rejected':
      return ['error', `new configuration rejected, the old one stays in force: ${detail(event.errors.join('; '))}`];
    case 'source':
      return event.up
        ? ['info', `source ${quoted(event.name)} can be read${behindColon(event.detail)}`]
        : ['warn', `source ${quoted(event.name)} cannot be read, going on without it${behindColon(event.detail)}`];
    case 'level':
      return levelSentence(event);
    case 'episode_started': {
      const sign = span(Math.max(0, event.monotonicMs - event.firstSignMs));
      return ['warn', `episode ${event.episode} begins (${event.detectors.join(', ')}), first sign ${sign} ago`];
    }
    case 'episode_ended': {
      const cost = `${count(event.signals, 'signal')}, ${size(Math.max(0, event.returnedKiB))} came back`;
      return ['info', `episode ${event.episode} is over after ${span(event.durationMs)}: ${cost}`];
    }
    case 'ranked':
      return rankedSentence(event);
    case 'signal':
      return signalSentence(event);
    case 'verify':
      return verifySentence(event);
    case 'no_action':
      return noActionSentence(event);
    case 'late':
      return ['warn', `a tick came ${span(event.lateMs)} late; ${count(event.majorFaults, 'own major fault')} so far`];
    case 'reporter':
      return [
        event.state === 'started' ? 'info' : 'warn',
        `report process ${printable(event.state)}${behindColon(event.detail)}`,
      ];
    case 'dropped':
      return ['warn', `${count(event.count, 'event')} did not fit into the pipe and are missing here`];
    case 'stopping':
      return ['info', `stopping on ${printable(event.signal)}`];
    default: {
      const unknown: { kind: string } = event satisfies never;
      return ['warn', `event of a kind unknown to this version: ${quoted(unknown.kind)}`];
    }
  }
};

/** The line for an event. Never throws: after an upgrade in place control may be older or newer than this process. */
export const lineOf = (event: StampedEvent): Line => {
  const fields = fieldsOf(event);
  try {
    const [level, msg] = sentence(event);
    // A text where a number belongs would not have been escaped.
    if (isPrintable(msg)) return { level, msg, fields };
  } catch {
    // A field that the sentence needs is not there or of another type.
  }
  return { level: 'warn', msg: `event ${quoted(event.kind)} cannot be put into words, see its fields`, fields };
};
