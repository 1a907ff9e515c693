import { execFileSync } from 'node:child_process';
import {
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { replaceFile } from '../../src/report/replace-file.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'oomwatchd-replace-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const at = (name: string): string => join(folder, name);
const put = (isDurable: boolean, path = at('file')): Promise<void> =>
  replaceFile({ path, temporary: at('.new'), text: 'new', mode: 0o644, isDurable });

describe('a file that takes the place of another', () => {
  it.each([true, false])('is there as a whole, with its mode whatever umask says (durable: %s)', async (isDurable) => {
    writeFileSync(at('file'), 'old and longer');
    const before = process.umask(0o077);
    try {
      await put(isDurable);
    } finally {
      process.umask(before);
    }
    expect([readFileSync(at('file'), 'utf8'), statSync(at('file')).mode & 0o777]).toEqual(['new', 0o644]);
    expect(readdirSync(folder)).toEqual(['file']);
  });

  it('leaves the old one and nothing else behind when it cannot be put there', async () => {
    mkdirSync(at('taken'));
    writeFileSync(at('taken/in'), 'old');
    await expect(put(true, at('taken'))).rejects.toMatchObject({ code: expect.stringMatching(/^E/) });
    expect(readdirSync(folder)).toEqual(['taken']);
  });

  it.each([
    ['a link', () => symlinkSync(at('precious'), at('.new'))],
    ['a second name of a file', () => linkSync(at('precious'), at('.new'))],
    ['a pipe', () => void execFileSync('mkfifo', [at('.new')])],
  ])('is written neither into nor through %s that somebody has put in the place of the new one', async (_, place) => {
    writeFileSync(at('precious'), 'old');
    place();
    await put(false);
    expect([readFileSync(at('precious'), 'utf8'), readFileSync(at('file'), 'utf8')]).toEqual(['old', 'new']);
    expect(lstatSync(at('file')).isFile()).toBe(true);
  });
});
