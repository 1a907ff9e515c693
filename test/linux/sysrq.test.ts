/** Only ever on a file of this test: the real one would have the kernel kill somebody. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
  expect(sysrq.pressF(true)).toBe(0);
  expect(content()).toBe('');
  expect(sysrq.pressF(false)).toBe(0);
  expect(content()).toBe('f');
  rmSync(file);
  expect(sysrq.pressF(false)).toBe(0);
  sysrq.close();
  sysrq.close();
  expect(descriptors()).toBe(before);
});

it.each([
  ['is not there', join(folder, 'none'), ENOENT],
  ['cannot be written', folder, EISDIR],
])('one that %s answers the errno, also in a dry run', (_, path, errno) => {
  const sysrq = createSysrq(path);
  expect(sysrq.pressF(true)).toBe(errno);
  expect(sysrq.pressF(false)).toBe(errno);
  sysrq.close();
});

it('tells the errno of a write that fails, and EBADF when it has been closed', () => {
  const pipe = createPipe();
  const sysrq = createSysrq(`/proc/self/fd/${pipe.writeFd}`);
  let answer = 0;
  while (answer === 0) answer = sysrq.pressF(false);
  expect(answer).toBe(EAGAIN);
  sysrq.close();
  expect(sysrq.pressF(false)).toBe(EBADF);
});
