import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { faultSentence } from '../../../src/report/notice-wording.ts';
import { createSelfCheck, type SelfCheckPorts } from '../../../src/report/schedule/self-check.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'oomwatchd-check-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const found = async (ports: Partial<SelfCheckPorts>): Promise<string[]> => {
  const well = { rssBytes: () => 50 << 20, controlAgeMs: () => 900, controlLimitMs: 5000, directory };
  const faults = await createSelfCheck({ ...well, ...ports })();
  return faults.map(faultSentence);
};

test('finds nothing where all is well, or where no report is written', async () => {
  expect(await found({})).toEqual([]);
  expect(await found({ directory: undefined })).toEqual([]);
});

test('finds a leak, a silent control, a directory that is not there, all at once', async () => {
  const all = { rssBytes: () => 200 << 20, controlAgeMs: () => 61_000, directory: join(directory, 'none') };
  expect(await found(all)).toEqual([
    'the report process has 200 MiB resident, which is a leak',
    'no numbers from control for 1 min 1 s',
    'incident reports cannot be written: ENOENT',
  ]);
  expect(await found({ controlAgeMs: () => undefined })).toEqual(['control has sent no numbers yet']);
});

test('finds a directory that is none, and a file system without room', async () => {
  writeFileSync(join(directory, 'file'), '');
  expect(await found({ directory: join(directory, 'file') })).toEqual([
    expect.stringMatching(/^incident reports cannot be written: EACCES/),
  ]);
  // No file system of the kernel's own has room.
  expect(await found({ directory: '/proc/self' })).toEqual([
    expect.stringMatching(/only 0 MiB are left|cannot be written/),
  ]);
});
