/**
 * The names that a parser looks for at the start of a line, findable from bytes without making a string: a hash table
 * over length, first and last byte, which for the keys of /proc leaves one or two candidates to compare.
 */
import { ABSENT } from '../../core/units.ts';
import { ascii, at } from '../bytes.ts';

export interface KeyTable {
  readonly keys: readonly Uint8Array[];
  /** Index of the first key of a bucket, and of the next one in it. */
  readonly heads: Int16Array;
  readonly next: Int16Array;
}

const BUCKETS = 128;

const bucketOf = (length: number, first: number, last: number): number =>
  (length * 31 + first * 7 + last) & (BUCKETS - 1);

export const createKeyTable = (names: readonly string[]): KeyTable => {
  const keys = names.map(ascii);
  const heads = new Int16Array(BUCKETS).fill(ABSENT);
  const next = new Int16Array(names.length).fill(ABSENT);
  keys.forEach((key, index) => {
    const bucket = bucketOf(key.length, at(key, 0), at(key, key.length - 1));
    next[index] = heads[bucket] as number;
    heads[bucket] = index;
  });
  return { keys, heads, next };
};

const equals = (key: Uint8Array, buf: Uint8Array, from: number): boolean => {
  for (let i = 0; i < key.length; i++) if (key[i] !== buf[from + i]) return false;
  return true;
};

/** Which of the names [from, end) is, by its place in the list given to createKeyTable, or ABSENT. */
export const findKey = (table: KeyTable, buf: Uint8Array, from: number, end: number): number => {
  if (end <= from) return ABSENT;
  let index = table.heads[bucketOf(end - from, at(buf, from), at(buf, end - 1))] as number;
  while (index !== ABSENT) {
    const key = table.keys[index] as Uint8Array;
    if (key.length === end - from && equals(key, buf, from)) return index;
    index = table.next[index] as number;
  }
  return ABSENT;
};
