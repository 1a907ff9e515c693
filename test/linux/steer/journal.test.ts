import { chmodSync, linkSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type Journal,
  type JournalPage,
  journalText,
  openJournal,
  parseJournal,
  readBootId,
  ticksSinceBoot,
} from '../../../src/linux/steer/journal.ts';

const folder = mkdtempSync(join(tmpdir(), 'oomwatchd-journal-'));
const path = join(folder, 'journal');
const open: Journal[] = [];
beforeEach(() => {
  for (const journal of open.splice(0)) journal.close();
  rmSync(path, { force: true });
});
afterAll(() => rmSync(folder, { recursive: true }));

const PAGE: JournalPage = {
  bootId: 'b1f1b0a0-0000-4000-8000-000000000000',
  atTicks: 4711,
  entries: [
    { pid: 7, startTimeTicks: 100, from: 0, to: 1000 },
    { pid: 8, startTimeTicks: -1, from: 300, to: -1000 },
  ],
};
const TEXT =
  'oomwatchd-oom_score_adj 1 b1f1b0a0-0000-4000-8000-000000000000 4711\n7 100 0 1000\n8 -1 300 -1000\nend 2\n';

const opened = (): Journal => {
  const journal = openJournal(path);
  if (typeof journal === 'string') throw new Error(journal);
  open.push(journal);
  return journal;
};

describe('the text', () => {
  it('is for people as well', () => {
    expect(journalText(PAGE)).toBe(TEXT);
    expect(parseJournal(TEXT)).toEqual(PAGE);
    expect(parseJournal(`${TEXT}\0\0\0`)).toEqual(PAGE);
  });

  it.each([
    ['nothing', ''],
    ['zeros', '\0\0\0'],
    ['a text of somebody else', 'hello\n'],
    ['one that is torn', TEXT.slice(0, -2)],
    ['one without its end', TEXT.replace('end 2\n', '')],
    ['one with an entry less', TEXT.replace('7 100 0 1000\n', '')],
    ['an entry that is none', TEXT.replace('7 100', 'seven 100')],
    ['pid 0, which is everybody', TEXT.replace('7 100', '0 100')],
    ['a value that the kernel does not know', TEXT.replace('300 -1000', '300 -1001')],
    ['a value before that', TEXT.replace('300 -1000', '1001 -1000')],
  ])('%s says nothing', (_, text) => {
    expect(parseJournal(text)).toBeNull();
  });

  it('cut off anywhere is never read as less', () => {
    for (let length = 0; length < TEXT.length; length++) expect(parseJournal(TEXT.slice(0, length))).toBeNull();
  });

  it('no bytes make the reading throw', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void parseJournal(text)));
  });
});

describe('the file', () => {
  it('has its page from the start, is read by nobody else, and says nothing', () => {
    expect(opened().read()).toBeNull();
    expect(statSync(path).size).toBe(4096);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('says what was written, until it is cleared, also to the next one who opens it', () => {
    const journal = opened();
    expect(journal.write(PAGE)).toBe(true);
    expect(journal.read()).toEqual(PAGE);
    expect(statSync(path).size).toBe(4096);
    journal.close();
    open.length = 0;
    const next = opened();
    expect(next.read()).toEqual(PAGE);
    next.clear();
    expect(next.read()).toBeNull();
  });

  it('is not written with more than its page holds', () => {
    const journal = opened();
    const entries = new Array(200).fill({ pid: 4_194_303, startTimeTicks: 1e12, from: -999, to: -1000 });
    expect(journal.write({ ...PAGE, entries })).toBe(false);
    expect(journal.read()).toBeNull();
  });

  it('belongs to one at a time', () => {
    opened();
    expect(openJournal(path)).toContain('in use by another oomwatchd');
  });

  it.each<[string, () => void]>([
    ['a link', () => symlinkSync('/etc/passwd', path)],
    [
      'a file with two names',
      () => {
        writeFileSync(`${path}2`, TEXT, { mode: 0o600 });
        linkSync(`${path}2`, path);
      },
    ],
    [
      'a file that others may write',
      () => {
        writeFileSync(path, TEXT);
        chmodSync(path, 0o666);
      },
    ],
  ])('%s that somebody has put there says nothing and is replaced', (_, put) => {
    put();
    expect(opened().read()).toBeNull();
    expect(statSync(path).size).toBe(4096);
    rmSync(`${path}2`, { force: true });
    expect(readFileSync('/etc/passwd', 'latin1')).toContain('root');
  });

  it('that cannot be had is told with the reason', () => {
    expect(openJournal(join(folder, 'none', 'journal'))).toContain('ENOENT');
    expect(openJournal(folder)).toMatch(/EISDIR|EPERM/);
  });
});

it('the clock is that of start times, and the boot has a name', () => {
  const before = ticksSinceBoot('/proc');
  expect(before).toBeGreaterThan(0);
  expect(ticksSinceBoot('/proc')).toBeGreaterThanOrEqual(before);
  expect(readBootId('/proc')).toMatch(/^[0-9a-f-]{36}$/);
});
