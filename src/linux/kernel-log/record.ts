/**
 * One record of /dev/kmsg (Documentation/ABI/testing/dev-kmsg), as read(2) gives it:
 *
 *     4,1234,9876543210,-;Out of memory: Killed process 42 (a\x0ab) total-vm:...
 *      SUBSYSTEM=block                  (lines of a dictionary, each begins with a blank)
 *
 * prio (facility * 8 + level), sequence number, microseconds since boot, flags, perhaps more fields; then the text. Bytes
 * outside of printable ASCII, and the backslash, are escaped as \xNN (kernel/printk/printk.c, msg_add_ext_text()).
 */

import { ABSENT } from '../../core/units.ts';
import { at, digitsEnd, indexOfByte, latin1, lineEnd, uintBetween } from '../bytes.ts';

export interface KmsgRecord {
  /** 0: the kernel itself. User space cannot write records of that facility (devkmsg_write() makes it LOG_USER). */
  facility: number;
  sequence: number;
  timeUs: number;
  /** Bounds of the escaped text in the buffer. */
  textFrom: number;
  textEnd: number;
}

const COMMA = 0x2c;
const SEMICOLON = 0x3b;
const FACILITY_SHIFT = 8;

export const emptyRecord = (): KmsgRecord => ({
  facility: ABSENT,
  sequence: ABSENT,
  timeUs: ABSENT,
  textFrom: 0,
  textEnd: 0,
});

/** Fills `out`; false when the bytes are no record, whose fields are not to be used then. */
export const parseRecord = (buf: Uint8Array, len: number, out: KmsgRecord): boolean => {
  const end = lineEnd(buf, 0, len);
  const semicolon = indexOfByte(buf, SEMICOLON, 0, len);
  if (end === ABSENT || semicolon === ABSENT || semicolon > end) return false;
  const prioEnd = digitsEnd(buf, 0, semicolon);
  const sequenceEnd = digitsEnd(buf, prioEnd + 1, semicolon);
  const timeEnd = digitsEnd(buf, sequenceEnd + 1, semicolon);
  if (at(buf, prioEnd) !== COMMA || at(buf, sequenceEnd) !== COMMA || at(buf, timeEnd) !== COMMA) return false;
  const prio = uintBetween(buf, 0, prioEnd);
  out.sequence = uintBetween(buf, prioEnd + 1, sequenceEnd);
  out.timeUs = uintBetween(buf, sequenceEnd + 1, timeEnd);
  out.facility = Math.floor(prio / FACILITY_SHIFT);
  out.textFrom = semicolon + 1;
  out.textEnd = end;
  return prio !== ABSENT && out.sequence !== ABSENT && out.timeUs !== ABSENT;
};

/** The text as the kernel had it, one character a byte. Allocates. */
export const textOf = (buf: Uint8Array, { textFrom, textEnd }: KmsgRecord): string =>
  latin1(buf, textFrom, textEnd).replace(/\\x([0-9a-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
