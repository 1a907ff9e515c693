/**
 * Kill lines for the kernel log: netconsole, pstore and a serial console have them when no disk works. One write(2) is
 * one record; the kernel prefixes time and level and escapes what is not printable when it is read.
 */
import { close, openWriteOnly, write } from './sys/libc.ts';

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

export const createKmsgWriter = (path: string): KmsgWriter => {
  const fd = openWriteOnly(path);
  return {
    write: (text) => {
      if (fd < 0) return -EBADF;
      const line = Buffer.from(PREFIX + text).subarray(0, MAX_BYTES);
      // Without its newline the kernel holds a record back until somebody else writes one.
      const bytes = Buffer.concat([line, NEWLINE]);
      const written = write(fd, bytes, bytes.length);
      return Math.min(written, 0);
    },
    close: () => {
      if (fd >= 0) close(fd);
    },
  };
};
