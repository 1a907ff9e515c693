/** Small files are read whole, of whatever length, and closed again. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { readText } from '../../src/linux/read-text.ts';

const folder = mkdtempSync(join(tmpdir(), 'oomwatchd-read-'));
afterAll(() => rmSync(folder, { recursive: true }));

it.each([0, 1, 4095, 4096, 4097, 50_000])('a file of %d bytes, each of them', async (length) => {
  const bytes = Buffer.from(Array.from({ length }, (_, at) => at % 256));
  const path = join(folder, 'file');
  writeFileSync(path, bytes);
  expect(Buffer.from(await readText(path), 'latin1').equals(bytes)).toBe(true);
});

it('a file of /proc, which has no size', async () => {
  expect(await readText('/proc/self/mountinfo')).toBe(readFileSync('/proc/self/mountinfo', 'latin1'));
});

it('fails as the kernel does, and leaves nothing open', async () => {
  const before = readdirSync('/proc/self/fd').length;
  await expect(readText(join(folder, 'none'))).rejects.toMatchObject({ code: 'ENOENT' });
  await expect(readText(folder)).rejects.toMatchObject({ code: 'EISDIR' });
  expect(readdirSync('/proc/self/fd').length).toBe(before);
});
