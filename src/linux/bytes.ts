/**
 * Scanners over the bytes of a /proc file. All positions are indexes into the buffer, `end` is exclusive, nothing is
 * allocated: these run on every tick and for every process.
 */
import { ABSENT } from '../core/units.ts';

const TAB = 0x09;
export const NEWLINE = 0x0a;
export const SPACE = 0x20;
export const COLON = 0x3a;
export const CLOSING_PAREN = 0x29;
const ZERO = 0x30;
const NINE = 0x39;

/** The byte at `index`. The cast is for noUncheckedIndexedAccess: beyond the end it is undefined, which equals no byte. */
export const at = (buf: Uint8Array, index: number): number => buf[index] as number;

/** First `byte` in [from, end), or ABSENT. */
export const indexOfByte = (buf: Uint8Array, byte: number, from: number, end: number): number => {
  for (let i = from; i < end; i++) if (buf[i] === byte) return i;
  return ABSENT;
};

/** Last `byte` in [from, end), or ABSENT. */
export const lastIndexOfByte = (buf: Uint8Array, byte: number, from: number, end: number): number => {
  for (let i = end - 1; i >= from; i--) if (buf[i] === byte) return i;
  return ABSENT;
};

/** The newline that ends the line at `from`; ABSENT when the text was cut off, so its last number may be too short. */
export const lineEnd = (buf: Uint8Array, from: number, len: number): number => indexOfByte(buf, NEWLINE, from, len);

const isBlank = (byte: number): boolean => byte === SPACE || byte === TAB;

/** First position in [from, end] that is neither space nor tab. */
export const skipBlanks = (buf: Uint8Array, from: number, end: number): number => {
  let i = from;
  while (i < end && isBlank(at(buf, i))) i++;
  return i;
};

/** First space or tab in [from, end], or `end`. */
export const wordEnd = (buf: Uint8Array, from: number, end: number): number => {
  let i = from;
  while (i < end && !isBlank(at(buf, i))) i++;
  return i;
};

/** First position in [from, end] that is not a decimal digit. */
export const digitsEnd = (buf: Uint8Array, from: number, end: number): number => {
  let i = from;
  while (i < end && at(buf, i) >= ZERO && at(buf, i) <= NINE) i++;
  return i;
};

/** Digits that fit in 31 bits whatever they are, and the power of ten they stand for. */
const LOW_DIGITS = 9;
const LOW_WHOLE = 1_000_000_000;
/** Digits of 2^53 - 1. */
const MAX_DIGITS = 16;

/**
 * [from, end) as a decimal number, or ABSENT unless it is 1 to 16 digits and at most 2^53 - 1. Taken as two small
 * integers, so that code which is not yet compiled allocates no heap number per digit.
 */
export const uintBetween = (buf: Uint8Array, from: number, end: number): number => {
  if (end <= from || end - from > MAX_DIGITS || digitsEnd(buf, from, end) !== end) return ABSENT;
  const split = Math.max(from, end - LOW_DIGITS);
  let low = 0;
  for (let i = split; i < end; i++) low = low * 10 + at(buf, i) - ZERO;
  if (split === from) return low;
  let high = 0;
  for (let i = from; i < split; i++) high = high * 10 + at(buf, i) - ZERO;
  const value = high * LOW_WHOLE + low;
  return value <= Number.MAX_SAFE_INTEGER ? value : ABSENT;
};

/** The value of a hexadecimal digit, lower or upper case, or ABSENT. */
const hexDigit = (byte: number): number => {
  if (byte >= ZERO && byte <= NINE) return byte - ZERO;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x61 + 10 : ABSENT;
};

/** Bit `bit` of the hexadecimal mask in [from, end): 0 or 1, or ABSENT when that is no mask or too short. */
export const hexBit = (buf: Uint8Array, from: number, end: number, bit: number): number => {
  for (let i = from; i < end; i++) if (hexDigit(at(buf, i)) === ABSENT) return ABSENT;
  const index = end - 1 - (bit >> 2);
  return index < from ? ABSENT : (hexDigit(at(buf, index)) >> (bit & 3)) & 1;
};

/** Whether [from, end) begins with `prefix`. */
export const startsWith = (buf: Uint8Array, from: number, end: number, prefix: Uint8Array): boolean => {
  if (end - from < prefix.length) return false;
  for (let i = 0; i < prefix.length; i++) if (buf[from + i] !== prefix[i]) return false;
  return true;
};

/** The bytes of an ASCII text, for comparisons. */
export const ascii = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));

/** [from, end) as a string with one character a byte, so that no byte is lost and none is invented. Allocates. */
export const latin1 = (buf: Uint8Array, from: number, end: number): string => {
  let text = '';
  for (let i = from; i < end; i++) text += String.fromCharCode(at(buf, i));
  return text;
};
