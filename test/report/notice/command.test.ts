/** Commands of operators as real processes: well-behaved ones, and those that are not. */
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Attempt } from '../../../src/report/notice/attempt.ts';
import { createCommandRunner } from '../../../src/report/notice/command.ts';
import { until } from '../pipe.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'oomwatchd-command-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const script = (text: string): string => {
  const path = join(folder, 'command');
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o755);
  return path;
};

const never = new AbortController().signal;

const run = (argv: readonly string[], stdin = '{}', timeoutMs = 5000, signal = never): Promise<Attempt> =>
  createCommandRunner()({ argv, stdin, timeoutMs, kind: 'signal' }, signal);

const runScript = (text: string, stdin?: string, timeoutMs?: number): Promise<Attempt> =>
  run([script(text), folder], stdin, timeoutMs);

const noted = (name: string): string => readFileSync(join(folder, name), 'utf8');

const isAlive = (pid: number): boolean => {
  try {
    // A zombie whose parent has gone is reaped by init, or by nobody in a container without one.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};

describe('a command', () => {
  test('gets the document on its standard input and arguments as they are, hostile or not', async () => {
    const document = JSON.stringify({ comm: '$(touch x); `rm -rf /`\n"' });
    const answer = await run(
      [script('cat >"$1/in"; printf %s "$2" >"$1/argument"'), folder, '$(id) `id` ; *'],
      document,
    );
    expect(answer).toEqual({ result: 'ok', detail: 'exit 0' });
    expect(noted('in')).toBe(document);
    expect(noted('argument')).toBe('$(id) `id` ; *');
  });

  test('has a session of its own, no environment of ours, no descriptor of ours, and / as its directory', async () => {
    process.env['OOMWATCHD_TEST_SECRET'] = 'hunter2';
    await runScript(
      'tr "\\0" "\\n" </proc/$$/environ >"$1/env"; pwd >"$1/pwd"; ls /proc/$$/fd >"$1/fds"; cut -d" " -f5,6 /proc/$$/stat >"$1/ids"; echo $$ >"$1/pid"',
    );
    delete process.env['OOMWATCHD_TEST_SECRET'];
    const names = noted('env')
      .split('\n')
      .map((line) => line.split('=')[0])
      .filter((name) => name !== '' && name !== 'TZ');
    expect(names.sort()).toEqual(['LANG', 'OOMWATCHD_NOTICE', 'PATH']);
    expect(noted('pwd')).toBe('/\n');
    // 10: the shell's own, of the script.
    expect(
      noted('fds')
        .split('\n')
        .filter((fd) => fd !== '' && Number(fd) < 10),
    ).toEqual(['0', '1', '2']);
    const pid = noted('pid').trim();
    expect(noted('ids').trim()).toBe(`${pid} ${pid}`);
  });

  test('that fails is told with its code and what it said, made printable', async () => {
    const answer = await runScript('printf "no route\\033[2J\\n" >&2; exit 3');
    expect(answer).toEqual({ result: 'failed', detail: 'exit 3: no route\\x1b[2J' });
    expect(await runScript('kill -TERM $$')).toEqual({ result: 'failed', detail: 'ended by SIGTERM' });
  });

  test('that is not there, or is no program, is told and not tried again', async () => {
    expect(await run(['/nonexistent/page'])).toEqual({ result: 'failed', detail: 'ENOENT' });
    writeFileSync(join(folder, 'text'), 'hello');
    expect(await run([join(folder, 'text')])).toEqual({ result: 'failed', detail: 'EACCES' });
    expect(await run(['/bin/true', 'x'.repeat(200_000)])).toEqual({ result: 'failed', detail: 'E2BIG' });
  });

  test('that ignores SIGTERM is killed at the limit, with its grandchild', async () => {
    const begun = performance.now();
    const answer = await runScript(
      'trap "" TERM HUP INT; sh -c "trap \\"\\" TERM; echo \\$\\$ >$1/grandchild; while :; do sleep 1; done" & wait',
      '{}',
      1000,
    );
    expect(answer).toEqual({ result: 'timeout', detail: 'killed after 1 s' });
    expect(performance.now() - begun).toBeGreaterThan(990);
    await until(() => !isAlive(Number(noted('grandchild'))));
  });

  test('leaves nothing behind in its group when it ends before the limit', async () => {
    const answer = await runScript('sleep 1000 & echo $! >"$1/left"; exit 0');
    expect(answer).toEqual({ result: 'ok', detail: 'exit 0' });
    await until(() => !isAlive(Number(noted('left'))));
  });

  test('that floods its output is kept short, read on for a while and then not any more', async () => {
    const before = process.memoryUsage.rss();
    const answer = await runScript('yes "$(printf %01000d 1)" ; exit 7', '{}', 3000);
    // yes(1) gets EPIPE.
    expect(answer.result).toBe('failed');
    expect(answer.detail).toMatch(/^exit 7: 0{500}/);
    expect(answer.detail.length).toBeLessThan(4200);
    expect(process.memoryUsage.rss() - before).toBeLessThan(30 * 2 ** 20);
  });

  test('that never reads its input does not hold us up', async () => {
    const large = JSON.stringify({ text: 'x'.repeat(500_000) });
    expect(await runScript('exec 0<&-; sleep 0.2', large)).toEqual({ result: 'ok', detail: 'exit 0' });
    expect(await runScript('sleep 1000', large, 1000)).toMatchObject({ result: 'timeout' });
  });

  test('whose grandchild has fled into a session of its own and holds the pipes is over all the same', async () => {
    const answer = await runScript('setsid sleep 5 & exit 0', '{}', 30_000);
    expect(answer).toEqual({ result: 'ok', detail: 'exit 0' });
  });

  test('is killed when the reporter ends', async () => {
    const closing = new AbortController();
    const answer = run([script('echo $$ >"$1/pid"; exec sleep 1000'), folder], '{}', 30_000, closing.signal);
    await until(() => existsSync(join(folder, 'pid')) && noted('pid') !== '');
    closing.abort();
    expect(await answer).toEqual({ result: 'failed', detail: 'killed, as the reporter ends' });
    await until(() => !isAlive(Number(noted('pid'))));
    expect(await run(['/bin/true'], '', 1000, closing.signal)).toMatchObject({ result: 'failed' });
  });

  test('does not run at a better priority than others', async () => {
    await runScript('sleep 0.1; cut -d" " -f19 /proc/$$/stat >"$1/nice"');
    expect(Number(noted('nice'))).toBeGreaterThanOrEqual(0);
  });
});
