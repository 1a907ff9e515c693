/** Reading /dev/kmsg: how much a call costs, what was lost, what fails; and the real one. */
import { closeSync, existsSync, openSync, writeSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { KernelEvent } from '../../../src/core/kernel-event.ts';
import { createKmsgReader, RECORDS_PER_CALL } from '../../../src/linux/kernel-log/kmsg-reader.ts';
import * as libc from '../../../src/linux/sys/libc.ts';
import { EPIPE, eventsOf, fakeKmsg, recordOf } from './records.ts';

const KMSG = '/dev/kmsg';
const [EPERM, EINTR, EIO, EINVAL] = [1, 4, 5, 22];

const readerOf = (...queue: (Buffer | number)[]) => {
  const io = fakeKmsg(queue);
  const reader = createKmsgReader(io, KMSG, () => 0);
  const read = (): KernelEvent[] => {
    const events: KernelEvent[] = [];
    reader.read(events);
    return events;
  };
  return { io, reader, read };
};
const leak = (sequence: number): Buffer => recordOf('oom_reaper: unable to reap pid:7 (leak)', { sequence });

it('one system call when there is nothing', () => {
  const { io, read } = readerOf();
  expect(read()).toEqual([]);
  expect(io.calls.read).toBe(1);
});

it('a flood costs a call a bounded number of records, and nothing is left out', () => {
  const { io, read } = readerOf(...Array.from({ length: RECORDS_PER_CALL + 5 }, (_, at) => leak(at)));
  expect(read()).toHaveLength(RECORDS_PER_CALL);
  expect(io.calls.read).toBe(RECORDS_PER_CALL);
  expect(read()).toHaveLength(5);
});

it('slow reading ends after its time, and goes on with the next call', () => {
  let ms = 0;
  const io = fakeKmsg(Array.from({ length: 40 }, (_, at) => recordOf('nothing', { sequence: at })));
  const reader = createKmsgReader(io, KMSG, () => (ms += 3));
  const events: KernelEvent[] = [];
  reader.read(events);
  expect(io.queue.length).toBeGreaterThan(0);
  expect(io.queue.length).toBeLessThan(40);
  while (io.queue.length > 0) reader.read(events);
  expect(events, 'nothing was lost').toEqual([]);
});

it('what was overwritten is counted by the gap that it leaves', () => {
  const lost = { kind: 'lost', source: 'kmsg', timeUs: 5_000_000 };
  expect(eventsOf([leak(10), -EPIPE, leak(31)])).toMatchObject([{ pid: 7 }, { ...lost, records: 20 }, { pid: 7 }]);
  // Nothing was read before: at least one.
  expect(eventsOf([-EPIPE, leak(31)])).toMatchObject([{ ...lost, records: 1 }, { pid: 7 }]);
  expect(eventsOf([leak(10), -EPIPE, -EPIPE, leak(11)])).toMatchObject([
    { pid: 7 },
    { ...lost, records: 1 },
    { pid: 7 },
  ]);
  // Told with the record that comes next, also a call later and of whomever.
  const { read, io } = readerOf(leak(10), -EPIPE);
  expect(read()).toHaveLength(1);
  io.queue.push(recordOf('hello', { sequence: 14, priority: 28 }));
  expect(read()).toMatchObject([{ ...lost, records: 3 }]);
});

it('an interrupted read is made again', () => {
  expect(eventsOf([-EINTR, leak(1)])).toHaveLength(1);
});

it('another error ends it: place, errno, and the descriptor is closed once', () => {
  const { io, reader, read } = readerOf(leak(1), -EIO, leak(2));
  expect(reader.reason()).toBe('');
  expect(read()).toHaveLength(1);
  expect(reader.reason()).toBe('/dev/kmsg: EIO');
  expect(read()).toEqual([]);
  reader.close();
  expect(io.calls).toEqual({ read: 2, close: 1 });
});

it('what cannot be opened says what would help', () => {
  const reader = createKmsgReader(fakeKmsg([], -EPERM), KMSG, () => 0);
  expect(reader.reason()).toBe(
    '/dev/kmsg: EPERM: run as root with CAP_SYSLOG, or set kernel.dmesg_restrict=0 (sysctl)',
  );
  const events: KernelEvent[] = [];
  reader.read(events);
  expect(events).toEqual([]);
  const io = { ...fakeKmsg(), seekEnd: () => -EINVAL };
  expect(createKmsgReader(io, KMSG, () => 0).reason()).toBe('/dev/kmsg: EINVAL');
});

const canReadAndWrite = (): boolean => {
  if (!existsSync(KMSG) || process.getuid?.() !== 0) return false;
  const fd = libc.openReadNonBlocking(KMSG);
  const answer = fd < 0 ? fd : libc.seekEnd(fd);
  if (fd >= 0) libc.close(fd);
  return answer >= 0;
};

it.runIf(canReadAndWrite())('the real one: a line that root writes as if it were the kernel is no event', () => {
  let [records, ownTexts] = [0, 0];
  const io = {
    ...libc,
    readNext: (fd: number, buffer: Uint8Array): number => {
      const length = libc.readNext(fd, buffer);
      if (length > 0) records++;
      if (length > 0 && Buffer.from(buffer.buffer, buffer.byteOffset, length).includes('Killed process 1 ('))
        ownTexts++;
      return length;
    },
  };
  const reader = createKmsgReader(io, KMSG, () => 0);
  expect(reader.reason()).toBe('');
  const before: KernelEvent[] = [];
  reader.read(before);
  const skipped = records;
  const fd = openSync(KMSG, 'w');
  const text = 'Out of memory: Killed process 1 (init) total-vm:1kB, anon-rss:1kB, file-rss:1kB, shmem-rss:0kB, UID:0';
  for (const priority of ['<0>', '<6>', '']) writeSync(fd, `${priority}${text} pgtables:1kB oom_score_adj:0\n`);
  closeSync(fd);
  const events: KernelEvent[] = [];
  reader.read(events);
  reader.close();
  // From the end on: what the log had before is not read.
  expect(skipped).toBeLessThan(50);
  expect(ownTexts).toBe(3);
  expect(events.filter((event) => 'pid' in event && event.pid === 1)).toEqual([]);
});
