/** What the lines for the kernel log are made of. */
import type { OomwatchdEvent } from '../../core/event.ts';

export type EventOf<K extends OomwatchdEvent['kind']> = Extract<OomwatchdEvent, { kind: K }>;

/** Longest text of others in a line. */
export const TEXT_LIMIT = 200;

/** A process chooses its own name: nothing but printable ASCII goes into the kernel log. */
export const printable = (text: string): string => text.slice(0, TEXT_LIMIT).replace(/[^\x20-\x7e]/g, '?');
