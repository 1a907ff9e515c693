/**
 * Kill lines for the kernel log: netconsole, pstore and a serial console have them when no disk works. One write(2) is
 * one record; the kernel prefixes time and level and escapes what is not printable when it is read.
 */
import { close, openWriteOnly } from './sys/libc.ts';
import { createUnwaited, type Unwaited, type UnwaitedIo, writesTo } from './unwaited.ts';

export interface KmsgWriter {
  /** Returns 0 or -errno; -EBADF when the kernel log could not be opened. */
  write(text: string): number;
  close(): void;
}

const EBADF = 9;

/** LOG_DAEMON | LOG_WARNING of syslog(3): the record is marked as from user space. */
const PREFIX = '<28>oomwatchd: ';

/** Of the whole record, in bytes: the kernel refuses one of more than about 1,000 with EINVAL (PRINTKRB_RECORD_MAX). */
const MAX_BYTES = 915;
const NEWLINE = Buffer.from('\n');

/** One record. Without its newline the kernel holds it back until somebody else writes one. */
const recordOf = (text: string): Buffer => Buffer.concat([Buffer.from(PREFIX + text).subarray(0, MAX_BYTES), NEWLINE]);

const recordsTo = (fd: number, put: UnwaitedIo['now']): KmsgWriter => ({
  write: (text) => {
    if (fd < 0) return -EBADF;
    const record = recordOf(text);
    return Math.min(put(record, record.length), 0);
  },
  close: () => {
    if (fd >= 0) close(fd);
  },
});

/** A writer that waits for the console, for a process that has nothing else to do. */
export const createKmsgWriter = (path: string): KmsgWriter => {
  const fd = openWriteOnly(path);
  return recordsTo(fd, writesTo(fd).now);
};

export interface UnwaitedKmsgWriter extends KmsgWriter, Pick<Unwaited, 'isWaiting' | 'drained'> {}

/** Some forty records: a console of 9,600 baud needs half a minute for them. */
const ROOM_BYTES = 32 * 1024;

/**
 * A writer for the loop (linux/unwaited). Never at once: whoever writes a record also prints what others have left for the
 * console (kernel/printk/printk.c, console_unlock()), which may be slow in calm times as well. -EAGAIN when the room for
 * records that wait is used up.
 */
export const createUnwaitedKmsgWriter = (path: string): UnwaitedKmsgWriter => {
  const fd = openWriteOnly(path);
  const log = createUnwaited(writesTo(fd), () => false, MAX_BYTES + NEWLINE.length, ROOM_BYTES);
  return { ...recordsTo(fd, log.write), isWaiting: log.isWaiting, drained: log.drained };
};
