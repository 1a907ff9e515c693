/** Words for processes that are dying: the stages of a victim's life, process_mrelease(2), forced selections. */
import type { KilledBy, ReapResult } from '../core/dying.ts';
import type { ForcedOutcome } from '../core/event.ts';
import { count, size, span } from './amount.ts';
import { quoted } from './printable.ts';
import { behindColon, type EventOf, inBrackets, joined, type LogLevel, named, type Sentence } from './sentence.ts';
import { whyNothing } from './shortage-wording.ts';
import { remedyFor, STUCK_WORDS } from './stuck-remedy.ts';

const BY: Readonly<Record<KilledBy, string>> = {
  oomwatchd: 'killed by us',
  standby: 'killed by our second process',
  kernel: 'killed by the kernel',
  other: 'killed by somebody else',
  itself: 'exiting by itself',
};

const OURS: readonly KilledBy[] = ['oomwatchd', 'standby', 'kernel'];

/** Strangers may kill and exit as they like: only what a shortage has to wait for is of interest. */
const levelOf = (event: EventOf<'victim'>, ours: LogLevel, others: LogLevel): LogLevel =>
  OURS.includes(event.killedBy) ? ours : others;

const causeOf = (event: EventOf<'victim'>): string => {
  if (event.reason === null) return inBrackets(event.detail);
  const { cause } = STUCK_WORDS[event.reason];
  return `: ${cause}${inBrackets(event.detail)}; remedy: ${remedyFor(event.reason, event.detail)}`;
};

export const victimSentence = (event: EventOf<'victim'>): Sentence => {
  const by = `${BY[event.killedBy]} ${span(event.afterMs)} ago`;
  const subject = `${named(event)}, ${event.sizeKiB < 0 ? by : `${size(event.sizeKiB)}, ${by}`},`;
  switch (event.life) {
    case 'signalled':
    case 'taken':
    case 'exiting': {
      // With a reason it has not gone for a while; without one it is on its way.
      if (event.reason !== null) return [levelOf(event, 'warn', 'info'), `${subject} is not gone${causeOf(event)}`];
      const does = {
        signalled: 'has not taken the signal yet',
        taken: 'has taken the signal',
        exiting: 'is exiting, its memory is still attached',
      }[event.life];
      return [event.killedBy === 'itself' ? 'info' : 'debug', `${subject} ${does}`];
    }
    case 'reaped':
      if (event.reason === null) {
        return [levelOf(event, 'info', 'debug'), `${subject} has given its memory back and is not gone yet`];
      }
      return [levelOf(event, 'warn', 'debug'), `${subject} has given its memory back and does not go${causeOf(event)}`];
    case 'gone':
      return [levelOf(event, 'info', 'debug'), `${subject} is gone`];
    case 'stuck':
      return [levelOf(event, 'error', 'warn'), `${subject} is stuck, nobody waits for it any more${causeOf(event)}`];
  }
};

const REAP_WORDS: Readonly<Record<ReapResult, Sentence>> = {
  released: ['info', 'gave its memory back'],
  gone: ['debug', 'was not needed: it has no memory any more'],
  again: ['debug', 'could not take all of it yet (EAGAIN)'],
  hung: ['error', 'has not returned: a thread holds mmap_lock for write'],
  sharer_alive: ['warn', 'was refused: a process that lives on shares the memory'],
  core_dump: ['warn', 'was refused: its core is being dumped'],
  not_dying: ['warn', 'was refused: the kernel does not count it as dying'],
  unsupported: ['warn', 'is not there: it takes Linux 5.15 and a filter of system calls that allows it'],
  failed: ['error', 'failed'],
};

export const reapSentence = (event: EventOf<'reap'>): Sentence => {
  const [level, words] = REAP_WORDS[event.result];
  const amount = event.releasedKiB > 0 ? `, ${size(event.releasedKiB)}` : '';
  const cost = `${span(event.durationMs)}, ${count(event.tries, 'try', 'tries')}${amount}`;
  return [level, `process_mrelease of ${named(event)} ${words} (${cost})`];
};

const FORCED_WORDS: Readonly<Record<ForcedOutcome, Sentence>> = {
  signalled: ['warn', 'was signalled'],
  observed: ['info', 'would have been signalled; nothing was done'],
  nobody: ['warn', 'nobody could be chosen'],
  refused: ['warn', 'it was refused'],
  pressed: ['warn', 'is whom the kernel takes: SysRq-f was pressed'],
  not_pressed: ['error', 'SysRq-f was not pressed'],
};

/** The outcome as `kill-now` tells it; `chosen` is '' when it was nobody. */
export const forcedWords = (chosen: string, outcome: ForcedOutcome, why: string): string => {
  const who = outcome === 'not_pressed' ? '' : chosen;
  return `${joined([who, FORCED_WORDS[outcome][1]], ' ')}${behindColon(whyNothing(why))}`;
};

export const forcedSentence = (event: EventOf<'forced'>): Sentence => {
  const [level] = FORCED_WORDS[event.outcome];
  const way = event.by === 'socket' ? 'kill-now' : 'SIGUSR2';
  const asked = event.reason === '' || event.reason === 'SIGUSR2' ? '' : `, ${quoted(event.reason, 200)}`;
  const chosen = event.pid > 0 ? `pid ${event.pid}` : '';
  return [level, `forced selection (${way}${asked}): ${forcedWords(chosen, event.outcome, event.detail)}`];
};
