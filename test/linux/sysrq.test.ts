/** Only ever on a file of this test: the real one would have the kernel kill somebody. */
import { mkdtempSync, readdirSync, readFileSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, it } from 'vitest';
import { createSysrq } from '../../src/linux/sysrq.ts';
import { createPipe } from '../report/pipe.ts';

const [ENOENT, EBADF, EAGAIN, EISDIR] = [2, 9, 11, 21];

const folder = mkdtempSync(join(tmpdir(), 'oomwatchd-sysrq-'));
const file = join(folder, 'sysrq-trigger');
beforeEach(() => writeFileSync(file, ''));
afterAll(() => rmSync(folder, { recursive: true }));

const content = (): string => readFileSync(file, 'latin1');
const descriptors = (): number => readdirSync('/proc/self/fd').length;

it('writes one f a press through the descriptor that it keeps, and nothing in a dry run', () => {
  const before = descriptors();
  const sysrq = createSysrq(file);
  expect(descriptors()).toBe(before + 1);
  expect(sysrq.press('f', true)).toBe(0);
  expect(content()).toBe('');
  expect(sysrq.press('f', false)).toBe(0);
  expect(content()).toBe('f');
  rmSync(file);
  expect(sysrq.press('f', false)).toBe(0);
  sysrq.close();
  sysrq.close();
  expect(descriptors()).toBe(before);
});

it.each([
  ['is not there', join(folder, 'none'), ENOENT],
  ['cannot be written', folder, EISDIR],
])('one that %s answers the errno, also in a dry run', (_, path, errno) => {
  const sysrq = createSysrq(path);
  expect(sysrq.press('f', true)).toBe(errno);
  expect(sysrq.press('f', false)).toBe(errno);
  sysrq.close();
});

it('tells the errno of a write that fails, and EBADF when it has been closed', () => {
  const pipe = createPipe();
  const sysrq = createSysrq(`/proc/self/fd/${pipe.writeFd}`);
  let answer = 0;
  while (answer === 0) answer = sysrq.press('f', false);
  expect(answer).toBe(EAGAIN);
  sysrq.close();
  expect(sysrq.press('f', false)).toBe(EBADF);
});

it('presses keys that print one after the other, each in a write of its own, and says while one is under way', async () => {
  const { readFd, writeFd } = createPipe();
  const sysrq = createSysrq(`/proc/self/fd/${writeFd}`);
  expect(sysrq.isPrinting()).toBe(false);
  sysrq.print('wm');
  expect(sysrq.isPrinting()).toBe(true);
  await expect.poll(() => sysrq.isPrinting()).toBe(false);
  const bytes = Buffer.alloc(8);
  expect(bytes.toString('latin1', 0, readSync(readFd, bytes))).toBe('wm');
  sysrq.close();
  sysrq.print('w');
  expect(sysrq.isPrinting()).toBe(false);
});

it('goes on with the next key when one fails', async () => {
  const sysrq = createSysrq('/dev/full');
  sysrq.print('wm');
  await expect.poll(() => sysrq.isPrinting()).toBe(false);
  sysrq.close();
});
