/** Who gets in, and that nobody keeps others out: real sockets on loopback. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { request as secureRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectSecurely } from 'node:tls';
import { afterEach, describe, expect, test } from 'vitest';
import type { HttpPolicy } from '../../src/core/policy.ts';
import { keepAccess, type Secrets, tokenIn } from '../../src/report/access.ts';
import { type Answer, text } from '../../src/report/answer.ts';
import { digestOf } from '../../src/report/guard.ts';
import type { Note } from '../../src/report/notes.ts';
import { createPages } from '../../src/report/status/pages.ts';
import { skipBecause } from '../e2e/skip.ts';
import { certificates, whyNoOpenssl } from '../support/certificates.ts';
import { answerOf, closeAll, dial, get, onClose, serve } from './http-clients.ts';
import { until } from './pipe.ts';
import { night, sourcesOf, statusOf } from './status/night.ts';

afterEach(closeAll);

/** Often enough for a test to wait for. */
const AGAIN_MS = 100;
const TOKEN = 'c2VjcmV0LXNlY3JldC1zZWNyZXQ=';
const sources = sourcesOf(night());
const pages = createPages(statusOf({ sources }), sources, () => performance.now());
const withToken = { pages, secrets: (): Secrets => ({ digest: digestOf(TOKEN) }) };
const basic = (user: string, password: string): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

/** Has the files of a policy watched until the end of the test: what is told, and what comes into use. */
const watch = (files: Partial<HttpPolicy>): { readonly notes: readonly Note[]; readonly used: readonly Secrets[] } => {
  const notes: Note[] = [];
  const used: Secrets[] = [];
  const policy = { tokenFile: '', tlsCert: '', tlsKey: '', clientCa: '', ...files };
  const tell = (note: Note): void => void notes.push(note);
  onClose(keepAccess(policy, tell, (secrets) => void used.push(secrets), AGAIN_MS));
  return { notes, used };
};

describe('a token', () => {
  test.each(['/', '/api/status', '/metrics', '/incidents/20261122T194200Z-1', '/nothing'])(
    'is asked for at %s',
    async (path) => {
      const { port } = await serve(withToken);
      const wrong = [
        undefined,
        '',
        'Bearer',
        'Bearer x',
        `Bearer ${TOKEN}x`,
        `Token ${TOKEN}`,
        basic(TOKEN, ''),
        'Basic !!!',
        `Bearer ${TOKEN} x`,
      ];
      for (const authorization of wrong) {
        const { status, headers } = await get(port, path, authorization === undefined ? {} : { authorization });
        expect(status, authorization).toBe(401);
        expect(headers['www-authenticate']).toMatch(/Bearer realm="oomwatchd", Basic realm=/);
      }
      for (const authorization of [`Bearer ${TOKEN}`, `bearer ${TOKEN}`, basic('anybody', TOKEN), basic('', TOKEN)]) {
        expect((await get(port, path, { authorization })).status, authorization).toBe(path === '/nothing' ? 404 : 200);
      }
    },
  );

  test('is not asked for by probes', async () => {
    const { port } = await serve(withToken);
    expect((await get(port, '/healthz')).status).toBe(200);
    expect((await get(port, '/readyz')).status).toBe(200);
  });

  test.each([
    [`${TOKEN}\n`, TOKEN],
    ['  abcdefghijklmnop ', 'abcdefghijklmnop'],
    ['short', undefined],
    ['', undefined],
    ['two lines of it\nand another one', undefined],
    ['not=ascii=öööööööööööö', undefined],
  ])('in a file with %j is %j', (text, token) => {
    expect(tokenIn(text)).toBe(token);
  });
});

describe('names', () => {
  test('that a stranger can have pointed here get no page, but health and metrics', async () => {
    const { port } = await serve({ pages, hostName: 'db-07.example' });
    for (const host of ['evil.example', 'evil.example:9854', 'localhost.evil.example', '127.0.0.1.evil.example']) {
      expect((await get(port, '/', { host })).status, host).toBe(421);
      expect((await get(port, '/api/status', { host })).status, host).toBe(421);
      expect((await get(port, '/healthz', { host })).status).toBe(200);
      expect((await get(port, '/metrics', { host })).status).toBe(200);
    }
    for (const host of [
      'localhost',
      'localhost:9854',
      '127.0.0.1:1',
      '[::1]:9854',
      'DB-07.example:9854',
      'a.localhost',
    ]) {
      expect((await get(port, '/', { host })).status, host).toBe(200);
    }
  });

  test('do not matter where a token is asked for', async () => {
    const { port } = await serve(withToken);
    expect((await get(port, '/', { host: 'db.example', authorization: `Bearer ${TOKEN}` })).status).toBe(200);
  });
});

describe('paths', () => {
  test.each([
    '/incidents/../../../etc/passwd',
    '/incidents/..%2f..%2f..%2fetc%2fpasswd',
    '/incidents/%2e%2e/%2e%2e/etc/passwd',
    '/incidents/....//....//etc/passwd',
    '/incidents/x%00.json',
    '/incidents//etc/passwd',
    '/etc/passwd',
    '//etc/passwd',
    '/api/status/',
    '/index.html',
    '/%2e%2e/%2e%2e/etc/passwd',
    'http://127.0.0.1/etc/passwd',
  ])('%s leads nowhere', async (path) => {
    const { port } = await serve({ pages });
    const answer = await answerOf(dial(port, `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`));
    expect(answer).toMatch(/^HTTP\/1\.1 404 /);
    expect(answer).not.toContain('root:');
  });

  test('a NUL or a line break in one is no request', async () => {
    const { port } = await serve({ pages });
    for (const path of ['/incidents/a\0b', '/a\rb']) {
      expect(await answerOf(dial(port, `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`))).toMatch(/^HTTP\/1\.1 400 /);
    }
  });
});

describe('requests', () => {
  test('that bring a body are refused unread', async () => {
    const { port } = await serve({ pages });
    for (const head of ['Content-Length: 1000000000', 'Transfer-Encoding: chunked']) {
      expect(await answerOf(dial(port, `GET / HTTP/1.1\r\nHost: localhost\r\n${head}\r\n\r\n`))).toMatch(
        /^HTTP\/1\.1 413 /,
      );
    }
    expect(await answerOf(dial(port, 'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello'))).toMatch(
      /^HTTP\/1\.1 405 /,
    );
  });

  test('in one breath get one answer', async () => {
    const { port } = await serve({ pages });
    const answers = await answerOf(dial(port, 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(50)));
    expect(answers.match(/HTTP\/1\.1 /g)).toHaveLength(1);
  });

  test('every page says that it is for itself alone', async () => {
    const { port } = await serve({ pages });
    const { headers } = await get(port, '/');
    expect(headers).toMatchObject({
      'content-security-policy': expect.stringMatching(
        /^default-src 'none'; script-src 'sha256-[^']+'; style-src 'sha256-[^']+'; connect-src 'self';.*frame-ancestors 'none'$/,
      ),
      'x-frame-options': 'DENY',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-resource-policy': 'same-origin',
      'cache-control': 'no-store',
    });
    const report = await get(port, '/incidents/20261122T194200Z-1');
    expect(report.headers['content-security-policy']).toMatch(/^default-src 'none'; style-src 'unsafe-inline'/);
  });
});

describe('whoever asks too much', () => {
  test('is told so at the pages, and never keeps a scrape or a probe out, not even of the same address', async () => {
    const { port } = await serve({ pages, nowMs: () => 0 });
    const statuses = await Promise.all(Array.from({ length: 40 }, async () => (await get(port, '/')).status));
    expect(statuses.toSorted()).toEqual([...Array(30).fill(200), ...Array(10).fill(429)]);
    for (let scrape = 0; scrape < 60; scrape++) expect((await get(port, '/metrics')).status).toBe(200);
    expect((await get(port, '/healthz')).status).toBe(200);
  });

  test('and opens connections in silence is let go for whoever comes', { timeout: 60_000 }, async () => {
    const { port } = await serve({ pages });
    const silent = () =>
      Array.from({ length: 40 }, (_, at) => dial(port, at % 2 === 0 ? '' : 'GET / HTTP/1.1\r\nX-A: '));
    const sockets = silent();
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    await new Promise((resolve) => setTimeout(resolve, 400));
    for (let wave = 0; wave < 3; wave++) {
      const more = silent();
      for (let scrape = 0; scrape < 5; scrape++) {
        const answer = await until(async () => (await get(port, '/metrics').catch(() => undefined))?.status, 5000);
        expect(answer).toBe(200);
      }
      await new Promise((resolve) => setTimeout(resolve, 400));
      sockets.push(...more);
    }
    // A header that comes a byte at a time is a silent one, too.
    const dripping = dial(port, 'GET /metrics HTTP/1.1\r\n');
    const drip = setInterval(() => dripping.write('X'), 200);
    await new Promise((resolve) => dripping.once('close', resolve));
    clearInterval(drip);
    await until(() => sockets.every((socket) => socket.destroyed || socket.readableEnded), 20_000);
  });

  test('and does not read the answers holds no more memory than a few of them', { timeout: 60_000 }, async () => {
    const large = 'x'.repeat(2 ** 20);
    const { incidents } = sources;
    const heavy = createPages(
      statusOf(),
      { incidents: { heads: () => incidents?.heads() ?? [], read: async () => large } },
      () => 0,
    );
    const { port } = await serve({ pages: heavy });
    const sockets = Array.from({ length: 20 }, () => {
      const socket = dial(port, 'GET /incidents/20261122T194200Z-1 HTTP/1.1\r\nHost: localhost\r\n\r\n');
      socket.pause();
      return socket;
    });
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect((await get(port, '/metrics')).status).toBe(200);
    for (const socket of sockets) socket.destroy();
    await until(async () => (await get(port, '/incidents/20261122T194200Z-1')).status === 200, 20_000);
  });

  test('and is gone before the answer is made holds no room for it', async () => {
    const answers: ((answer: Answer) => void)[] = [];
    const slow = { answer: () => new Promise<Answer>((resolve) => void answers.push(resolve)) };
    const { port, server } = await serve({ pages: slow });
    for (let asked = 1; asked <= 8; asked++) {
      const accepted = once(server, 'connection');
      const socket = dial(port, 'GET /incidents/20261122T194200Z-1 HTTP/1.1\r\nHost: localhost\r\n\r\n');
      const [peer] = await accepted;
      await until(() => answers.length === asked);
      const closed = once(peer, 'close');
      socket.destroy();
      await closed;
      answers[asked - 1]?.(text(200, 'x'.repeat(2 ** 20)));
    }
    expect((await get(port, '/metrics')).status).toBe(200);
  });
});

describe('TLS', { timeout: 60_000 }, () => {
  test('with client_ca lets nobody without a certificate of it get to a request', async (context) => {
    skipBecause(context, whyNoOpenssl);
    const folder = certificates(tmpdir());
    const read = (name: string): string => readFileSync(join(folder, name), 'utf8');
    const tls = { cert: read('server.pem'), key: read('server.key'), ca: read('ca.pem') };
    const { port } = await serve({ pages, secrets: () => ({ tls }) });
    const ask = async (own: object): Promise<number | string> => {
      const sent = secureRequest({
        host: '127.0.0.1',
        port,
        path: '/healthz',
        agent: false,
        rejectUnauthorized: false,
        ...own,
      });
      sent.end();
      return once(sent, 'response').then(
        ([response]) => response.statusCode,
        (error: NodeJS.ErrnoException) => error.code ?? error.message,
      );
    };
    expect(await ask({ cert: read('client.pem'), key: read('client.key') })).toBe(200);
    expect(await ask({})).not.toBe(200);
    const foreign = certificates(tmpdir());
    expect(
      await ask({ cert: readFileSync(join(foreign, 'client.pem')), key: readFileSync(join(foreign, 'client.key')) }),
    ).not.toBe(200);
    // Plain HTTP at a TLS port, and a handshake that is never finished.
    expect(await answerOf(dial(port, 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'))).not.toContain('200 OK');
    const half = dial(port, '\x16\x03\x01');
    await once(half, 'close');
  });

  test('takes a renewed certificate over, and keeps the old one while a new one is broken', async (context) => {
    skipBecause(context, whyNoOpenssl);
    const folder = certificates(tmpdir());
    const file = (name: string): string => join(folder, name);
    const { notes, used } = watch({ tlsCert: file('server.pem'), tlsKey: file('server.key') });
    await until(() => used.length === 1);
    const { port } = await serve({ pages, secrets: () => used[0] as Secrets });
    const socket = connectSecurely({ host: '127.0.0.1', port, rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    expect(socket.getPeerX509Certificate()?.subject).toBe('CN=server');
    socket.destroy();
    writeFileSync(file('server.pem'), 'broken');
    await until(() => notes.find((note) => note.kind === 'access_failed' && note.hasOld));
    writeFileSync(file('server.pem'), readFileSync(file('client.pem')));
    writeFileSync(file('server.key'), readFileSync(file('client.key')));
    await until(() => used.length === 2);
    expect(notes.at(-1)).toEqual({ kind: 'access_renewed' });
  });
});

describe('a token file', () => {
  test.each([
    ['that everybody may read', 0o644, `${TOKEN}\n`, 'may be used by everybody'],
    ['without a token', 0o600, 'short\n', 'holds no token'],
    ['that is huge', 0o600, 'x'.repeat(300_000), 'is too large'],
  ])('%s opens nothing until it is put right', async (_, mode, text, why) => {
    const file = join(mkdtempSync(join(tmpdir(), 'oomwatchd-token-')), 'token');
    writeFileSync(file, text);
    chmodSync(file, mode);
    const { notes, used } = watch({ tokenFile: file });
    await until(() => notes.length > 0);
    expect(notes[0]).toMatchObject({ kind: 'access_failed', file, error: expect.stringContaining(why), hasOld: false });
    expect(used).toEqual([]);
    chmodSync(file, 0o600);
    writeFileSync(file, `${TOKEN}\n`);
    await until(() => used.length === 1);
    expect(used[0]?.digest?.equals(digestOf(TOKEN))).toBe(true);
  });

  test('that is a pipe opens nothing, and waits for nobody', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'oomwatchd-token-')), 'token');
    execFileSync('mkfifo', ['-m', '600', file]);
    const { notes, used } = watch({ tokenFile: file });
    await until(() => notes.length > 0);
    expect(notes[0]).toMatchObject({ kind: 'access_failed', error: 'is no regular file' });
    expect(used).toEqual([]);
  });
});
