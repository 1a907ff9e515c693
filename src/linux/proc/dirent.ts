/**
 * What getdents64(2) writes for /proc: struct linux_dirent64 (include/linux/dirent.h), records behind one another:
 *
 *     u64 d_ino   s64 d_off   u16 d_reclen   u8 d_type   char d_name[]   (NUL-terminated, padded to 8 bytes)
 *
 * All in the machine's byte order, which is little-endian wherever Node runs on Linux, but for s390x.
 */
import { ABSENT } from '../../core/units.ts';
import { at, digitsEnd, indexOfByte, uintBetween } from '../bytes.ts';

const RECLEN_AT = 16;
const NAME_AT = 19;

const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

const reclenAt = (buf: Uint8Array, record: number): number => {
  const first = at(buf, record + RECLEN_AT);
  const second = at(buf, record + RECLEN_AT + 1);
  return isLittleEndian ? first | (second << 8) : (first << 8) | second;
};

/**
 * Writes the pids among the names in `buf` to `pids` from index `count` on. Returns the new count, which is larger than
 * pids.length when they did not all fit (the rest is counted, not written), or ABSENT when the records make no sense.
 */
export const collectPids = (buf: Uint8Array, len: number, pids: Int32Array, count: number): number => {
  let found = count;
  let record = 0;
  while (record < len) {
    const length = record + NAME_AT < len ? reclenAt(buf, record) : 0;
    const end = record + length;
    if (length <= NAME_AT || end > len) return ABSENT;
    const name = record + NAME_AT;
    const stop = indexOfByte(buf, 0, name, end);
    if (stop === ABSENT) return ABSENT;
    // Entries that are all digits are processes; PID_MAX_LIMIT is 2^22, so seven digits (include/linux/threads.h).
    if (stop > name && stop - name <= 7 && digitsEnd(buf, name, stop) === stop) {
      if (found < pids.length) pids[found] = uintBetween(buf, name, stop);
      found++;
    }
    record = end;
  }
  return found;
};
