import { once } from 'node:events';
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { request, type Server } from 'node:http';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { GAUGES } from '../../src/channel/gauges.ts';
import { createHealth } from '../../src/report/health.ts';
import { createHttp } from '../../src/report/http.ts';
import { keepListening } from '../../src/report/listen.ts';
import { parseListenAddress } from '../../src/report/listen-address.ts';
import type { Note } from '../../src/report/notes.ts';
import { stamped, started } from './events.ts';
import { until } from './pipe.ts';

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

const setUp = (listen: string, render = (): Promise<string> => Promise.resolve('a 1\n')) => {
  const clock = { nowMs: 0 };
  const health = createHealth({ paceMaxMs: 1000 }, () => clock.nowMs);
  const server = createHttp({ render, contentType: 'text/plain; version=0.0.4' }, health);
  const notes: Note[] = [];
  stops.push(keepListening(server, listen, (note) => notes.push(note)));
  return { clock, health, server, notes };
};

const bound = (server: Server): Promise<AddressInfo | string> =>
  until(() => (server.listening ? (server.address() ?? undefined) : undefined));

const get = async (
  target: AddressInfo | string,
  path: string,
  method = 'GET',
): Promise<{ status: number; body: string; headers: Record<string, unknown> }> => {
  const where = typeof target === 'string' ? { socketPath: target } : { host: target.address, port: target.port };
  const sent = request({ ...where, path, method, agent: false });
  sent.end();
  const [response] = await once(sent, 'response');
  let body = '';
  for await (const chunk of response) body += chunk;
  return { status: response.statusCode, body, headers: response.headers };
};

const dial = (target: AddressInfo | string): Socket =>
  typeof target === 'string' ? connect({ path: target }) : connect({ host: target.address, port: target.port });

/** Everything a raw connection answers until it is closed. */
const raw = async (target: AddressInfo | string, text: string): Promise<string> => {
  const socket = dial(target);
  socket.on('error', () => {});
  let body = '';
  socket.on('data', (chunk) => {
    body += chunk;
  });
  socket.write(text);
  await once(socket, 'close');
  return body;
};

describe('the three paths', () => {
  test('/metrics answers what is rendered, with or without a query, and closes', async () => {
    const { server } = setUp('127.0.0.1:0');
    const address = await bound(server);
    for (const path of ['/metrics', '/metrics?name[]=a']) {
      const { status, body, headers } = await get(address, path);
      expect({ status, body }).toEqual({ status: 200, body: 'a 1\n' });
      expect(headers).toMatchObject({ 'content-type': 'text/plain; version=0.0.4', connection: 'close' });
    }
    expect(await get(address, '/metrics', 'HEAD')).toMatchObject({ status: 200, body: '' });
  });

  test('/metrics answers 500 when rendering fails, and goes on', async () => {
    const { server } = setUp('127.0.0.1:0', () => Promise.reject(new Error('x')));
    const address = await bound(server);
    expect((await get(address, '/metrics')).status).toBe(500);
    expect((await get(address, '/healthz')).status).toBe(503);
  });

  test('/healthz follows the age of the last frame', async () => {
    const { server, health, clock } = setUp('127.0.0.1:0');
    const address = await bound(server);
    const none = await get(address, '/healthz');
    expect(none.status).toBe(503);
    expect(JSON.parse(none.body)).toEqual({ status: 'unhealthy', reason: 'control has sent no numbers yet' });
    health.gauges(new Float64Array(GAUGES.length));
    clock.nowMs = 5000;
    expect(await get(address, '/healthz')).toMatchObject({
      status: 200,
      body: '{"status":"ok","last_sample_age_seconds":5}\n',
    });
    clock.nowMs = 5001;
    const stale = await get(address, '/healthz');
    expect(stale.status).toBe(503);
    expect(JSON.parse(stale.body).reason).toContain('no numbers from control for 5.0 s');
  });

  test('/readyz waits for the start of control, or for a frame of one that was there before', async () => {
    const first = setUp('127.0.0.1:0');
    const address = await bound(first.server);
    expect((await get(address, '/readyz')).status).toBe(503);
    first.health.gauges(new Float64Array(GAUGES.length));
    expect((await get(address, '/readyz')).status).toBe(503);
    first.health.event(stamped(started));
    expect((await get(address, '/readyz')).status).toBe(200);
    const second = setUp('127.0.0.1:0');
    second.health.gauges(new Float64Array(GAUGES.length).fill(1));
    expect((await get(await bound(second.server), '/readyz')).status).toBe(200);
  });

  test('a slow pace widens the limit of health', () => {
    expect(createHealth({ paceMaxMs: 10_000 }, () => 0).limitMs).toBe(30_000);
  });

  test('anything else is 404 or 405', async () => {
    const address = await bound(setUp('127.0.0.1:0').server);
    for (const path of ['/', '/metrics/', '/../etc/passwd', '//metrics', '/%6detrics']) {
      expect((await get(address, path)).status).toBe(404);
    }
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE']) {
      expect(await get(address, '/metrics', method)).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } });
    }
  });
});

describe('bad clients', () => {
  test('garbage, huge headers and upgrades get a short answer and a closed connection', async () => {
    const address = await bound(setUp('127.0.0.1:0').server);
    expect(await raw(address, 'GARBAGE\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
    expect(await raw(address, `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`)).toMatch(/ 431 /);
    expect(await raw(address, 'GET /healthz HTTP/1.1\r\nHost: a\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n')).toMatch(
      / 503 /,
    );
    const twice = await raw(address, 'GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(2));
    expect(twice.match(/HTTP\/1\.1 404/g)).toHaveLength(1);
  });

  test('a silent client is let go within seconds and does not keep others out', async () => {
    const address = await bound(setUp('127.0.0.1:0').server);
    const silent = Array.from({ length: 20 }, () => raw(address, 'GET /metrics HTTP/1.1\r\nHo'));
    expect((await get(address, '/metrics')).status).toBe(200);
    await Promise.all(silent);
  });

  test('more connections than allowed are dropped', async () => {
    const address = await bound(setUp('127.0.0.1:0').server);
    const sockets = Array.from({ length: 120 }, () => dial(address));
    for (const socket of sockets) socket.on('error', () => {});
    await until(() => sockets.filter((socket) => socket.destroyed || socket.readableEnded).length >= 120 - 64);
    for (const socket of sockets) socket.destroy();
    await until(async () => (await get(address, '/metrics').catch(() => undefined))?.status === 200);
  });
});

describe('listening', () => {
  test.each([
    ['off', { kind: 'off' }],
    ['127.0.0.1:9854', { kind: 'tcp', host: '127.0.0.1', port: 9854 }],
    ['[::1]:0', { kind: 'tcp', host: '::1', port: 0 }],
    ['localhost:80', { kind: 'tcp', host: 'localhost', port: 80 }],
    ['unix:/run/x.sock', { kind: 'unix', path: '/run/x.sock' }],
    ['unix:x.sock', undefined],
    ['9854', undefined],
    ['::1:9854', undefined],
    ['127.0.0.1:99999', undefined],
    ['127.0.0.1:', undefined],
    ['', undefined],
  ])('%s', (text, address) => {
    expect(parseListenAddress(text)).toEqual(address);
  });

  test('tells the port that was chosen', async () => {
    const { server, notes } = setUp('127.0.0.1:0');
    const { port } = (await bound(server)) as AddressInfo;
    expect(notes).toEqual([{ kind: 'listening', address: `127.0.0.1:${port}`, port }]);
  });

  test('an address that is none, or off, listens nowhere', () => {
    expect(setUp('nonsense').notes).toEqual([{ kind: 'listen_invalid', address: 'nonsense' }]);
    expect(setUp('off').notes).toEqual([]);
  });

  test('a port that is taken is tried again until it is free', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const { server, notes } = setUp(`127.0.0.1:${port}`);
    await until(() => notes.length === 1);
    expect(notes[0]).toMatchObject({ kind: 'listen_failed', error: 'EADDRINUSE', retryMs: 500 });
    other.close();
    expect(await get(await bound(server), '/metrics')).toMatchObject({ status: 200 });
  });

  test('a unix socket: a dead one is replaced, a living one and a file are left alone', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'oomwatchd-http-'));
    const path = join(folder, 'http.sock');
    const first = setUp(`unix:${path}`);
    expect(await get((await bound(first.server)) as string, '/metrics')).toMatchObject({ status: 200 });
    const second = setUp(`unix:${path}`);
    await until(() => second.notes.length > 0);
    expect(second.notes[0]).toMatchObject({ kind: 'listen_failed', error: 'EADDRINUSE' });
    expect((await get(path, '/metrics')).status).toBe(200);

    const file = join(folder, 'file');
    writeFileSync(file, 'precious');
    const third = setUp(`unix:${file}`);
    await until(() => third.notes.length > 1);
    expect(existsSync(file)).toBe(true);
  });
});
