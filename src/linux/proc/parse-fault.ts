/**
 * What a parser says when a line that it knows does not look as the kernel prints it. A value, not an exception: the
 * loop goes on with the fields ABSENT. It is made only when something is wrong, so it may allocate.
 */
import { latin1 } from '../bytes.ts';

export interface ParseFault {
  /** As under /proc: "meminfo", "PID/status". */
  readonly file: string;
  readonly field: string;
  readonly problem: 'not as the kernel prints it' | 'cut off' | 'missing';
  /** The line, at most 80 bytes of it, without control characters; "" when the field is missing. */
  readonly line: string;
}

const LINE_LIMIT = 80;

const printable = (text: string): string =>
  // Anything may stand in a comm: nothing of it shall steer the terminal that shows the message.
  text.replace(/[^\x20-\x7e]/g, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`);

/** A fault at the line [from, end). */
export const faultAt = (
  file: string,
  field: string,
  problem: ParseFault['problem'],
  buf: Uint8Array,
  from: number,
  end: number,
): ParseFault => ({ file, field, problem, line: printable(latin1(buf, from, Math.min(end, from + LINE_LIMIT))) });

/** A fault in a file that is read as text, outside the loop. */
export const faultInText = (file: string, field: string, line: string): ParseFault => ({
  file,
  field,
  problem: 'not as the kernel prints it',
  line: printable(line.slice(0, LINE_LIMIT)),
});

/** A field that every kernel has, not found. */
export const faultMissing = (file: string, field: string): ParseFault => ({
  file,
  field,
  problem: 'missing',
  line: '',
});

/** "meminfo: MemFree not as the kernel prints it: "MemFree: x kB"". */
export const faultText = (fault: ParseFault): string =>
  `${fault.file}: ${fault.field} ${fault.problem}${fault.line === '' ? '' : `: "${fault.line}"`}`;
