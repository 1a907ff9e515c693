/** Words for stalled allocations: kmallocwd's own lines first, so that what looks for those finds them. */
import { memAllocInfo, memAllocTask } from '../core/mem-alloc-lines.ts';
import { ABSENT } from '../core/units.ts';
import { count, span } from './amount.ts';
import type { EventOf, Sentence } from './sentence.ts';

export const stallSentence = (event: EventOf<'stall'>): Sentence => {
  const among = event.seen === ABSENT ? '' : ` among ${count(event.seen, 'thread')}`;
  const stalls = `${count(event.stalling, 'thread stalls', 'threads stall')} in memory allocation${among}`;
  return ['warn', `${memAllocInfo(event)}; ${stalls}, the longest for ${span(event.longestMs)}`];
};

const PLACE_WORDS: Readonly<Record<EventOf<'stalled_task'>['place'], string>> = {
  unknown: '',
  elsewhere: '',
  reclaim: '; sleeps in reclaim',
  over_high: '; is held back by memory.high of its cgroup',
  mmap_lock: '; waits for the mmap_lock of its process',
  page_io: '; waits for a page from disk or swap',
};

export const stalledTaskSentence = (event: EventOf<'stalled_task'>): Sentence => {
  const of = event.pid === event.tid ? '' : `; thread of pid ${event.pid}`;
  return ['warn', `${memAllocTask(event)}${of}${PLACE_WORDS[event.place]}`];
};

export const stallOverSentence = ({ longestMs }: EventOf<'stall_over'>): Sentence => [
  'info',
  `no thread stalls in memory allocation any more; the longest did for ${span(longestMs)}`,
];
