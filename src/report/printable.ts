/**
 * Makes texts that strangers chose (comm, exe, unit) safe to print. Any process can call itself anything, so a name may
 * hold newlines, terminal escapes, direction overrides or half a character; none of that reaches a log or a terminal.
 */
import { isUtf8 } from 'node:buffer';

/** Other (control, format, surrogate, unassigned, private), separators except the plain space, and U+FFFD. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}\ufffd]|(?! )\p{Zs}/u;
const COMBINING = /\p{M}/u;
const PLAIN = /^[\x20-\x7e]*$/;

/** Characters that need no quotes in a sentence. */
const BARE = /^[\w.+\-:/@#]+$/;

const hex = (code: number, digits: number): string => code.toString(16).padStart(digits, '0');

/** Length of the UTF-8 sequence that a lead byte announces; 1 for what is no lead byte. */
const sequenceLength = (lead: number): number => (lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1);

const show = (character: string, isFirst: boolean): string => {
  const code = character.codePointAt(0) ?? 0;
  // A leading combining mark would change the character before the name.
  if (!UNPRINTABLE.test(character) && !(isFirst && COMBINING.test(character))) return character;
  if (character === '\n') return '\\n';
  if (character === '\t') return '\\t';
  return code < 0x100 ? `\\x${hex(code, 2)}` : `\\u{${hex(code, 4)}}`;
};

/** The pieces to be shown: whole characters where the bytes are UTF-8, and \xHH for each byte that is not. */
function* pieces(raw: string): Generator<string, void, undefined> {
  const bytes = Buffer.from(raw, 'latin1');
  for (let at = 0; at < bytes.length; ) {
    const lead = bytes[at] ?? 0;
    const length = sequenceLength(lead);
    const character = bytes.subarray(at, at + length);
    // Asked first: an exception for each byte of a path made to be none cost 40 microseconds a byte.
    const isCharacter = isUtf8(character);
    yield isCharacter ? show(character.toString('utf8'), at === 0) : `\\x${hex(lead, 2)}`;
    at += isCharacter ? length : 1;
  }
}

function* decoded(raw: string): Generator<string, void, undefined> {
  let isFirst = true;
  for (const character of raw) {
    yield show(character, isFirst);
    isFirst = false;
  }
}

const hasOnlyBytes = (raw: string): boolean => {
  for (let i = 0; i < raw.length; i++) if (raw.charCodeAt(i) > 0xff) return false;
  return true;
};

/** As many whole pieces as fit into `limit`, and three dots in place of the rest. */
const within = (shown: Iterable<string>, limit: number): string => {
  let out = '';
  for (const piece of shown) {
    if (out.length + piece.length > limit) return `${out}...`;
    out += piece;
  }
  return out;
};

/**
 * `raw` with everything unprintable escaped, at most about `limit` characters. Takes bytes decoded as latin1 (as comm
 * arrives) and reads them as UTF-8; a text with characters beyond latin1 has been decoded already.
 */
export const printable = (raw: string, limit = 64): string => {
  if (raw.length <= limit && PLAIN.test(raw)) return raw;
  // A character is at most four bytes: more input than this cannot be shown, and is not looked at.
  const head = raw.slice(0, limit * 4);
  return within(hasOnlyBytes(head) ? pieces(head) : decoded(head), limit);
};

/** The same for a text that has been decoded, and may have been made printable, before: what is printable stays as it is. */
export const visible = (text: string, limit = Number.POSITIVE_INFINITY): string =>
  text.length <= limit && PLAIN.test(text) ? text : within(decoded(text), limit);

/** Whether a finished sentence holds nothing that a terminal or a log would act on. */
export const isPrintable = (text: string): boolean => !UNPRINTABLE.test(text);

/** A name inside a sentence: bare when harmless, else in double quotes, so that `foo) (pid 1` cannot pass for our words. */
export const quoted = (raw: string, limit = 64): string => quotedShown(printable(raw, limit));

/** The same for a name that is printable already. */
export const quotedShown = (shown: string): string => (BARE.test(shown) ? shown : `"${shown.replace(/"/g, '\\"')}"`);
