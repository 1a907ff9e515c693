import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readSmallFile, UnfitFile } from '../../src/report/small-file.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'oomwatchd-small-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const file = (name: string, text = ''): string => {
  const path = join(folder, name);
  if (text !== '') writeFileSync(path, text);
  return path;
};

describe('a small file', () => {
  it('is read with its mode', async () => {
    const path = file('a', 'text');
    chmodSync(path, 0o604);
    const { text, mode } = await readSmallFile(path, 4);
    expect([text, mode & 0o777]).toEqual(['text', 0o604]);
  });

  it('is refused when it is larger, or cut where that was asked for', async () => {
    const path = file('a', 'texts');
    await expect(readSmallFile(path, 4)).rejects.toMatchObject({
      why: 'too_large',
      message: 'it is larger than 4 bytes',
    });
    expect((await readSmallFile(path, 4, { isCut: true })).text).toBe('text');
  });

  it('is no pipe, for which nobody waits, and no directory', async () => {
    execFileSync('mkfifo', [file('pipe')]);
    mkdirSync(file('folder'));
    for (const name of ['pipe', 'folder']) await expect(readSmallFile(file(name), 4)).rejects.toBeInstanceOf(UnfitFile);
  });

  it('is found through a link, but not in a directory where others may put one', async () => {
    symlinkSync(file('a', 'text'), file('link'));
    expect((await readSmallFile(file('link'), 4)).text).toBe('text');
    await expect(readSmallFile(file('link'), 4, { isOwnDirectory: true })).rejects.toMatchObject({ code: 'ELOOP' });
  });
});
