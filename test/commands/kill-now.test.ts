/** The built command against a socket that answers as it is told: words, streams and exit codes. Needs dist/. */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ControlSocket, openControlSocket } from '../../src/control/control-socket.ts';
import type { ForcedAnswer, ForcedRequest } from '../../src/core/forced.ts';
import { EXIT } from '../../src/exit.ts';
import { command } from '../e2e/daemon.ts';
import { folder, removeFolder } from '../e2e/folder.ts';
import { skipBecause } from '../e2e/skip.ts';
import { java } from '../report/events.ts';

const MAIN = new URL('../../dist/main.js', import.meta.url).pathname;

const CHOSEN: ForcedAnswer = {
  outcome: 'signalled',
  victim: java,
  company: [4712, 4713],
  corrections: [
    { patch: 1, id: 'exclude_victims', pid: 9, comm: 'o\x1b[2Jld', effect: 'passed over: it is being killed already' },
  ],
  detail: '',
};
const NOBODY: ForcedAnswer = {
  outcome: 'nobody',
  victim: null,
  company: [],
  corrections: [],
  detail: 'every process that is large enough is protected',
};

let path: string;
let config: string;
let control: ControlSocket | undefined;
let server: Server | undefined;
let asked: ForcedRequest[];

beforeEach(() => {
  path = join(folder(), 'control.sock');
  config = join(folder(), 'config.yaml');
  writeFileSync(config, `control: { socket: ${JSON.stringify(path)} }\n`);
  asked = [];
});

afterEach(() => {
  control?.close();
  server?.close();
  control = undefined;
  server = undefined;
  removeFolder();
});

const daemonSays = async (answer: ForcedAnswer): Promise<void> => {
  control = await openControlSocket(path, (request) => {
    asked.push(request);
    return answer;
  });
  expect(control.finding).toBeNull();
};

/** Something at the socket that is no daemon of ours. */
const strangerSays = (greet: (socket: Socket) => void): Promise<void> =>
  new Promise((resolve) => {
    server = createServer(greet).listen(path, resolve);
  });

const killNow = (...args: string[]): ReturnType<typeof command> => command(['kill-now', '--config', config, ...args]);

describe('an answer', () => {
  test('is told with who, why, who goes along and what the corrections did', async () => {
    await daemonSays(CHOSEN);
    expect(await killNow()).toEqual({
      code: EXIT.OK,
      stderr: '',
      stdout: `java (pid 4711, tomcat.service, 2.3 GiB) was signalled
  first of all candidates: badness 600000 pages, oom_score_adj -1
  along with it: pid 4712, 4713
  patch 1: "o\\x1b[2Jld" (pid 9) passed over: it is being killed already
`,
    });
    expect(asked).toEqual([{ by: 'socket', reason: '', observe: false, sysrq: false }]);
  });

  test.each<[ForcedAnswer, number, string]>([
    [NOBODY, EXIT.NEGATIVE, 'nobody could be chosen: every process that is large enough is protected\n'],
    [
      { ...NOBODY, outcome: 'refused', detail: 'the budget of kills is used up' },
      EXIT.NEGATIVE,
      'it was refused: the budget of kills is used up\n',
    ],
    [
      { ...CHOSEN, outcome: 'observed', company: [], corrections: [] },
      EXIT.OK,
      'java (pid 4711, tomcat.service, 2.3 GiB) would have been signalled; nothing was done\n' +
        '  first of all candidates: badness 600000 pages, oom_score_adj -1\n',
    ],
    [
      { ...CHOSEN, outcome: 'pressed', company: [], corrections: [] },
      EXIT.OK,
      'java (pid 4711, tomcat.service, 2.3 GiB) is whom the kernel takes: SysRq-f was pressed\n',
    ],
    [
      { ...CHOSEN, outcome: 'not_pressed', detail: 'EROFS', company: [], corrections: [] },
      EXIT.NEGATIVE,
      'SysRq-f was not pressed: EROFS\n',
    ],
  ])('%#', async (answer, code, stdout) => {
    await daemonSays(answer);
    expect(await killNow()).toEqual({ code, stdout, stderr: '' });
  });

  test('--json prints it as it came, with the same exit code', async () => {
    await daemonSays(NOBODY);
    const { code, stdout } = await killNow('--json');
    expect(code).toBe(EXIT.NEGATIVE);
    expect(JSON.parse(stdout)).toEqual(NOBODY);
  });
});

test('options are what the daemon is asked', async () => {
  await daemonSays(NOBODY);
  await killNow('--observe', '--sysrq-f', '--reason', 'deploy "stuck"\n');
  expect(asked).toEqual([{ by: 'socket', reason: 'deploy "stuck"\n', observe: true, sysrq: true }]);
});

describe('without a daemon it ends with 69 and says what to do', () => {
  test('nothing there', async () => {
    const { code, stdout, stderr } = await killNow();
    expect({ code, stdout }).toEqual({ code: EXIT.UNAVAILABLE, stdout: '' });
    expect(stderr).toBe(
      `oomwatchd: no daemon listens at ${path} (ENOENT); start it with "systemctl start oomwatchd", or name its configuration with --config\n`,
    );
  });

  test('the socket of a dead one', async () => {
    const leave = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
    spawnSync(process.execPath, ['-e', leave]);
    expect(existsSync(path)).toBe(true);
    const { code, stderr } = await killNow();
    expect({ code, stderr }).toMatchObject({
      code: EXIT.UNAVAILABLE,
      stderr: expect.stringContaining('(ECONNREFUSED)'),
    });
  });

  test('a socket that is not for this user', async (context) => {
    await daemonSays(NOBODY);
    chmodSync(path, 0);
    // root without the capability that makes it root for files.
    const bare = process.getuid?.() === 0 ? ['setpriv', '--bounding-set=-dac_override,-dac_read_search'] : [];
    const [program = '', ...args] = [...bare, process.execPath, MAIN, 'kill-now', '--config', config];
    const { error, status, stderr } = spawnSync(program, args, { encoding: 'utf8' });
    skipBecause(context, error === undefined ? '' : `setpriv: ${error.message}`);
    expect(status).toBe(EXIT.UNAVAILABLE);
    expect(stderr).toBe(
      `oomwatchd: ${path} may not be opened by this user (EACCES); who may is its owner: ls -l ${path}, by default root\n`,
    );
  });

  test('a socket that is switched off', async () => {
    writeFileSync(config, 'control: { socket: "off" }\n');
    const { code, stderr } = await killNow();
    expect(code).toBe(EXIT.UNAVAILABLE);
    expect(stderr).toMatch(
      /^oomwatchd: control\.socket is "off": set a path and restart the daemon, or kill -USR2 its pid$/m,
    );
  });

  test.each<[string, (socket: Socket) => void, RegExp]>([
    ['ends at once', (socket) => socket.end(), /ended without an answer/],
    [
      'says something else',
      (socket) => socket.end('HTTP/1.1 400 \x1b[2J\n'),
      /is no oomwatchd: HTTP\/1\.1 400 \\x1b\[2J$/m,
    ],
    [
      'answers by an outcome of its own',
      (socket) => socket.end('{"outcome":"done"}\n'),
      /is no oomwatchd: \{"outcome":"done"\}/,
    ],
    ['never ends its line', (socket) => socket.write('x'.repeat(200_000)), /its answer does not end/],
  ])('a stranger who %s', async (_, greet, words) => {
    await strangerSays((socket) => {
      socket.on('error', () => undefined);
      greet(socket);
    });
    const { code, stdout, stderr } = await killNow();
    expect({ code, stdout }).toEqual({ code: EXIT.UNAVAILABLE, stdout: '' });
    expect(stderr).toMatch(words);
  });
});

describe('what is refused', () => {
  test('by the command: a reason that is too long, with 64; a broken configuration, with 78', async () => {
    await daemonSays(NOBODY);
    const long = await killNow('--reason', 'x'.repeat(201));
    expect(long.code).toBe(EXIT.USAGE);
    expect(long.stderr).toBe('oomwatchd: --reason takes at most 200 characters, got 201\n');
    writeFileSync(config, 'control: { socket: here }\n');
    const broken = await killNow();
    expect(broken.code).toBe(EXIT.CONFIG);
    expect(broken.stderr).toContain('control.socket: expected');
    expect(asked).toEqual([]);
  });

  test('by the daemon: told in its words', async () => {
    await daemonSays(NOBODY);
    // 200 control characters become 1,200 bytes of JSON.
    const { code, stderr } = await killNow('--reason', '\x01'.repeat(200));
    expect(code).toBe(EXIT.NEGATIVE);
    expect(stderr).toMatch(/^oomwatchd: the daemon refused: request: expected at most 1024 bytes/);
  });
});
