/** Incident reports for real: a daemon that runs into a shortage, its files, and `oomwatchd incidents` after its end. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { EXIT } from '../../src/exit.ts';
import { until } from '../report/pipe.ts';
import { startChild } from './child.ts';
import { cleanUp, command, MAIN, ready, startDaemon, writeConfig } from './daemon.ts';
import { folder } from './folder.ts';
import { skipBecause } from './skip.ts';

afterEach(cleanUp);

/** The configuration of a daemon that is always short, with reports in the folder of this test. */
const config = (exe: string, level: 'none' | 'term'): string => {
  const file = writeConfig({ mode: 'observe', level, only: [exe] });
  mkdirSync(`${file}.d`, { recursive: true });
  const directory = join(folder(), 'incidents');
  writeFileSync(join(`${file}.d`, '50.yaml'), `report: { incidents: { directory: ${JSON.stringify(directory)} } }\n`);
  return file;
};

test('a shortage leaves a document and a page, and the command tells of both when the daemon is gone', async () => {
  const hog = await startChild({ program: 'hog', mib: 48 });
  const file = config(hog.exe, 'term');
  const daemon = await ready(startDaemon(file));
  await daemon.line('signal', (line) => line['sent'] === false);
  const directory = join(folder(), 'incidents');
  // While it goes on, five seconds after it began: what is left should the reporter be killed.
  const going = await until(() => readdirSync(directory).find((name) => name.endsWith('.json')), 20_000);
  const id = going.replace('.json', '');
  expect((await command(['incidents', 'list', '--config', file])).stdout).toMatch(
    new RegExp(`^${id} +- +0 +still going on`, 'm'),
  );
  expect((await command(['incidents', 'show', id, '--html', '--config', file])).stdout).toContain('still going on');

  process.kill(daemon.pid, 'SIGTERM');
  expect(await daemon.ended).toBe(0);
  expect(readdirSync(directory).sort()).toEqual([`${id}.html`, `${id}.json`, 'summary.tally']);
  expect(statSync(join(directory, `${id}.json`)).mode & 0o007).toBe(0);
  expect(daemon.lines('report_incident_written')).toMatchObject([{ id, file: join(directory, `${id}.html`) }]);

  const listed = await command(['incidents', '--json', '--config', file]);
  expect(JSON.parse(listed.stdout)).toMatchObject({ incidents: [{ id, outcome: 'interrupted', victims: 0 }] });
  const shown = await command(['incidents', 'show', 'last', '--config', file]);
  expect(shown).toMatchObject({ code: 0, stderr: '' });
  expect(shown.stdout).toContain(`would have killed hog (pid ${hog.pid}`);
  expect(shown.stdout).toContain('Nothing was sent, as the mode is observe');
  const document = JSON.parse((await command(['incidents', 'show', id, '--json', '--config', file])).stdout);
  expect(document).toMatchObject({ format: 'oomwatchd-incident', version: 1, config: { mode: 'observe' } });
  expect(document.choices[0].candidates[0]).toMatchObject({ pid: hog.pid, comm: 'hog', chosen: true });
  expect((await command(['incidents', 'show', id, '--html', '--config', file])).stdout).toMatch(/^<!doctype html>/);
}, 120_000);

test('the command says what it does not find, and where it may not look', async () => {
  const file = config(join(folder(), 'hog'), 'none');
  const missing = await command(['incidents', '--config', file]);
  expect(missing.code).toBe(EXIT.UNAVAILABLE);
  expect(missing.stderr).toMatch(
    /^oomwatchd: the reports in .*\/incidents cannot be read \(ENOENT.*\); run it as root or as the user of report\.user/,
  );
  mkdirSync(join(folder(), 'incidents'));
  expect(await command(['incidents', '--config', file])).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^no incidents in /),
  });
  for (const id of ['last', '20261125T213412Z-1', '../../etc/passwd']) {
    const { code, stderr } = await command(['incidents', 'show', id, '--config', file]);
    expect([code, stderr.startsWith(`oomwatchd: there is no report "${id}" in `)]).toEqual([EXIT.NEGATIVE, true]);
  }
  writeFileSync(join(folder(), 'incidents/20261125T213412Z-1.json'), '{');
  expect((await command(['incidents', '--config', file])).stderr).toContain(
    '20261125T213412Z-1: it is no report of version 1',
  );
  expect((await command(['incidents', 'show', 'last', '--config', file])).code).toBe(EXIT.UNAVAILABLE);
}, 120_000);

test('what a reporter that was taken over has written acts on no terminal, and is for a program as it is', async (context) => {
  skipBecause(context, existsSync('/usr/bin/script') ? '' : 'there is no script (apt install bsdutils)');
  const file = config(join(folder(), 'hog'), 'none');
  const stored = join(folder(), 'incidents/20261125T213412Z-1');
  const title = 'a \u009b2J';
  const head = { ...{ format: 'oomwatchd-incident', version: 1, title, outcome: 'x\u009b' }, state: 'closed' };
  mkdirSync(join(folder(), 'incidents'));
  const json = `${JSON.stringify({ ...head, started_ms: 1, ended_ms: 2, victims: 0, story: [] })}\r\u001b[2J\n`;
  const html = '<p>ä\u001b]0;x\u0007\u009b31m\u202e\n</p>\n';
  writeFileSync(`${stored}.json`, json);
  writeFileSync(`${stored}.html`, html);
  const onTerminal = (argv: string): string =>
    execFileSync(
      '/usr/bin/script',
      ['-qec', `"${process.execPath}" "${MAIN}" incidents ${argv} --config "${file}"`, '/dev/null'],
      { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
    ).replaceAll('\r\n', '\n');
  expect((await command(['incidents', 'show', 'last', '--html', '--config', file])).stdout).toBe(html);
  expect((await command(['incidents', 'show', 'last', '--json', '--config', file])).stdout).toBe(json);
  expect(onTerminal('show last --html')).toBe('<p>ä\\x1b]0;x\\x07\\x9b31m\\u{202e}\n</p>\n');
  expect(onTerminal('show last --json')).toContain('\\x0d\\x1b[2J\n');
  expect(onTerminal('list --json')).toContain('"title":"a \\x9b2J"');
}, 120_000);
