/**
 * An event as fields of a log line: the raw numbers beside the sentence, under the names that `rank --json` uses
 * (snake_case, kib). Every text in it is made printable, for someone will look at it with `jq -r` on a terminal.
 */
import type { StampedEvent } from '../core/event.ts';
import { ABSENT } from '../core/units.ts';
import { printable, visible } from './printable.ts';

/** Longest text of a field; a path may be long and is what one searches for. */
const TEXT_LIMIT = 256;

/** Columns in which ABSENT means "not known"; elsewhere -1 is a value (oom_score_adj). */
const MAY_BE_ABSENT = /(KiB|Ms|Pages|Ticks|Permyriad|uid)$/;

/** Differences, of which -1 KiB is one as well. */
const MAY_BE_NEGATIVE = /^(headroom|growth|returned)KiB$/;

const isAbsent = (name: string, value: unknown): boolean =>
  value === ABSENT && MAY_BE_ABSENT.test(name) && !MAY_BE_NEGATIVE.test(name);

const snakeCase = (name: string): string =>
  name.replace('KiB', 'Kib').replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** Texts of the configuration: control has decoded them, and an umlaut is no byte. */
const DECODED = new Set(['files', 'errors', 'rules']);

const convert = (value: unknown, name: string): unknown => {
  if (typeof value === 'string') return DECODED.has(name) ? visible(value, TEXT_LIMIT) : printable(value, TEXT_LIMIT);
  if (Array.isArray(value)) return value.map((each) => convert(each, name));
  return typeof value === 'object' && value !== null ? convertAll(Object.entries(value)) : value;
};

const convertAll = (entries: readonly [string, unknown][]): Record<string, unknown> => {
  const fields: Record<string, unknown> = {};
  for (const [name, value] of entries) {
    if (isAbsent(name, value)) continue;
    fields[printable(snakeCase(name))] = convert(value, name);
  }
  return fields;
};

/** Names that a log line has a meaning of its own for. */
const RESERVED = new Set(['kind', 'timeMs', 'monotonicMs', 'level', 'time', 'msg', 'event']);

/** The fields of an event without its kind and times. */
export const fieldsOf = (event: StampedEvent): Record<string, unknown> =>
  convertAll(Object.entries(event).filter(([name]) => !RESERVED.has(name)));
