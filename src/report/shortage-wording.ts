/** Words for the way from a shortage to a signal and what came of it. */
import type { CorrectionFacts, Level, NoActionReason } from '../core/event.ts';
import { count, percent, size, sizeOf, span } from './amount.ts';
import { printable } from './printable.ts';
import { available, detail, type EventOf, inBrackets, named, type Sentence, who } from './sentence.ts';

/** Candidates, and corrections, named in the sentence about a ranking; all are in the fields. */
const NAMED_CANDIDATES = 3;

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
      case 'fork_storm':
        clauses.push(`it replaces its children as fast as they die, ${available(memory)}`);
        break;
      case 'forced':
        clauses.push('an operator asked for it');
        break;
      default:
        clauses.push(detail(code));
    }
  }
  return clauses.join('; ');
};

/** Why somebody who was not chosen is killed, '' for who was chosen. */
const along = ({ company, companyOf }: EventOf<'signal'>): string => {
  if (company === 'cgroup' || company === 'unit')
    return `, which is killed as part of the ${company} of pid ${companyOf}`;
  if (company === 'mm_group') return `, which shares the memory of pid ${companyOf}`;
  if (company === 'fork_storm') return `, which pid ${companyOf} has forked`;
  return company === 'oom_group' ? `, which dies with pid ${companyOf} (memory.oom.group of their cgroup)` : '';
};

export const signalSentence = (event: EventOf<'signal'>): Sentence => {
  const to = `SIG${printable(event.signal, 8)} to ${who(event.victim)}${along(event)}`;
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

export const verifySentence = (event: EventOf<'verify'>): Sentence => {
  const gave = `gave back ${sizeOf(Math.max(0, event.returnedKiB), event.expectedKiB)} within ${span(event.afterMs)}`;
  if (event.verdict === null) {
    return ['debug', `${named(event)} ${gave}, ${event.exited ? 'has exited' : 'is still exiting'}`];
  }
  const [level, words] = VERDICT_WORDS[event.verdict];
  return [level, `${named(event)} ${gave}: ${words}`];
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
  fork_storm: ['error', 'a process that may not be killed replaces its children as fast as they die'],
  futile: ['error', 'killing cannot end this shortage'],
  sysrq_would_fail: ['warn', 'our signals do not help, and SysRq-f would not now'],
  sysrq_would_hit_protected: ['error', 'our signals do not help, and SysRq-f would kill somebody who must live'],
  waiting_for_victim: ['info', 'waiting for the last victim to give back its memory'],
};

/** The words for a code of the core; what is none is left as it is. */
export const whyNothing = (reason: string): string =>
  Object.hasOwn(NO_ACTION_WORDS, reason) ? NO_ACTION_WORDS[reason as NoActionReason][1] : reason;

export const noActionSentence = (event: EventOf<'no_action'>): Sentence => {
  const [level, words] = NO_ACTION_WORDS[event.reason];
  return [level, `nothing was done: ${words}${inBrackets(event.detail)}; ${available(event.memory)}`];
};

const LEVEL_WORDS: Record<Level, Sentence> = {
  calm: ['info', 'memory is calm again'],
  approach: ['info', 'memory is getting short'],
  term: ['warn', 'memory is short, a victim is asked to leave'],
  kill: ['warn', 'memory is nearly gone, a victim is killed'],
};

export const levelSentence = (event: EventOf<'level'>): Sentence => {
  const [level, words] = LEVEL_WORDS[event.to];
  const falling = event.to === 'approach' && event.from !== 'calm' ? 'memory is a little less short' : words;
  const parts = [available(event.memory)];
  if (event.exhaustionMs >= 0) parts.push(`exhausted in ${span(event.exhaustionMs)} at the present rate`);
  if (event.memoryFullPermyriad > 0) parts.push(`all tasks stalled ${percent(event.memoryFullPermyriad)} of the time`);
  const by = event.detectors.length > 0 ? ` (${event.detectors.map((name) => printable(name)).join(', ')})` : '';
  return [level, `${falling}${by}: ${parts.join(', ')}`];
};

/** "patch 1: java (pid 4711) passed over: it is being killed already". */
export const correctionWords = (facts: CorrectionFacts): string =>
  `patch ${facts.patch}: ${named(facts)} ${detail(facts.effect)}`;

export const rankedSentence = (event: EventOf<'ranked'>): Sentence => {
  const top = event.top.slice(0, NAMED_CANDIDATES).map(who);
  const more = event.top.length > top.length ? ', ...' : '';
  const found = top.length === 0 ? 'no candidate' : top.join(', ') + more;
  const out = Object.entries(event.excluded).map(([reason, amount]) => `${amount} ${printable(reason)}`);
  const spared = out.length === 0 ? '' : `; not eligible: ${out.join(', ')}`;
  // Not there in the events of an older control.
  const corrections = event.corrections ?? [];
  const told = corrections.slice(0, NAMED_CANDIDATES).map((facts) => `; ${correctionWords(facts)}`);
  const rest = corrections.length > told.length ? `; ${corrections.length - told.length} more of these` : '';
  const ranked = `ranked ${count(event.scanned, 'process', 'processes')} in ${span(event.scanMs)}`;
  return ['info', `${ranked}: ${found}${spared}${told.join('')}${rest}`];
};

/** " +12 MiB", '' for who does not grow. */
const grown = (growthKiB: number): string => (growthKiB > 0 ? ` +${size(growthKiB)}` : '');

/** Twice a minute on a quiet host, hence no line at the usual level. */
export const candidatesSentence = (event: EventOf<'candidates'>): Sentence => {
  const top = event.top.slice(0, NAMED_CANDIDATES).map((facts) => `${who(facts)}${grown(facts.growthKiB)}`);
  const first = top.length === 0 ? 'nobody could be chosen' : `would be chosen first: ${top.join(', ')}`;
  return ['debug', `${first}; ${count(event.known, 'process', 'processes')} known`];
};
