import { closeSync, mkdtempSync, openSync, readFileSync, readSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createLineSink, type LineSink } from '../../src/report/line-sink.ts';
import { createPipe, until } from './pipe.ts';

const RETRY_MS = 20;

const open = (fd: number, queueLimit?: number): LineSink =>
  createLineSink({ fd, retryMs: RETRY_MS, ...(queueLimit === undefined ? {} : { queueLimit }) });

/** All that is in a pipe whose reading end does not block. */
const drain = (fd: number): string => {
  const buffer = Buffer.alloc(1 << 20);
  let text = '';
  for (;;) {
    try {
      const length = readSync(fd, buffer);
      if (length === 0) return text;
      text += buffer.toString('utf8', 0, length);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return text;
      throw error;
    }
  }
};

const lines = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, i) => `${from + i} ${'x'.repeat(90)}\n`);

describe('the line sink', () => {
  test('writes all lines in order and tells when it is done', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'oomwatchd-sink-')), 'log');
    const sink = open(openSync(path, 'w'));
    for (const line of lines(0, 3000)) sink.write(line);
    expect(await sink.close(5000)).toBe(true);
    expect(readFileSync(path, 'utf8')).toBe(lines(0, 3000).join(''));
    expect(sink.linesLost).toBe(0);
  });

  test.each([
    ['blocks', 0],
    ['does not block', undefined],
  ])('a full pipe that %s stops neither the process nor the order of lines', async (_, flags) => {
    const { readFd, writeFd } = createPipe(flags);
    const sink = open(writeFd);
    for (const line of lines(0, 3000)) sink.write(line);
    // A write that holds the process would hold it here for ever.
    await new Promise((resolve) => setTimeout(resolve, 100));
    let text = '';
    await until(() => {
      text += drain(readFd);
      return text.length >= lines(0, 3000).join('').length;
    });
    expect(text).toBe(lines(0, 3000).join(''));
    expect(await sink.close(5000)).toBe(true);
    expect(sink.linesLost).toBe(0);
  });

  test('tells that it is not free when a write hangs', async () => {
    const { readFd, writeFd } = createPipe(0);
    const sink = open(writeFd);
    for (const line of lines(0, 3000)) sink.write(line);
    expect(await sink.close(100)).toBe(false);
    // Frees the thread of the pool, which the end of this process would wait for.
    closeSync(readFd);
  });

  test('counts what does not fit into the queue, and is well again later', async () => {
    const { readFd, writeFd } = createPipe(0);
    const sink = open(writeFd, 10_000);
    for (const line of lines(0, 3000)) sink.write(line);
    expect(sink.linesLost).toBeGreaterThan(2500);
    expect(sink.isWell).toBe(false);
    let text = '';
    await until(() => {
      text += drain(readFd);
      return text.length > 0 && sink.isWell;
    });
    expect(sink.lastError).toBe('the reader is too slow');
    expect(await sink.close(1000)).toBe(true);
    text += drain(readFd);
    expect(text.split('\n').length - 1).toBe(3000 - sink.linesLost);
  });

  test('a closed pipe loses lines and throws nothing', async () => {
    const { readFd, writeFd } = createPipe();
    closeSync(readFd);
    const sink = open(writeFd);
    sink.write('a\n');
    await until(() => sink.linesLost === 1);
    sink.write('b\n');
    await until(() => sink.linesLost === 2);
    expect(sink).toMatchObject({ lastError: 'EPIPE', isWell: false });
    expect(await sink.close(100)).toBe(true);
  });

  test('a full disk keeps the first lines, loses those beyond the queue and ends nothing', async () => {
    const sink = open(openSync('/dev/full', 'w'), 1000);
    for (const line of lines(0, 100)) sink.write(line);
    expect(sink.linesLost).toBeGreaterThan(50);
    const lost = sink.linesLost;
    await new Promise((resolve) => setTimeout(resolve, 5 * RETRY_MS));
    expect(sink.linesLost).toBe(lost);
    expect(await sink.close(100)).toBe(true);
  });
});
