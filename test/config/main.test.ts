import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { runLoader } from '../../src/config/main.ts';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'oomwatchd-loader-'));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(root, { recursive: true, force: true });
});

/** Exit code and what was printed. */
const run = (argv: string[]): [number, string] => {
  const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  const code = runLoader(argv);
  return [code, write.mock.calls.map(([chunk]) => String(chunk)).join('')];
};

test('a valid file is one line with the policy, exit 0', () => {
  const file = join(root, 'c.yaml');
  writeFileSync(file, 'mode: enforce\n');
  const [code, output] = run(['--config', file]);
  expect(code).toBe(0);
  expect(output.indexOf('\n')).toBe(output.length - 1);
  expect(JSON.parse(output).policy).toMatchObject({ mode: 'enforce', files: [file] });
});

test('a broken file is one line with all errors, exit 78', () => {
  const file = join(root, 'c.yaml');
  writeFileSync(file, 'mode: on\nmoed: 1\n');
  const [code, output] = run(['--config', file]);
  expect(code).toBe(78);
  expect(JSON.parse(output).errors).toEqual([
    { file, line: 1, column: 7, path: 'mode', message: 'expected one of observe, enforce, got "on"' },
    { file, line: 2, column: 1, path: 'moed', message: 'unknown key "moed"; did you mean "mode"?' },
  ]);
});

test('a file that was named and does not exist is an error, exit 78', () => {
  expect(run(['--config', join(root, 'none.yaml')])).toEqual([78, expect.stringContaining('ENOENT')]);
});

test('without a file the default path is read', () => {
  const [code, output] = run([]);
  expect([0, 78]).toContain(code);
  expect(Object.keys(JSON.parse(output))).toHaveLength(1);
});

test.each([[['--config']], [['--config', 'a', 'b']], [['x']]])('other arguments are refused: %j', (argv) => {
  expect(run(argv)).toEqual([78, expect.stringContaining('load-config')]);
});
