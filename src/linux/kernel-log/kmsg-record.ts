/**
 * One record of /dev/kmsg (Documentation/ABI/testing/dev-kmsg; kernel/printk/printk.c, info_print_ext_header and
 * msg_add_ext_text), as one read(2) gives it:
 *
 *     6,1234,5140900,-,caller=T123;Out of memory: Killed process 7 (a\x0ab) total-vm:...
 *      SUBSYSTEM=...
 *
 * Priority (facility * 8 + level), sequence number, microseconds since boot, flags ('c': a piece that continues the record
 * before), and from 5.10 on whose record it is if CONFIG_PRINTK_CALLER is set. In the text every byte
 * that is not printable ASCII, and the backslash, stands as \xNN, so a newline ends it and no text holds one.
 */
import { ABSENT } from '../../core/units.ts';
import { at, digitsEnd, indexOfByte, NEWLINE, skipBlanks, uintBetween } from '../bytes.ts';

export interface KmsgRecord {
  /** 0: the kernel itself. Whoever writes to /dev/kmsg cannot have that one (devkmsg_write). */
  facility: number;
  sequence: number;
  timeUs: number;
  /** A piece of a line that was printed with pr_cont and did not stay together. */
  isContinuation: boolean;
  /** Where the text is in the buffer, still escaped. */
  textFrom: number;
  textEnd: number;
}

const COMMA = 0x2c;
const SEMICOLON = 0x3b;
/** 'c', and up to 4.9 '+' for the second piece and the later ones. */
const CONTINUATIONS = [0x63, 0x2b];
const FACILITY_SHIFT = 3;

export const emptyKmsgRecord = (): KmsgRecord => ({
  ...{ facility: ABSENT, sequence: ABSENT, timeUs: ABSENT, isContinuation: false, textFrom: 0, textEnd: 0 },
});

/**
 * Fills `out` from [0, length). false for what is no record: no header, or no newline, so that it was cut off and its last
 * number may be too short; `out` is then worth nothing. Allocates nothing.
 */
export const parseKmsgRecord = (buf: Uint8Array, length: number, out: KmsgRecord): boolean => {
  const header = indexOfByte(buf, SEMICOLON, 0, length);
  if (header === ABSENT) return false;
  const priorityEnd = indexOfByte(buf, COMMA, 0, header);
  const sequenceEnd = priorityEnd === ABSENT ? ABSENT : indexOfByte(buf, COMMA, priorityEnd + 1, header);
  const timeEnd = sequenceEnd === ABSENT ? ABSENT : indexOfByte(buf, COMMA, sequenceEnd + 1, header);
  if (timeEnd === ABSENT) return false;
  const priority = uintBetween(buf, 0, priorityEnd);
  out.facility = priority === ABSENT ? ABSENT : Math.floor(priority / (1 << FACILITY_SHIFT));
  out.sequence = uintBetween(buf, priorityEnd + 1, sequenceEnd);
  out.timeUs = uintBetween(buf, sequenceEnd + 1, timeEnd);
  out.isContinuation = CONTINUATIONS.includes(at(buf, timeEnd + 1));
  out.textFrom = header + 1;
  // The builtin: this is the one long search, and kmsg may bring thousands of records a second.
  const newline = buf.indexOf(NEWLINE, header + 1);
  out.textEnd = newline < length ? newline : ABSENT;
  return out.facility !== ABSENT && out.sequence !== ABSENT && out.timeUs !== ABSENT && out.textEnd !== ABSENT;
};

const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const MINUS = 0x2d;
/** From uid to oom_score_adj: more than fit into the name of a process, which lines of other kinds begin with. */
const ROW_NUMBERS = 7;

/**
 * Whether the text is a row of the task dump, "[   1234]  1000  1234  7928  7535  102400  0  0 storm" (mm/oom_kill.c,
 * dump_task()): an OOM report has one for each process, and nobody wants them here. Allocates nothing.
 */
export const isTaskRow = (buf: Uint8Array, { textFrom, textEnd }: KmsgRecord): boolean => {
  if (at(buf, textFrom) !== OPEN_BRACKET) return false;
  const pid = skipBlanks(buf, textFrom + 1, textEnd);
  let end = digitsEnd(buf, pid, textEnd);
  if (end === pid || at(buf, end) !== CLOSE_BRACKET) return false;
  end++;
  for (let count = 0; count < ROW_NUMBERS; count++) {
    let from = skipBlanks(buf, end, textEnd);
    if (at(buf, from) === MINUS) from++;
    end = digitsEnd(buf, from, textEnd);
    if (end === from) return false;
  }
  return true;
};

/** The text as it was printed, one character a byte. Nothing is ambiguous: the kernel escapes the backslash as well. */
export const unescapeKmsg = (text: string): string =>
  text.includes('\\')
    ? text.replace(/\\x([0-9a-f]{2})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)))
    : text;
