import { spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Note } from '../../src/report/notes.ts';
import { noteLine } from '../../src/report/notes.ts';
import { keepTextfile, type TextfileOptions } from '../../src/report/textfile.ts';
import { until } from './pipe.ts';

let folder = '';
let umask = 0;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'oomwatchd-textfile-'));
  // As in the unit.
  umask = process.umask(0o077);
});
afterEach(() => {
  process.umask(umask);
  rmSync(folder, { recursive: true, force: true });
});

const keep = (given: Partial<TextfileOptions> = {}) => {
  const notes: Note[] = [];
  const results: string[] = [];
  let turns = 0;
  const textfile = keepTextfile({
    path: join(folder, 'oomwatchd.prom'),
    render: async () => `turn ${++turns}\n`,
    tell: (note) => notes.push(note),
    wrote: (result) => results.push(result),
    nowMs: () => performance.now(),
    everyMs: 100,
    ...given,
  });
  return { ...textfile, notes, results };
};

test('"off" writes nothing', async () => {
  const { stop, results } = keep({ path: 'off' });
  await new Promise((resolve) => setTimeout(resolve, 250));
  expect(await stop(10)).toBe(true);
  expect(results).toEqual([]);
});

test('the file is there at once, readable for all, written anew, and alone; it goes with the daemon', async () => {
  const { stop, results, notes } = keep();
  const file = join(folder, 'oomwatchd.prom');
  await until(() => results.length > 0);
  expect(statSync(file).mode & 0o777).toBe(0o644);
  const first = openSync(file, 'r');
  await until(() => results.length > 2);
  // Renamed into place, never written in place: who has the old one open reads it to its end.
  expect(readFileSync(first, 'utf8')).toMatch(/^turn [12]\n$/);
  closeSync(first);
  expect(readFileSync(file, 'utf8')).toMatch(/^turn \d+\n$/);
  expect(await stop(1000)).toBe(true);
  expect(readdirSync(folder)).toEqual([]);
  expect(notes).toEqual([]);
  expect(new Set(results)).toEqual(new Set(['ok']));
});

test('a failure is told once while it lasts, counted each time, and again after it was over', async () => {
  const path = join(folder, 'later', 'oomwatchd.prom');
  const { stop, notes, results } = keep({ path });
  await until(() => results.length > 3);
  expect(new Set(results)).toEqual(new Set(['failed']));
  expect(notes).toEqual([{ kind: 'textfile_failed', path, directory: join(folder, 'later'), error: 'ENOENT' }]);
  expect(noteLine(notes[0] as Note).msg).toContain(`needs to write to ${join(folder, 'later')}`);
  mkdirSync(join(folder, 'later'));
  await until(() => results.includes('ok'));
  rmSync(join(folder, 'later'), { recursive: true });
  await until(() => notes.length > 1);
  expect(await stop(1000)).toBe(true);
});

test('the same failure is told again after an hour', async () => {
  let nowMs = 0;
  const { stop, notes, results } = keep({ path: join(folder, 'no', 'a.prom'), nowMs: () => nowMs });
  await until(() => results.length > 1);
  nowMs = 3_600_000;
  await until(() => notes.length > 1);
  await stop(1000);
});

test('what cannot be rendered, or stands in the way, leaves the old file whole and nothing beside it', async () => {
  const file = join(folder, 'oomwatchd.prom');
  writeFileSync(file, 'old\n');
  const broken = keep({ render: async () => Promise.reject(new Error('broken')) });
  await until(() => broken.results.length > 1);
  expect(broken.notes).toMatchObject([{ error: 'Error: broken' }]);
  expect(readFileSync(file, 'utf8')).toBe('old\n');
  await broken.stop(1000);

  mkdirSync(file);
  const { stop, results, notes } = keep();
  await until(() => results.length > 1);
  expect(notes).toMatchObject([{ error: 'EISDIR' }]);
  await stop(1000);
  expect(readdirSync(folder)).toEqual(['oomwatchd.prom']);
});

test('a write that hangs is not joined by a second one, and the end does not wait for it', async () => {
  let renders = 0;
  const render = (): Promise<string> => {
    renders++;
    return new Promise(() => {});
  };
  const { stop, notes, results } = keep({ render });
  await until(() => results.length > 2);
  expect(renders).toBe(1);
  expect(notes).toMatchObject([{ error: 'the write before has not ended' }]);
  expect(await stop(20)).toBe(false);
  expect(existsSync(join(folder, 'oomwatchd.prom'))).toBe(false);
});

test('what reporters that were killed in the middle of a write have left is removed, and nothing else', async () => {
  const gone = spawnSync('true').pid;
  const own = 'oomwatchd.prom';
  const others = [
    ...[`${own}.1.new`, `${own}.${gone}.new.bak`, `x${own}.${gone}.new`, `other.prom.${gone}.new`],
    ...[`${own}.new`, `${own}.0${gone}.new`, `${own}.-1.new`, `${own}.x.new`, 'other.prom'],
  ];
  for (const name of [`${own}.${gone}.new`, `${own}.${process.pid}.new`, ...others])
    writeFileSync(join(folder, name), '');
  const second = spawnSync('true').pid;
  mkdirSync(join(folder, `${own}.${second}.new`));
  const { stop, results } = keep();
  await until(() => results.length > 0);
  expect(await stop(60_000)).toBe(true);
  expect(readdirSync(folder).sort()).toEqual([...others, `${own}.${second}.new`].sort());
});

test('a file that a hung write keeps is removed without waiting for that', async () => {
  let turns = 0;
  const file = join(folder, 'oomwatchd.prom');
  const { stop, removeNow, results } = keep({
    render: () => (turns++ === 0 ? Promise.resolve('old\n') : new Promise(() => {})),
  });
  await until(() => results.includes('failed'));
  expect(await stop(20)).toBe(false);
  expect(existsSync(file)).toBe(true);
  removeNow();
  expect(readdirSync(folder)).toEqual([]);
});
