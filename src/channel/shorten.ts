/**
 * Ever shorter JSON of one event, so that a hostile path or a long list costs detail and never the event. The first
 * form is the full one and the only one computed in the usual case.
 */
import type { StampedEvent } from '../core/event.ts';

/**
 * Most characters of a text and most entries of a list, in the order they are tried. A text of control characters
 * takes six bytes a character in JSON, so the last steps must be far below the frame; a comm (15 bytes) is never cut.
 */
const STEPS = [
  { text: 512, entries: 64 },
  { text: 256, entries: 16 },
  { text: 128, entries: 10 },
  { text: 64, entries: 10 },
  { text: 64, entries: 5 },
  { text: 32, entries: 2 },
  { text: 16, entries: 0 },
] as const;

const cutText = (text: string, limit: number): string =>
  // Three ASCII dots: these texts carry bytes as latin1, in which the one-character ellipsis does not exist.
  text.length <= limit ? text : `${text.slice(0, limit)}...`;

const cutList = (list: readonly unknown[], limit: number): readonly unknown[] => {
  if (list.length <= limit) return list;
  const kept = list.slice(0, limit);
  // A list of texts says that it was cut; a list of records must stay one of records.
  return list.every((entry) => typeof entry === 'string') ? [...kept, `${list.length - limit} more`] : kept;
};

/** JSON texts of the event, longest first. */
export function* shortenings(event: StampedEvent): Generator<string, void, undefined> {
  yield JSON.stringify(event);
  for (const step of STEPS) {
    yield JSON.stringify(event, (key, value: unknown) => {
      // `kind` is how a reader knows the event at all.
      if (typeof value === 'string') return key === 'kind' ? value : cutText(value, step.text);
      return Array.isArray(value) ? cutList(value, step.entries) : value;
    });
  }
}
