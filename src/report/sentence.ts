/** What the sentences of wording.ts and its neighbours are made of: how a process, an amount of memory, a text is named. */
import type { MemoryFacts, ProcessFacts, StampedEvent } from '../core/event.ts';
import { size, sizeOf } from './amount.ts';
import { printable, quoted, visible } from './printable.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export type Sentence = readonly [LogLevel, string];

export type EventOf<K extends StampedEvent['kind']> = Extract<StampedEvent, { kind: K }>;

/** Longest text of others (error messages, details) within a sentence. */
const DETAIL_LIMIT = 400;

export const detail = (text: string): string => printable(text, DETAIL_LIMIT);
/** The same for a text of this process, which no kernel has given as bytes: a path, an error, a sentence. */
export const ownDetail = (text: string): string => visible(text, DETAIL_LIMIT);
export const behindColon = (text: string): string => (text === '' ? '' : `: ${detail(text)}`);
export const inBrackets = (text: string): string => (text === '' ? '' : ` (${detail(text)})`);

/** The parts that there are, as one list. */
export const joined = (parts: readonly string[], between = '; '): string =>
  parts.filter((part) => part !== '').join(between);

/** "java (pid 4711)". */
export const named = ({ comm, pid }: { readonly comm: string; readonly pid: number }): string =>
  `${quoted(comm)} (pid ${pid})`;

/** "java (pid 4711, tomcat.service, 2.3 GiB)". */
export const who = (victim: ProcessFacts): string => {
  const kib = [victim.rssKiB, victim.swapKiB, victim.pageTablesKiB].reduce((sum, part) => sum + Math.max(0, part), 0);
  const unit = victim.unit === '' ? '' : `${quoted(victim.unit)}, `;
  return `${quoted(victim.comm)} (pid ${victim.pid}, ${unit}${size(kib)})`;
};

export const available = (memory: MemoryFacts): string => {
  const swap = memory.swapTotalKiB > 0 ? `, SwapFree ${sizeOf(memory.swapFreeKiB, memory.swapTotalKiB)}` : '';
  return `MemAvailable ${sizeOf(memory.memAvailableKiB, memory.memTotalKiB)}${swap}`;
};
