/** Webhooks against real loopback servers, most of them ill-behaved. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { NoticeWebhook } from '../../../src/core/notice-policy.ts';
import type { NoticeResult } from '../../../src/report/incident/incident-head.ts';
import type { Attempt } from '../../../src/report/notice/attempt.ts';
import { createNoticeQueue } from '../../../src/report/notice/queue.ts';
import { post } from '../../../src/report/notice/webhook.ts';
import { skipBecause } from '../../e2e/skip.ts';
import { certificates, whyNoOpenssl } from '../../support/certificates.ts';
import { closeServers, startHook, startTcp, startTls } from './server.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'oomwatchd-webhook-'));
});
afterEach(() => {
  closeServers();
  rmSync(folder, { recursive: true, force: true });
});

const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

const hook = (url: string, more: Partial<NoticeWebhook> = {}): NoticeWebhook => ({
  ...{ name: 'chat', url, urlFile: '', headersFile: '', caFile: '', template: 'generic' },
  ...{ on: ['signal'], timeoutMs: 1000 },
  ...more,
});

const never = new AbortController().signal;
const send = (url: string, more: Partial<NoticeWebhook> = {}, body = '{"a":"ä"}'): Promise<Attempt> =>
  post(hook(url, more), body, never);

describe('a webhook', () => {
  test('gets the body with its length and type, and the headers of the file', async () => {
    const { url, received } = await startHook((response) => response.writeHead(204).end());
    const headersFile = file('headers', '# for the gateway\nAuthorization: Bearer hunter2\r\n\nX-Team: a: b\n');
    expect(await send(url, { headersFile })).toEqual({ result: 'ok', detail: 'HTTP 204' });
    expect(received).toMatchObject([{ method: 'POST', url: '/hook?token=hunter2', body: '{"a":"ä"}' }]);
    expect(received[0]?.headers).toMatchObject({
      ...{ 'content-type': 'application/json', 'content-length': '10', connection: 'close' },
      ...{ authorization: 'Bearer hunter2', 'x-team': 'a: b', 'user-agent': 'oomwatchd' },
    });
  });

  test('of a control of an older version, which knows no ca_file, is sent', async () => {
    const { url } = await startHook((response) => response.end());
    const { caFile, ...old } = hook(url);
    expect(await post(old, '{}', never)).toEqual({ result: 'ok', detail: 'HTTP 200' });
  });

  test('may have its address in a file, which is read each time', async () => {
    const { url, received } = await startHook((response) => response.end());
    const urlFile = file('url', `${url}\nwhatever\n`);
    expect(await send('', { urlFile })).toMatchObject({ result: 'ok' });
    file('url', 'gopher://x');
    expect(await send('', { urlFile })).toEqual({
      ...{ result: 'failed', detail: `url_file ${urlFile}: its first line is no http(s) URL` },
    });
    expect(received).toHaveLength(1);
  });

  test.each([
    [400, false],
    [404, false],
    [302, false],
    [429, true],
    [500, true],
    [503, true],
  ])('that answers %d is tried again: %s', async (status, isRetried) => {
    const { url } = await startHook((response) =>
      response.writeHead(status, { Location: '/elsewhere' }).end('hunter2'),
    );
    const answer = await send(url);
    expect(answer.result).toBe('failed');
    expect(answer.detail).toBe(status === 302 ? 'HTTP 302: redirects are not followed' : `HTTP ${status}`);
    expect(answer.retryAfterMs !== undefined).toBe(isRetried);
  });

  test('that says when to come back is asked no sooner', async () => {
    const { url } = await startHook((response) => response.writeHead(429, { 'Retry-After': '7' }).end());
    expect(await send(url)).toMatchObject({ retryAfterMs: 7000 });
  });

  test('that never answers is given up at the limit', async () => {
    const { url } = await startHook(() => undefined);
    expect(await send(url, { timeoutMs: 300 })).toEqual({
      ...{ result: 'timeout', detail: 'no answer in 0.3 s', retryAfterMs: 0 },
    });
    const silent = await startTcp(() => undefined);
    expect(await send(silent, { timeoutMs: 300 })).toMatchObject({ result: 'timeout' });
  });

  test('that drips header lines for ever is given up at the limit', async () => {
    const url = await startTcp((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n');
      const drip = setInterval(() => socket.write('X: y\r\n'), 20);
      socket.on('close', () => clearInterval(drip));
    });
    expect(await send(url, { timeoutMs: 400 })).toMatchObject({ result: 'timeout' });
  });

  test('that closes early, speaks no HTTP or is not there may do better another time', async () => {
    const early = await startTcp((socket) => socket.destroy());
    expect(await send(early)).toEqual({ result: 'failed', detail: 'ECONNRESET', retryAfterMs: 0 });
    const babble = await startTcp((socket) => socket.end('220 mail.example ESMTP\r\n'));
    expect(await send(babble)).toMatchObject({ result: 'failed', detail: expect.stringMatching(/^HPE_/) });
    closeServers();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await send(early)).toEqual({ result: 'failed', detail: 'ECONNREFUSED', retryAfterMs: 0 });
  });

  test('whose answer has no end costs no memory', async () => {
    let written = 0;
    const { url } = await startHook((response) => {
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536))) written += 65_536;
        if (!response.destroyed) response.once('drain', more);
      };
      more();
    });
    const before = process.memoryUsage.rss();
    expect(await send(url)).toEqual({ result: 'ok', detail: 'HTTP 200' });
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(written).toBeLessThan(20 * 2 ** 20);
    expect(process.memoryUsage.rss() - before).toBeLessThan(60 * 2 ** 20);
  });

  test('whose headers cannot be had is not called without them, and its secrets are told nowhere', async () => {
    const { url, received } = await startHook((response) => response.end());
    const attempts = [
      await send(url, { headersFile: join(folder, 'none') }),
      await send(url, { headersFile: folder }),
      await send(url, { headersFile: file('bad', 'Authorization hunter2') }),
      await send(url, { headersFile: file('evil', 'Host: hunter2') }),
      await send(url, { headersFile: file('split', 'X: a\x01hunter2') }),
      await send(url, { headersFile: file('large', `X: ${'hunter2'.repeat(2000)}`) }),
    ];
    expect(attempts.map(({ detail }) => detail.replace(folder, ''))).toEqual([
      'headers_file /none: ENOENT',
      'headers_file : it is no regular file',
      'headers_file /bad: line 1 is no "Name: value" that may be set',
      'headers_file /evil: line 1 is no "Name: value" that may be set',
      'headers_file /split: line 1 is no "Name: value" that may be set',
      'headers_file /large: it is larger than 8192 bytes',
    ]);
    expect(received).toEqual([]);
    execFileSync('mkfifo', [join(folder, 'fifo')]);
    expect(await send(url, { headersFile: join(folder, 'fifo') })).toMatchObject({ result: 'failed' });
  });

  describe('with TLS', () => {
    const serve = async (): Promise<{ url: string; ca: string; requests: () => number }> => {
      const made = certificates(folder);
      const read = (name: string): string => readFileSync(join(made, name), 'utf8');
      let requests = 0;
      const url = await startTls({ key: read('server.key'), cert: read('server.pem') }, (response) => {
        requests++;
        response.end();
      });
      return { url, ca: join(made, 'ca.pem'), requests: () => requests };
    };

    test('whose certificate nobody vouches for gets nothing, and is told what to do', async (context) => {
      skipBecause(context, whyNoOpenssl);
      const { url, requests } = await serve();
      const wanted = {
        result: 'failed',
        detail: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE: put the certificate of the authority that signed it into ca_file',
      };
      expect(await send(url)).toEqual(wanted);
      expect(await send(url, { caFile: join(certificates(folder), 'ca.pem') })).toEqual(wanted);
      expect(requests()).toBe(0);
    });

    test('whose certificate the authority of ca_file has signed gets the body', async (context) => {
      skipBecause(context, whyNoOpenssl);
      const { url, ca, requests } = await serve();
      expect(await send(url, { caFile: ca })).toEqual({ result: 'ok', detail: 'HTTP 200' });
      expect(requests()).toBe(1);
    });

    test('and that certificate for another address, or no TLS at all, gets nothing', async (context) => {
      skipBecause(context, whyNoOpenssl);
      const { url, ca, requests } = await serve();
      // The same socket by an address that the certificate does not name.
      expect(await send(url.replace('127.0.0.1', '[::ffff:127.0.0.1]'), { caFile: ca })).toEqual({
        ...{ result: 'failed', detail: 'ERR_TLS_CERT_ALTNAME_INVALID' },
      });
      expect(await send(url.replace('https:', 'http:'), { caFile: ca })).toEqual({
        ...{ result: 'failed', detail: 'ca_file is given, and the URL is no https' },
      });
      expect(requests()).toBe(0);
    });
  });

  test('whose authority cannot be had is not called', async () => {
    const { url, received } = await startHook((response) => response.end());
    const secure = url.replace('http:', 'https:');
    const attempts = [
      await send(secure, { caFile: join(folder, 'none') }),
      await send(secure, { caFile: folder }),
      await send(secure, { caFile: file('text', 'the certificate') }),
      await send(secure, { caFile: file('huge', 'x'.repeat(2 ** 20 + 1)) }),
    ];
    const remedy = 'the user of report.user must be able to read it (chmod 644)';
    expect(attempts.map(({ detail }) => detail.replace(folder, ''))).toEqual([
      `ca_file /none: ENOENT; ${remedy}`,
      `ca_file : it is no regular file; ${remedy}`,
      'ca_file /text: it does not begin with a certificate; write that of the authority into it, as PEM',
      `ca_file /huge: it is larger than 1048576 bytes; ${remedy}`,
    ]);
    expect(received).toEqual([]);
  });
});

describe('with the queue', () => {
  const deliver = (webhook: NoticeWebhook): Promise<NoticeResult> => {
    const queue = createNoticeQueue({ atOnce: 2, limit: 4, firstPauseMs: 20 });
    return new Promise((resolve) =>
      queue.push({ name: 'chat', kind: 'webhook', attempt: (signal) => post(webhook, '{}', signal), done: resolve }),
    );
  };

  test('500 twice and then 200 is delivered at the third attempt', async () => {
    const { url, received } = await startHook((response, times) => response.writeHead(times < 3 ? 500 : 200).end());
    expect(await deliver(hook(url))).toMatchObject({ result: 'ok', attempts: 3, detail: 'HTTP 200' });
    expect(received).toHaveLength(3);
  });

  test('500 for ever ends after five attempts, 404 after one', async () => {
    const broken = await startHook((response) => response.writeHead(500).end());
    expect(await deliver(hook(broken.url))).toMatchObject({ result: 'failed', attempts: 5, detail: 'HTTP 500' });
    const missing = await startHook((response) => response.writeHead(404).end());
    expect(await deliver(hook(missing.url))).toMatchObject({ result: 'failed', attempts: 1, detail: 'HTTP 404' });
  });
});
