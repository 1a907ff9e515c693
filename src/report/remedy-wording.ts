/** Words for remedies: what of others is changed, for whom, from what to what, and what it brought. */
import type { RemedyEffect, RemedyKind, RemedyResult } from '../core/remedy.ts';
import { size, span } from './amount.ts';
import { printable, quoted } from './printable.ts';
import { behindColon, type EventOf, inBrackets, named, type Sentence } from './sentence.ts';

interface Words {
  /** What it acts on, before the object's name. */
  readonly what: string;
  readonly will: string;
  readonly did: string;
}

const WORDS: Readonly<Record<RemedyKind, Words>> = {
  thaw_freezer_v1: { what: 'frozen cgroup (v1)', will: 'thawing', did: 'thawed' },
  thaw_freezer_v2: { what: 'frozen cgroup', will: 'thawing', did: 'thawed' },
  thaw_file_system: { what: 'frozen file system', will: 'thawing', did: 'thawed' },
  abort_fuse: { what: 'FUSE connection', will: 'aborting', did: 'aborted' },
  lift_memory_high: { what: 'memory.high of', will: 'raising', did: 'raised' },
  restore_memory_high: { what: 'memory.high of', will: 'putting back', did: 'put back' },
};

const LONG = 200;

const objectOf = ({ remedy, object, place }: EventOf<'remedy'>): string =>
  `${WORDS[remedy].what} ${quoted(object, LONG)}${place === '' ? '' : ` (mounted at ${quoted(place, LONG)})`}`;

const forWhom = (event: EventOf<'remedy'>): string => (event.pid > 0 ? `, for the victim ${named(event)}` : '');

const isLimit = (remedy: RemedyKind): boolean => remedy === 'lift_memory_high' || remedy === 'restore_memory_high';

/** Limits are in bytes: told as the kernel has them, since an operator will type them, and as people read them. */
const shown = (remedy: RemedyKind, value: string): string =>
  isLimit(remedy) && /^\d+$/.test(value) ? `${value} (${size(Number(value) / 1024)})` : printable(value);

const fromTo = ({ remedy, oldValue, newValue }: EventOf<'remedy'>): string =>
  oldValue === '' || newValue === '' ? '' : `, ${shown(remedy, oldValue)} -> ${shown(remedy, newValue)}`;

const RESULTS: Readonly<Record<Exclude<RemedyResult, 'done'>, Sentence>> = {
  observed: ['info', 'would have been'],
  changed: ['info', 'was not touched: it is not as it was'],
  not_yet: ['debug', 'is not due yet'],
  refused: ['error', 'could not be changed'],
  hung: ['error', 'does not answer: the write hangs in the kernel'],
};

const afterSentence = (event: EventOf<'remedy'>): Sentence => {
  const { remedy, errno, afterMs, detail, result } = event;
  const { did } = WORDS[remedy];
  const subject = `remedy: ${objectOf(event)}`;
  const about = inBrackets(detail);
  if (result === 'done' || result === null) {
    return ['warn', `${subject} is ${did} after ${span(afterMs)}${fromTo(event)}${forWhom(event)}${about}`];
  }
  const [level, words] = RESULTS[result];
  const said = errno === 0 ? words : `${words} (errno ${errno})`;
  const deed = result === 'observed' ? `${said} ${did}; nothing was done` : said;
  return [level, `${subject} ${deed}${fromTo(event)}${forWhom(event)}${about}`];
};

const EFFECTS: Readonly<Record<RemedyEffect, Sentence>> = {
  victim_gone: ['info', 'the victim is gone'],
  victim_stays: ['warn', 'the victim has not gone all the same'],
  stall_over: ['info', 'the cgroup moves again'],
  stall_goes_on: ['warn', 'the cgroup is held up all the same'],
};

export const remedySentence = (event: EventOf<'remedy'>): Sentence => {
  const { stage, remedy, detail, effect, afterMs, oldValue } = event;
  switch (stage) {
    case 'before':
      return [
        'warn',
        `remedy: ${WORDS[remedy].will} ${objectOf(event)}${fromTo(event)}${forWhom(event)}${behindColon(detail)}`,
      ];
    case 'after':
      return afterSentence(event);
    case 'effect': {
      const [level, words] = EFFECTS[effect as RemedyEffect];
      return [level, `remedy: ${objectOf(event)}: ${words}, ${span(afterMs)} after it was begun${forWhom(event)}`];
    }
    case 'withheld':
      return [
        'warn',
        `remedy: ${objectOf(event)} stays at ${shown(remedy, oldValue)}, though nothing moves there${behindColon(detail)}`,
      ];
  }
};
