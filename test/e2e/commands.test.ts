/** The commands as an operator calls them: exit codes, streams, and answers about real processes. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { COMMANDS } from '../../src/cli.ts';
import { EXIT } from '../../src/exit.ts';
import { VERSION } from '../../src/version.ts';
import { type Child, startChild } from './child.ts';
import { cleanUp, command, MAIN, writeConfig } from './daemon.ts';
import { folder } from './folder.ts';

afterEach(cleanUp);

const shown = COMMANDS.filter(({ hidden }) => hidden !== true).map(({ name }) => name);

describe('help and version', () => {
  test('of the program: on stdout with 0, and the usage on stderr with 64 when nothing was asked', async () => {
    const help = await command(['--help']);
    expect(help).toMatchObject({ code: 0, stderr: '' });
    for (const name of shown) expect(help.stdout).toMatch(new RegExp(`^  ${name} `, 'm'));
    expect(await command(['--version'])).toMatchObject({ code: 0, stdout: `${VERSION}\n`, stderr: '' });
    expect(await command([])).toMatchObject({ code: EXIT.USAGE, stdout: '', stderr: help.stdout });
  });

  test.each(shown)('of %s', async (name) => {
    const help = await command([name, '--help']);
    expect(help).toMatchObject({ code: 0, stderr: '' });
    expect(help.stdout).toMatch(new RegExp(`^Usage: oomwatchd ${name}\\b`));
    expect(await command([name, '--version'])).toMatchObject({ code: 0, stdout: `${VERSION}\n`, stderr: '' });
  });

  test.each(shown)('%s names an option that it does not know, with its usage', async (name) => {
    const { code, stdout, stderr } = await command([name, '--frobnicate']);
    expect({ code, stdout }).toEqual({ code: EXIT.USAGE, stdout: '' });
    expect(stderr).toMatch(/^oomwatchd: Unknown option '--frobnicate'/);
    expect(stderr).toContain(`Usage: oomwatchd ${name}`);
  });

  test('a reader who goes after the first line gets no stack trace', async () => {
    const child = spawn(process.execPath, [MAIN, 'rank', '--top', '0'], { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.destroy();
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk;
    });
    const [code] = await once(child, 'close');
    expect({ code, stderr }).toEqual({ code: 141, stderr: '' });
  });

  test('an unknown command is named', async () => {
    const { code, stderr } = await command(['kill']);
    expect({ code, stderr }).toEqual({
      code: EXIT.USAGE,
      stderr: "oomwatchd: unknown command 'kill'; oomwatchd --help lists them\n",
    });
  });

  test.each([
    ['rank', '--top', 'many'],
    ['rank', '--top', '-1'],
    ['explain'],
    ['explain', 'init'],
    ['explain', '1', '2'],
    ['run', 'fast'],
    ['check', '--config'],
    ['incidents', 'show'],
    ['incidents', 'delete', '1'],
    ['incidents', '--html'],
    ['incidents', 'show', 'last', '--html', '--json'],
  ])('a wrong value is refused with 64: %s', async (...args) => {
    const { code, stdout, stderr } = await command(args);
    expect({ code, stdout }).toEqual({ code: EXIT.USAGE, stdout: '' });
    expect(stderr).toMatch(/^oomwatchd: /);
  });
});

const BROKEN = `mode: observ
detect:
  term: { mem_available: "10 %%" }
  late: 5
select:
  protect:
    - { comm: sshd }
  prefers: []
act: { hold_off: "1ms" }
`;

describe('check', () => {
  test('tells every error at once, each with file, line and column', async () => {
    const file = join(folder(), 'broken.yaml');
    writeFileSync(file, BROKEN);
    const text = await command(['check', '--config', file]);
    expect(text.code).toBe(EXIT.CONFIG);
    const lines = text.stdout.trim().split('\n');
    const places = lines.map((line) => line.slice(file.length + 1).split(' ')[0]);
    expect(places).toEqual(['1:7', '3:26', '4:9', '7:15', '8:3', '9:18']);
    const { ok, errors } = JSON.parse((await command(['check', '--config', file, '--json'])).stdout);
    expect(ok).toBe(false);
    expect(errors.map(({ line, column }: { line: number; column: number }) => `${line}:${column}`)).toEqual(places);
    for (const error of errors) {
      expect(error).toEqual({
        file,
        line: expect.any(Number),
        column: expect.any(Number),
        path: expect.any(String),
        message: expect.any(String),
      });
    }
  });

  test('run, rank and explain refuse the same file with the same lines', async () => {
    const file = join(folder(), 'broken.yaml');
    writeFileSync(file, BROKEN);
    const { stdout } = await command(['check', '--config', file]);
    for (const args of [['run'], ['rank'], ['explain', '1']]) {
      const refused = await command([...args, '--config', file]);
      expect({ code: refused.code, stdout: refused.stdout }).toEqual({ code: EXIT.CONFIG, stdout: '' });
      for (const line of stdout.trim().split('\n')) expect(refused.stderr).toContain(line);
    }
  });

  test('a valid file, and one that is named and missing', async () => {
    const file = join(folder(), 'good.yaml');
    writeFileSync(file, 'mode: enforce\n');
    const good = await command(['check', '--config', file]);
    expect(good).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^valid: mode enforce, configuration [0-9a-f]{12}, from /),
    });
    expect(JSON.parse((await command(['check', '--config', file, '--json'])).stdout)).toEqual({ ok: true, errors: [] });
    expect((await command(['check', '--config', `${file}.not`])).code).toBe(EXIT.CONFIG);
  });
});

interface Candidate {
  readonly pid: number;
  readonly eligible: boolean;
  readonly badness_pages: number;
  readonly reasons: readonly string[];
}

const pidsOfHost = (): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);

const rankJson = async (config: string): Promise<{ total_pages: number; candidates: Candidate[] }> =>
  JSON.parse((await command(['rank', '--config', config, '--json'])).stdout);

describe('rank', () => {
  test('--json has every process of the host, candidates first, with the fields that were promised', async () => {
    const hog = await startChild({ program: 'hog', mib: 48 });
    const config = writeConfig({ mode: 'observe', level: 'none', only: [hog.exe] });
    const before = pidsOfHost();
    const { total_pages, candidates } = await rankJson(config);
    const after = new Set(pidsOfHost());
    const told = new Set(candidates.map(({ pid }) => pid));
    expect(before.filter((pid) => after.has(pid) && !told.has(pid))).toEqual([]);
    expect(told.size).toBe(candidates.length);
    expect(total_pages).toBeGreaterThan(0);
    const number = expect.toSatisfy((value) => value === null || typeof value === 'number');
    for (const candidate of candidates) {
      expect(candidate).toEqual({
        pid: expect.any(Number),
        comm: expect.any(String),
        start_time_ticks: number,
        uid: number,
        unit: expect.any(String),
        rss_kib: number,
        swap_kib: number,
        page_tables_kib: number,
        oom_score_adj: expect.any(Number),
        badness_pages: expect.any(Number),
        eligible: expect.any(Boolean),
        reasons: expect.any(Array),
      });
      if (!candidate.eligible) expect(candidate.reasons).not.toEqual([]);
    }
    expect(candidates.filter(({ eligible }) => eligible).map(({ pid }) => pid)).toEqual([hog.pid]);
    expect(candidates.slice(1).some(({ eligible }) => eligible)).toBe(false);
  });

  test('orders by badness', async () => {
    const sizes = [8, 96, 32];
    const hogs: Child[] = [];
    for (const mib of sizes) hogs.push(await startChild({ program: 'hog', mib }));
    const config = writeConfig({ mode: 'observe', level: 'none', only: [hogs[0]?.exe ?? ''] });
    const { candidates } = await rankJson(config);
    const eligible = candidates.filter((candidate) => candidate.eligible);
    expect(eligible.map(({ pid }) => pid)).toEqual([hogs[1]?.pid, hogs[2]?.pid, hogs[0]?.pid]);
    expect(eligible.map(({ badness_pages }) => badness_pages)).toEqual(
      eligible.map(({ badness_pages }) => badness_pages).sort((a, b) => b - a),
    );
  });

  test('prints columns without colours into a pipe, and as many lines as asked for', async () => {
    const { code, stdout } = await command(['rank', '--top', '3']);
    const lines = stdout.trimEnd().split('\n');
    expect(code).toBe(0);
    expect(lines[0]).toMatch(/^RANK +PID +POINTS +RSS +SWAP +ADJ +COMM +UNIT +WHY$/);
    expect(lines).toHaveLength(5);
    expect(lines[4]).toMatch(/^\.\.\. and \d+ more \(--top 0 shows all\)$/);
    expect(stdout).not.toContain('\x1b');
  });
});

describe('explain', () => {
  test('tells rank, points and rules of a child', async () => {
    const hog = await startChild({ program: 'hog', mib: 48 });
    const config = writeConfig({ mode: 'observe', level: 'none', only: [hog.exe] });
    const { code, stdout } = await command(['explain', String(hog.pid), '--config', config, '--json']);
    expect(code).toBe(0);
    const told = JSON.parse(stdout);
    expect(told).toMatchObject({ pid: hog.pid, exe: hog.exe, rank: 1, candidates: 1, eligible: true });
    expect(told.rules).toEqual([{ id: 'select.only[0]', action: 'only', points: 0, reason: 'process of a test' }]);
    const { rss_pages, swap_pages, page_table_pages, oom_score_adj_pages } = told.points;
    expect(rss_pages + swap_pages + page_table_pages + oom_score_adj_pages).toBe(told.badness_pages);
    expect(Math.abs(told.oom_score.kernel - told.oom_score.ours)).toBeLessThanOrEqual(2);
    const text = (await command(['explain', String(hog.pid), '--config', config])).stdout;
    expect(text).toMatch(new RegExp(`^hog \\(pid ${hog.pid}\\) is number 1 of 1 candidates\n`));
  });

  test('tells why a protected process and pid 1 are not candidates', async () => {
    const keeper = await startChild({ program: 'keeper', mib: 8 });
    const config = writeConfig({ mode: 'observe', level: 'none', only: [keeper.exe], protect: [keeper.exe] });
    const kept = (await command(['explain', String(keeper.pid), '--config', config])).stdout;
    expect(kept).toContain('is not a candidate');
    expect(kept).toContain('protect by select.protect[0]: process of a test');
    expect((await command(['explain', '1', '--config', config])).stdout).toContain('pid 1: its death is a panic');
  });

  test('answers 1 for a pid that is not there', async () => {
    const { code, stdout, stderr } = await command(['explain', '4194304']);
    expect({ code, stdout, stderr }).toEqual({
      code: EXIT.NEGATIVE,
      stdout: '',
      stderr: 'oomwatchd: there is no process 4194304\n',
    });
  });
});

describe('doctor', () => {
  test('says the same as text and as JSON, and its exit code is the verdict', async () => {
    const json = await command(['doctor', '--json']);
    const findings: { name: string; status: string; found: string; meaning: string; remedy: string }[] = JSON.parse(
      json.stdout,
    );
    expect(findings.length).toBeGreaterThan(15);
    for (const { status, meaning, remedy } of findings) {
      expect(['ok', 'warn', 'fatal']).toContain(status);
      expect(meaning).not.toBe('');
      if (status !== 'ok') expect(remedy).not.toBe('');
    }
    const isUnsafe = findings.some(({ status }) => status === 'fatal');
    expect(json.code).toBe(isUnsafe ? EXIT.NEGATIVE : EXIT.OK);
    const text = await command(['doctor']);
    expect(text.code).toBe(json.code);
    expect(text.stdout).toMatch(isUnsafe ? /\nenforcing would be unsafe here: / : /\nenforcing is safe here\n$/);
    for (const { name } of findings) expect(text.stdout).toContain(` ${name} `);
  });
});
