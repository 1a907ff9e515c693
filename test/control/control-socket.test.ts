/** A real socket, a pretended selection, and peers of every kind. */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ControlSocket, openControlSocket, REQUEST_BYTES } from '../../src/control/control-socket.ts';
import type { ForcedAnswer, ForcedRequest } from '../../src/core/forced.ts';

const NOBODY: ForcedAnswer = { outcome: 'nobody', victim: null, company: [], corrections: [], detail: 'a test' };

let folder: string;
let path: string;
let control: ControlSocket;
let asked: ForcedRequest[];
const peers: Socket[] = [];

const force = (request: ForcedRequest): ForcedAnswer => {
  asked.push(request);
  return NOBODY;
};

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'oomwatchd-control-'));
  path = join(folder, 'control.sock');
  asked = [];
  control = await openControlSocket(path, force);
});

afterEach(() => {
  for (const peer of peers.splice(0)) peer.destroy();
  control.close();
  rmSync(folder, { recursive: true });
});

const peer = async (): Promise<Socket> => {
  const socket = connect({ path, allowHalfOpen: true });
  // A reset behind the answer is no fault: what was sent too much has not been read.
  socket.on('error', () => undefined);
  peers.push(socket);
  await once(socket, 'connect');
  return socket;
};

/** All that comes until the daemon ends the connection. */
const answerOf = (socket: Socket): Promise<string> =>
  new Promise((resolve) => {
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('end', () => resolve(text));
    socket.on('close', () => resolve(text));
  });

const send = async (bytes: string | Uint8Array): Promise<string> => {
  const socket = await peer();
  const answer = answerOf(socket);
  socket.end(bytes);
  return answer;
};

const errorOf = (answer: string): string => {
  expect(answer.endsWith('\n')).toBe(true);
  const { error, ...rest } = JSON.parse(answer);
  expect(rest).toEqual({});
  return error;
};

describe('the file', () => {
  test('is a socket of its owner alone, and the umask is what it was', () => {
    const before = process.umask();
    expect(statSync(path).isSocket()).toBe(true);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(before & 0o177).not.toBe(0o177);
  });

  test('has no moment in which others may open it', async () => {
    // bind(2) makes the file and gives it its mode in one; with an open umask the mode must come from ours.
    const before = process.umask(0);
    try {
      const other = join(folder, 'open.sock');
      const opening = openControlSocket(other, force);
      // Looking for a stale one takes a turn; from the first moment that it exists its mode is right.
      while (!existsSync(other)) await new Promise((resolve) => setImmediate(resolve));
      expect(statSync(other).mode & 0o777).toBe(0o600);
      expect(process.umask()).toBe(0);
      (await opening).close();
    } finally {
      process.umask(before);
    }
  });

  test('is gone after the end', () => {
    control.close();
    expect(existsSync(path)).toBe(false);
  });

  test('of a dead daemon is replaced', async () => {
    const stale = join(folder, 'stale.sock');
    const leave = `require('node:net').createServer().listen(${JSON.stringify(stale)}, () => process.kill(process.pid, 'SIGKILL'))`;
    spawnSync(process.execPath, ['-e', leave]);
    expect(existsSync(stale)).toBe(true);
    const opened = await openControlSocket(stale, force);
    expect(opened.finding).toBeNull();
    opened.close();
  });

  test('of a living daemon is left alone, and the second daemon says so', async () => {
    const second = await openControlSocket(path, force);
    expect(second.finding).toMatchObject({
      name: 'control_socket',
      status: 'warn',
      found: `not open at ${path}: another daemon listens there`,
    });
    second.close();
    expect(await send('{}\n')).toBe(`${JSON.stringify(NOBODY)}\n`);
  });

  test('of another sort is not touched', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, 'mine');
    const opened = await openControlSocket(file, force);
    expect(opened.finding?.found).toBe(`not open at ${file}: it exists and is no socket`);
    opened.close();
    expect(readFileSync(file, 'utf8')).toBe('mine');
  });

  test('in a folder that is not there is a finding with a remedy, not an error', async () => {
    const opened = await openControlSocket(join(folder, 'not', 'there.sock'), force);
    expect(opened.finding?.found).toMatch(/: (ENOENT|EACCES)$/);
    expect(opened.finding?.remedy).toContain('systemd-tmpfiles');
    opened.close();
  });

  test('is not made when it is switched off', async () => {
    const opened = await openControlSocket('off', force);
    expect(opened.finding).toBeNull();
    opened.close();
    expect(existsSync('off')).toBe(false);
  });
});

describe('a request', () => {
  test('gets the answer of the selection, and the selection what was asked', async () => {
    const answer = await send('{"reason":"deploy stuck","observe":true,"sysrq":true}\n');
    expect(JSON.parse(answer)).toEqual(NOBODY);
    expect(await send('{}\n')).toBe(answer);
    expect(asked).toEqual([
      { by: 'socket', reason: 'deploy stuck', observe: true, sysrq: true },
      { by: 'socket', reason: '', observe: false, sysrq: false },
    ]);
  });

  test('may come in pieces', async () => {
    const socket = await peer();
    const answer = answerOf(socket);
    for (const piece of ['{"rea', 'son":"\u00e4', '"}', '\n']) {
      socket.write(piece);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(JSON.parse(await answer)).toEqual(NOBODY);
    expect(asked[0]?.reason).toBe('\u00e4');
  });

  test.each<[string, string, RegExp]>([
    ['no JSON', 'kill\n', /^request: expected an object, got "kill"; send one line such as \{/],
    ['a list', '[]\n', /^request: expected an object, got \[\];/],
    ['nothing', '\n', /^request: expected an object, got "";/],
    ['an unknown key', '{"pid":1}\n', /^request: expected no other keys than reason, observe, sysrq, got "pid";/],
    ['__proto__', '{"__proto__":{"observe":false}}\n', /got "__proto__";/],
    ['who asks', '{"by":"SIGUSR2"}\n', /got "by";/],
    ['a reason that is no text', '{"reason":4711}\n', /^reason: expected a text of at most 200 characters, got 4711;/],
    [
      'a long reason',
      `{"reason":"${'x'.repeat(201)}"}\n`,
      /^reason: expected a text of at most 200 characters, got "x+;/,
    ],
    ['observe that is no boolean', '{"observe":"yes"}\n', /^observe: expected true or false, got "yes";/],
    ['sysrq that is null', '{"sysrq":null}\n', /^sysrq: expected true or false, got null;/],
    ['no newline', '{}', /^request: expected a line that ends, got 2 bytes without a newline;/],
    ['no bytes', '', /^request: expected a line that ends, got 0 bytes/],
    ['two lines', '{}\n{}\n', /^connection: expected one line, got more behind it;/],
    ['too many bytes', 'x'.repeat(100_000), /^request: expected at most 1024 bytes with the newline, got more;/],
  ])('with %s is refused', async (_, bytes, error) => {
    expect(errorOf(await send(bytes))).toMatch(error);
    expect(asked).toEqual([]);
  });

  test('of exactly the largest size is taken, one byte more is not', async () => {
    const padded = (length: number): string => `${'{}'.padEnd(length - 1)}\n`;
    expect(JSON.parse(await send(padded(REQUEST_BYTES)))).toEqual(NOBODY);
    expect(errorOf(await send(padded(REQUEST_BYTES + 1)))).toContain('at most 1024 bytes');
  });

  test('of any bytes is answered by one line and never taken for one that it is not', async () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 1500 }),
      fc.json({ maxDepth: 2 }).map((text) => Buffer.from(`${text}\n`)),
    );
    await fc.assert(
      fc.asyncProperty(bytes, async (sent) => {
        const answer = await send(sent);
        expect(answer.indexOf('\n')).toBe(answer.length - 1);
        const { error } = JSON.parse(answer);
        if (error === undefined) expect(JSON.parse(Buffer.from(sent).toString())).toBeTypeOf('object');
        else expect(error.length).toBeLessThan(300);
      }),
      { numRuns: 200 },
    );
  });
});

describe('a peer', () => {
  test('that sends nothing is ended after two seconds, and one that trickles as well', async () => {
    const begun = performance.now();
    const silent = await peer();
    const trickling = await peer();
    const timer = setInterval(() => trickling.write(' '), 100);
    const answers = await Promise.all([answerOf(silent), answerOf(trickling)]);
    clearInterval(timer);
    expect(performance.now() - begun).toBeGreaterThanOrEqual(1990);
    expect(performance.now() - begun).toBeLessThan(4000);
    for (const answer of answers)
      expect(errorOf(answer)).toMatch(/^request: expected a line within 2000 ms, got \d+ bytes;/);
  });

  test('that goes in the middle, or before it has read, harms nobody', async () => {
    for (const bytes of ['', '{"rea', '{}\n']) {
      const socket = await peer();
      socket.write(bytes);
      socket.destroy();
    }
    expect(JSON.parse(await send('{}\n'))).toEqual(NOBODY);
  });

  test('too many is told so, and there is room again when one has gone', async () => {
    const held = await Promise.all([peer(), peer(), peer(), peer()]);
    const fifth = await peer();
    expect(errorOf(await answerOf(fifth))).toMatch(
      /^connection: expected at most 4 at a time, got one more; try again$/,
    );
    held[0]?.destroy();
    held[1]?.destroy();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(JSON.parse(await send('{}\n'))).toEqual(NOBODY);
  });

  test('is ended when the daemon ends', async () => {
    const socket = await peer();
    const answer = answerOf(socket);
    control.close();
    expect(await answer).toBe('');
  });
});
