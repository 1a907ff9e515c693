/** `oomwatchd status` and `top` against the built daemon: what a person reads, what monitoring gets. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { screen } from '../../src/commands/top.ts';
import { EXIT } from '../../src/exit.ts';
import type { StatusDocument } from '../../src/report/status/document.ts';
import { until } from '../report/pipe.ts';
import { cleanUp, command, MAIN, ready, startDaemon, writeConfig } from './daemon.ts';
import { folder } from './folder.ts';
import { skipBecause } from './skip.ts';

afterEach(cleanUp);

/** Home, and what is erased: what a whole screen is drawn with. */
const ESCAPES = new RegExp(`${String.fromCharCode(27)}\\[[A-Z]`, 'g');

const config = (level: 'none' | 'term' | 'kill' = 'none', listen?: string): string =>
  writeConfig({
    mode: 'observe',
    level,
    only: [join(folder(), 'nobody')],
    ...(listen === undefined ? {} : { listen }),
  });

const check = (file: string) => command(['status', '--check', '--config', file]);

/** Whoever listens where the daemon would, with one answer for all. */
const stranger = (body: string): Server =>
  createServer((socket) => {
    const head = `HTTP/1.1 200 OK\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n`;
    socket.once('data', () => socket.end(head + body));
  }).listen(join(folder(), 'http.sock'));

describe('status', { timeout: 90_000 }, () => {
  test('tells a calm host in words, as JSON, and as one line that is well', async () => {
    const file = config();
    const daemon = await ready(startDaemon(file));
    await daemon.metric('oomwatchd_ticks_total', (ticks) => ticks > 0);
    const told = await command(['status', '--config', file]);
    expect(told).toMatchObject({ code: 0, stderr: '' });
    expect(told.stdout).toContain('observe mode: decides and logs, signals nobody');
    expect(told.stdout).toMatch(/MemAvailable +[\d.]+ of [\d.]+ GiB/);
    const { stdout } = await command(['status', '--json', '--config', file]);
    const document = JSON.parse(stdout) as StatusDocument;
    expect(document).toMatchObject({
      status_version: 1,
      daemon: { mode: 'observe', is_ready: true },
      now: { level: 'calm' },
    });
    expect(document.daemon.config_hash).toMatch(/^[0-9a-f]{12}$/);
    const line = await check(file);
    // What it needs and this host does not let it read is a warning; what is only not there stands behind the rest.
    const isBlind = document.sources_down.length > 0;
    expect(line.code).toBe(isBlind ? 1 : 0);
    expect(line.stdout).toMatch(
      isBlind ? /^OOMWATCHD WARNING: cannot read / : /^OOMWATCHD OK: MemAvailable .*; observe mode: .*\n$/,
    );
    const absent = document.sources_absent.map(({ name }) => name).join(', ');
    if (!isBlind && absent !== '') expect(line.stdout).toContain(`; without ${absent}\n`);
    const page = await daemon.http('/');
    expect(page.status).toBe(200);
    expect(page.body).toContain('<b>Observe mode</b>');
    expect(Buffer.byteLength(page.body)).toBeLessThan(100_000);
  });

  test.each([
    ['term', 1, /^OOMWATCHD (WARNING: |CRITICAL: livelock .*)memory is short \(level term\)/],
    ['kill', 2, /^OOMWATCHD CRITICAL: memory is very short \(level kill\)/],
  ] as const)('--check at level %s ends with %i', async (level, wanted, says) => {
    const file = config(level);
    const daemon = await ready(startDaemon(file));
    await daemon.metric(`oomwatchd_level{level="${level}"}`, (value) => value === 1);
    const { code, stdout } = await check(file);
    expect(stdout).toMatch(says);
    // A shortage for ever, with nobody who may be killed, is a livelock after a second or two.
    expect(code).toBe(stdout.includes('livelock for') ? 2 : wanted);
  });

  test('--check is a warning when a reload was refused, and critical when control is stopped or there is none', async () => {
    const file = config();
    const daemon = await ready(startDaemon(file));
    await daemon.metric('oomwatchd_ticks_total', (ticks) => ticks > 0);
    const broken = join(folder(), 'config.yaml.d');
    execFileSync('mkdir', [broken]);
    writeFileSync(join(broken, '50.yaml'), 'mode: fast\n');
    process.kill(daemon.pid, 'SIGHUP');
    await daemon.line('policy_rejected');
    execFileSync('rm', ['-r', broken]);
    expect(await check(file)).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('the configuration was refused'),
    });
    process.kill(daemon.pid, 'SIGSTOP');
    await until(async () => (await check(file)).code === 2, 30_000);
    expect((await check(file)).stdout).toMatch(/^OOMWATCHD CRITICAL: no numbers from control for /);
    process.kill(daemon.pid, 'SIGCONT');
    daemon.process.kill('SIGTERM');
    await daemon.ended;
    expect(await check(file)).toMatchObject({
      code: 2,
      stdout: expect.stringMatching(/^OOMWATCHD CRITICAL: no daemon listens at unix:.*\n$/),
    });
    expect(await command(['status', '--config', file])).toMatchObject({ code: EXIT.UNAVAILABLE, stdout: '' });
  });

  test('what listens there and is no oomwatchd reaches the terminal as text alone', async () => {
    const file = config();
    const server = stranger('"\x1b[2J\x1b[31mxx"');
    const { code, stderr } = await command(['status', '--config', file]);
    expect(code).toBe(EXIT.UNAVAILABLE);
    expect(stderr).toContain('is no oomwatchd of this version');
    expect(stderr).not.toContain('\x1b');
    server.close();
  });

  test('what gives itself out as oomwatchd is refused with the name of what is wrong', async () => {
    const file = config();
    const server = stranger(
      JSON.stringify({ status_version: 1, daemon: { mode: 'fast', sample_age_limit_ms: 1 }, problems: [], time_ms: 1 }),
    );
    expect(await command(['status', '--config', file])).toMatchObject({
      ...{ code: EXIT.UNAVAILABLE, stdout: '' },
      stderr: expect.stringMatching(/is no oomwatchd of this version: "now" is no object\n$/),
    });
    server.close();
  });

  test('a daemon that still runs in an older version, which tells of no absent sources, is asked as well', async () => {
    const file = config();
    const daemon = await ready(startDaemon(file));
    await daemon.metric('oomwatchd_ticks_total', (ticks) => ticks > 0);
    const { sources_absent, ...old } = JSON.parse((await daemon.http('/api/status')).body) as StatusDocument;
    daemon.process.kill('SIGTERM');
    await daemon.ended;
    const body = JSON.stringify({ ...old, problems: [], state: 'ok' });
    const server = createServer((socket) => {
      const head = `HTTP/1.1 200 OK\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n`;
      socket.once('data', () => socket.end(`${head}${body}`));
    }).listen(join(folder(), 'http.sock'));
    expect(await check(file)).toMatchObject({ code: 0, stderr: '' });
    expect(await command(['status', '--config', file])).toMatchObject({ code: 0, stderr: '' });
    server.close();
  });

  test('a configuration that is refused is critical for --check, and 78 else', async () => {
    const file = join(folder(), 'broken.yaml');
    writeFileSync(file, 'mode: fast\n');
    expect((await check(file)).code).toBe(2);
    expect((await command(['status', '--config', file])).code).toBe(EXIT.CONFIG);
    expect((await command(['status', '--json', '--check'])).code).toBe(EXIT.USAGE);
  });

  test('with a token on all addresses, the daemon asks for it and status shows it', async () => {
    const file = config('none', '127.0.0.1:9851');
    const token = join(folder(), 'token');
    writeFileSync(token, 'abcdefghijklmnop0123456789\n');
    chmodSync(token, 0o640);
    // The reporter is another user when the test is root, and reads the file as that user.
    if (process.getuid?.() === 0) chownSync(token, 65_534, 65_534);
    execFileSync('mkdir', [`${file}.d`]);
    writeFileSync(
      `${file}.d/50.yaml`,
      `report: { listen: "0.0.0.0:9851", http: { token_file: ${JSON.stringify(token)} } }\n`,
    );
    const daemon = await ready(startDaemon(file));
    await daemon.line('report_listening');
    expect((await fetch('http://127.0.0.1:9851/api/status')).status).toBe(401);
    expect((await fetch('http://127.0.0.1:9851/healthz')).status).not.toBe(401);
    expect((await command(['status', '--config', file])).code).toBe(0);
    expect(
      daemon
        .lines()
        .map(({ msg }) => msg)
        .join('\n'),
    ).not.toContain('abcdefghijklmnop');
  });
});

describe('top', { timeout: 60_000 }, () => {
  test('without a terminal prints once', async () => {
    const file = config();
    const daemon = await ready(startDaemon(file));
    await daemon.metric('oomwatchd_ticks_total', (ticks) => ticks > 0);
    const told = await command(['top', '--config', file]);
    expect(told).toMatchObject({ code: 0, stderr: '' });
    expect(told.stdout).not.toContain('\x1b');
    expect(told.stdout).toContain('MemAvailable');
  });

  test.each(['0', '-1', 'x', '', '1e9', '0.5'])('refuses an interval of %j', async (interval) => {
    const { code, stderr } = await command(['top', `--interval=${interval}`]);
    expect(code).toBe(EXIT.USAGE);
    expect(stderr).toContain('--interval takes 1 to 3600 seconds');
  });

  test('draws on a terminal that knows no size, and a key ends it while nobody answers', async (context) => {
    skipBecause(context, existsSync('/usr/bin/script') ? '' : 'there is no script (apt install bsdutils)');
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const line = `${process.execPath} ${MAIN} top --config ${config('none', `127.0.0.1:${port}`)}`;
    const top = spawn('/usr/bin/script', ['-qec', line, '/dev/null'], { stdio: ['pipe', 'pipe', 'ignore'] });
    let drawn = '';
    top.stdout.on('data', (chunk: Buffer) => {
      drawn += chunk;
    });
    await once(silent, 'connection');
    await until(() => drawn.includes('asking the daemon'));
    top.stdin.write('q');
    const [code] = await once(top, 'exit');
    silent.close();
    expect(code).toBe(0);
    expect(drawn.trimEnd().endsWith('\x1b[?25h\x1b[?1049l')).toBe(true);
  });

  test('fills the screen and no more, whatever its size', () => {
    const lines = Array.from({ length: 40 }, (_, at) => ({ text: `${at} ${'x'.repeat(200)}` }));
    for (const [columns, rows] of [
      [80, 24],
      [20, 3],
      [200, 60],
      [1, 1],
    ] as const) {
      const drawn = screen(lines, { columns, rows }, false, 'q quits').replaceAll(ESCAPES, '').split('\r\n');
      expect(drawn).toHaveLength(rows);
      for (const line of drawn) expect(line.length).toBeLessThanOrEqual(columns);
    }
  });
});
