/** Tables of rank, doctor and incidents: names are whatever processes call themselves. */
import { afterEach, expect, test, vi } from 'vitest';
import { table } from '../../../src/commands/inspect/columns.ts';

afterEach(() => vi.unstubAllEnvs());

const COLUMNS = [{ title: 'PID', isRight: true }, { title: 'NAME' }, { title: 'WHY' }] as const;
const pipe = {} as NodeJS.WriteStream;
const terminal = { isTTY: true } as NodeJS.WriteStream;

test('are as wide as their widest cell, also in scripts that take two columns or none a character', () => {
  const rows = [
    ['1', '数据库', 'x'],
    ['4711', 'cafe\u0301', 'y'],
    ['12', 'java', ''],
  ];
  expect(table(COLUMNS, rows, pipe).split('\n')).toEqual([
    ' PID  NAME    WHY',
    '   1  数据库  x',
    '4711  cafe\u0301    y',
    '  12  java',
    '',
  ]);
});

test('have titles in bold on a terminal, unless nobody wants colours', () => {
  vi.stubEnv('TERM', 'xterm');
  vi.stubEnv('NO_COLOR', '');
  expect(table(COLUMNS, [], terminal)).toBe('\u001b[1mPID  NAME  WHY\u001b[0m\n');
  vi.stubEnv('NO_COLOR', '1');
  expect(table(COLUMNS, [], terminal)).toBe('PID  NAME  WHY\n');
  vi.stubEnv('NO_COLOR', '');
  vi.stubEnv('TERM', 'dumb');
  expect(table(COLUMNS, [], terminal)).toBe('PID  NAME  WHY\n');
});
