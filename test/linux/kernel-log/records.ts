/** Records as the kernel would give them, and a /dev/kmsg that gives them. */
import type { KernelEvent } from '../../../src/core/kernel-event.ts';
import { createKmsgReader, type KernelLogIo } from '../../../src/linux/kernel-log/kmsg-reader.ts';

const EAGAIN = 11;
export const EPIPE = 32;

/** kernel/printk/printk.c, msg_add_ext_text. */
const escapeText = (text: string): string =>
  [...text]
    .map((character) => {
      const byte = character.charCodeAt(0);
      const isPlain = byte >= 0x20 && byte < 0x7f && character !== '\\';
      return isPlain ? character : `\\x${byte.toString(16).padStart(2, '0')}`;
    })
    .join('');

export interface RecordFields {
  priority?: number;
  sequence?: number;
  timeUs?: number;
  flags?: string;
}

export const recordOf = (text: string, fields: RecordFields = {}): Buffer => {
  const { priority = 6, sequence = 1, timeUs = 5_000_000, flags = '-' } = fields;
  return Buffer.from(`${priority},${sequence},${timeUs},${flags};${escapeText(text)}\n`, 'latin1');
};

export interface FakeKmsg extends KernelLogIo {
  /** What the next reads give: bytes, or -errno. When it is empty, EAGAIN. */
  readonly queue: (Buffer | number)[];
  readonly calls: { read: number; close: number };
}

export const fakeKmsg = (queue: (Buffer | number)[] = [], openResult = 9): FakeKmsg => {
  const calls = { read: 0, close: 0 };
  return {
    queue,
    calls,
    openReadNonBlocking: () => openResult,
    seekEnd: () => 0,
    close: () => {
      calls.close++;
      return 0;
    },
    readNext: (_, buffer) => {
      calls.read++;
      const next = queue.shift() ?? -EAGAIN;
      if (typeof next === 'number') return next;
      buffer.set(next);
      return next.length;
    },
  };
};

export const eventsOf = (records: readonly (Buffer | number)[]): KernelEvent[] => {
  const reader = createKmsgReader(fakeKmsg([...records]), '/dev/kmsg', () => 0);
  const events: KernelEvent[] = [];
  // A record that is nothing must not end the reading of those behind it.
  for (let call = 0; call <= records.length; call++) reader.read(events);
  return events;
};

export const eventsOfTexts = (texts: readonly string[], fields: RecordFields = {}): KernelEvent[] =>
  eventsOf(texts.map((text, index) => recordOf(text, { sequence: index + 1, ...fields })));

/** The events that name a process as its victim. */
export const pidsOf = (events: readonly KernelEvent[]): number[] =>
  events.flatMap((event) => ('pid' in event ? [event.pid] : []));
