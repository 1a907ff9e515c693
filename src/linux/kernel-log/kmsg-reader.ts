/**
 * /dev/kmsg from now on, one record a read(2), without waiting. A record that was overwritten before it was read leaves a
 * gap in the sequence numbers: that many are told as lost, never passed over in silence.
 */
import type { KernelEvent } from '../../core/kernel-event.ts';
import { ABSENT } from '../../core/units.ts';
import { EAGAIN, EPIPE } from '../sys/errno.ts';
import { createOomParser } from './oom-text.ts';
import { emptyRecord, parseRecord, textOf } from './record.ts';

export interface KmsgIo {
  openReadNonBlocking(path: string): number;
  readNext(fd: number, buffer: Uint8Array): number;
  seekEnd(fd: number): number;
  close(fd: number): number;
}

export interface KmsgReader {
  /** Appends the events of what has come; returns 0, or the errno that ended it other than "nothing more". */
  read(into: KernelEvent[]): number;
  /** 0, or why it could not be opened. */
  readonly errno: number;
  close(): void;
}

/** CONSOLE_EXT_LOG_MAX, include/linux/printk.h: with less the kernel answers EINVAL for a long record. */
const RECORD_BYTES = 8192;
/** A memcg that cannot be served prints 20,000 records a second (kernel-facts 0.11): a tick takes so many of them. */
const RECORDS_MAX = 256;
const KERNEL = 0;

export const openKmsg = (io: KmsgIo, path: string): KmsgReader => {
  const fd = io.openReadNonBlocking(path);
  const parser = createOomParser();
  const buffer = new Uint8Array(RECORD_BYTES);
  const record = emptyRecord();
  let sequence: number = ABSENT;
  if (fd >= 0) io.seekEnd(fd);

  const take = (length: number, into: KernelEvent[]): void => {
    if (!parseRecord(buffer, length, record)) return;
    const { timeUs } = record;
    const records = record.sequence - sequence - 1;
    if (sequence !== ABSENT && records > 0) into.push({ kind: 'lost', records, timeUs, source: 'kmsg' });
    sequence = record.sequence;
    // What user space has written says what it likes.
    if (record.facility !== KERNEL) return;
    const event = parser.read(textOf(buffer, record), timeUs);
    if (event !== null) into.push(event);
  };

  return {
    errno: Math.max(0, -fd),
    read: (into) => {
      if (fd < 0) return -fd;
      for (let count = 0; count < RECORDS_MAX; count++) {
        const length = io.readNext(fd, buffer);
        // EPIPE: overwritten; the position is at the oldest one now.
        if (length === -EPIPE) continue;
        if (length < 0) return length === -EAGAIN ? 0 : -length;
        take(length, into);
      }
      return 0;
    },
    close: () => {
      if (fd >= 0) io.close(fd);
    },
  };
};
