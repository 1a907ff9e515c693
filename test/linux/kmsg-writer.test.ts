import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, it } from 'vitest';
import { createKmsgWriter, createUnwaitedKmsgWriter } from '../../src/linux/kmsg-writer.ts';
import { createPipe } from '../report/pipe.ts';

const [EBADF, EAGAIN] = [9, 11];
/** A record of /dev/kmsg that is longer is refused with EINVAL (PRINTKRB_RECORD_MAX, kernel/printk/printk.c). */
const RECORD_MAX = 1024;

const folder = mkdtempSync(join(tmpdir(), 'oomwatchd-kmsg-'));
const file = join(folder, 'kmsg');
beforeEach(() => writeFileSync(file, ''));
afterAll(() => rmSync(folder, { recursive: true }));

const fdCount = (): number => readdirSync('/proc/self/fd').length;

it('writes each line as one record with level and name in front', () => {
  const before = fdCount();
  const kmsg = createKmsgWriter(file);
  expect(kmsg.write('sent SIGKILL to process 7')).toBe(0);
  expect(kmsg.write('and 8')).toBe(0);
  kmsg.close();
  expect(readFileSync(file, 'latin1')).toBe('<28>oomwatchd: sent SIGKILL to process 7\n<28>oomwatchd: and 8\n');
  expect(fdCount()).toBe(before);
});

it.each([
  ['bytes', 'x'.repeat(5000)],
  ['characters of two bytes', 'é'.repeat(900)],
  ['characters of three', '€'.repeat(900)],
  ['characters of four', '🐧'.repeat(900)],
])('cuts a line of many %s to what the kernel takes', (_, text) => {
  const kmsg = createKmsgWriter(file);
  expect(kmsg.write(text)).toBe(0);
  kmsg.close();
  const record = readFileSync(file);
  expect(record.length).toBeLessThanOrEqual(RECORD_MAX);
  expect(record.length).toBeGreaterThan(900);
  expect(record.subarray(0, 15).toString()).toBe('<28>oomwatchd: ');
});

it('tells -EBADF when the log could not be opened, and closes nothing', () => {
  const before = fdCount();
  for (const path of [join(folder, 'none'), folder]) {
    const kmsg = createKmsgWriter(path);
    expect(kmsg.write('line')).toBe(-EBADF);
    kmsg.close();
  }
  expect(fdCount()).toBe(before);
});

it('never waits: what cannot be written now is told', () => {
  const pipe = createPipe();
  const kmsg = createKmsgWriter(`/proc/self/fd/${pipe.writeFd}`);
  let written = 0;
  for (let answer = 0; answer === 0; written++) answer = kmsg.write('x'.repeat(900));
  expect(written).toBeGreaterThan(10);
  expect(kmsg.write('x'.repeat(900))).toBe(-EAGAIN);
  kmsg.close();
});

it('of the loop writes the same records, in order, and has no more than its room for those that wait', async () => {
  const before = fdCount();
  const kmsg = createUnwaitedKmsgWriter(file);
  const answers = Array.from({ length: 60 }, (_, nth) => kmsg.write(`${nth} ${'x'.repeat(900)}`));
  // One is being written: nothing ends before this turn of the event loop does.
  expect(kmsg.isWaiting()).toBe(true);
  const taken = answers.indexOf(-EAGAIN);
  expect(taken).toBeGreaterThan(30);
  await kmsg.drained(10_000);
  expect(kmsg.isWaiting()).toBe(false);
  expect(kmsg.write('last')).toBe(0);
  await kmsg.drained(10_000);
  kmsg.close();
  const records = readFileSync(file, 'latin1').split('\n');
  expect(records.slice(0, taken).map((record) => record.slice(0, 19))).toEqual(
    Array.from({ length: taken }, (_, nth) => `<28>oomwatchd: ${nth} xxx`.slice(0, 19)),
  );
  expect(records.at(-2)).toBe('<28>oomwatchd: last');
  expect(fdCount()).toBe(before);
});

it('of the loop tells -EBADF as well', async () => {
  const kmsg = createUnwaitedKmsgWriter(join(folder, 'none'));
  expect(kmsg.write('line')).toBe(-EBADF);
  await kmsg.drained(10_000);
  expect(kmsg.isWaiting()).toBe(false);
  kmsg.close();
});
