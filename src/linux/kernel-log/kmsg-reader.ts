/**
 * /dev/kmsg through one kept descriptor that never waits, from the time of opening on: one read(2), one record. A text that
 * a program has written there is passed over by its facility, which the kernel sets.
 */
import type { KernelEvent } from '../../core/kernel-event.ts';
import { ABSENT } from '../../core/units.ts';
import { EAGAIN, EINTR, EPIPE, errnoName } from '../sys/errno.ts';
import { emptyKmsgRecord, isTaskRow, parseKmsgRecord } from './kmsg-record.ts';
import { createOomReport } from './oom-report.ts';

/** Functions of sys/libc.ts: a result or -errno. */
export interface KernelLogIo {
  openReadNonBlocking(path: string): number;
  readNext(fd: number, buffer: Uint8Array): number;
  seekEnd(fd: number): number;
  close(fd: number): number;
}

/** CONSOLE_EXT_LOG_MAX and PRINTK_MESSAGE_MAX: a record that does not fit would be refused with EINVAL for ever. */
const RECORD_MAX = 8192;
/**
 * A call reads so many at most, and not for longer than that, then the next tick goes on. An OOM report with its task dump has
 * hundreds, and the line that counts is its last; where the kernel kills four times a second and CPUs are short, reading all
 * took a second of each tick.
 */
export const RECORDS_PER_CALL = 512;
const BUDGET_MS = 5;
/** Between two looks at the clock. */
const RECORDS_PER_LOOK = 16;
const EPERM = 1;

export interface KmsgReader {
  /** Appends what has come since the last call. One system call when nothing has. */
  read(into: KernelEvent[]): void;
  close(): void;
  /** "" while it can be read, else place, errno and remedy. */
  reason(): string;
}

const KERNEL_FACILITY = 0;

const failure = (path: string, errno: number): string => {
  const remedy =
    Math.abs(errno) === EPERM ? ': run as root with CAP_SYSLOG, or set kernel.dmesg_restrict=0 (sysctl)' : '';
  return `${path}: ${errnoName(errno)}${remedy}`;
};

export const createKmsgReader = (io: KernelLogIo, path: string, nowMs: () => number): KmsgReader => {
  const buffer = Buffer.alloc(RECORD_MAX);
  const record = emptyKmsgRecord();
  const report = createOomReport();
  let fd = io.openReadNonBlocking(path);
  let reason = fd < 0 ? failure(path, fd) : '';
  let sequence = ABSENT;
  let hasLost = false;

  const close = (): void => {
    if (fd >= 0) io.close(fd);
    fd = ABSENT;
  };
  const fail = (errno: number): void => {
    reason = failure(path, errno);
    close();
  };

  const tellLost = (into: KernelEvent[]): void => {
    const isKnown = record.sequence !== ABSENT && sequence !== ABSENT;
    const records = isKnown ? Math.max(record.sequence - sequence - 1, 1) : 1;
    into.push({ kind: 'lost', source: 'kmsg', timeUs: Math.max(record.timeUs, 0), records });
    hasLost = false;
  };

  const takeRecord = (length: number, into: KernelEvent[]): void => {
    if (!parseKmsgRecord(buffer, length, record)) return;
    if (hasLost) tellLost(into);
    sequence = record.sequence;
    if (record.facility !== KERNEL_FACILITY) return;
    const isRow = !record.isContinuation && isTaskRow(buffer, record);
    report.take(record, isRow ? '' : buffer.toString('latin1', record.textFrom, record.textEnd), into);
  };

  if (fd >= 0) {
    const end = io.seekEnd(fd);
    if (end < 0) fail(end);
  }
  return {
    read: (into) => {
      if (fd < 0) return;
      const endMs = nowMs() + BUDGET_MS;
      for (let count = 0; count < RECORDS_PER_CALL; count++) {
        if (count % RECORDS_PER_LOOK === RECORDS_PER_LOOK - 1 && nowMs() >= endMs) break;
        const length = io.readNext(fd, buffer);
        if (length > 0) takeRecord(length, into);
        else if (length === -EPIPE) hasLost = true;
        else if (length !== -EINTR) {
          if (length < 0 && length !== -EAGAIN) fail(length);
          break;
        }
      }
      report.settle(into);
    },
    close,
    reason: () => reason,
  };
};
