/** Webhooks whose files lie on a file system that does not answer. */
import { afterEach, expect, test, vi } from 'vitest';
import type { NoticeWebhook } from '../../../src/core/notice-policy.ts';
import { createNoticeQueue } from '../../../src/report/notice/queue.ts';
import { post } from '../../../src/report/notice/webhook.ts';
import { closeServers, startHook } from './server.ts';

const disk = vi.hoisted(() => ({ reads: [] as string[], answer: [] as ((text: string) => void)[] }));

// No file of an ordinary host hangs on demand: opening a pipe does not, and a dead NFS server needs root.
vi.mock('../../../src/report/small-file.ts', async (original) => ({
  ...(await original<object>()),
  readSmallFile: (path: string) => {
    disk.reads.push(path);
    return new Promise((resolve) => disk.answer.push((text) => resolve({ text, mode: 0o600 })));
  },
}));

afterEach(() => {
  for (const answer of disk.answer.splice(0)) answer('');
  disk.reads.length = 0;
  closeServers();
});

const hook = (more: Partial<NoticeWebhook>): NoticeWebhook => ({
  ...{ name: 'chat', url: 'http://127.0.0.1:9/', urlFile: '', headersFile: '', caFile: '', template: 'generic' },
  ...{ on: ['signal'], timeoutMs: 50 },
  ...more,
});

const never = new AbortController().signal;

test.each(['urlFile', 'headersFile', 'caFile'])(
  'whose %s hangs is given up at the limit, and read once',
  async (name) => {
    const webhook = hook({ [name]: `/hung/${name}` });
    const wanted = { result: 'timeout', detail: 'its files are not read in 0.05 s', retryAfterMs: 0 };
    expect(await post(webhook, '{}', never)).toEqual(wanted);
    expect(await post(webhook, '{}', never)).toEqual(wanted);
    expect(disk.reads).toEqual([`/hung/${name}`]);
  },
);

test('whose file comes too late is not called any more, and read anew by the next attempt', async () => {
  const { url, received } = await startHook((response) => response.end());
  const late = hook({ url, headersFile: '/hung/headers' });
  expect(await post(late, '{}', never)).toMatchObject({ result: 'timeout' });
  disk.answer.shift()?.('X: old');
  await new Promise((resolve) => setImmediate(resolve));
  const next = post({ ...late, timeoutMs: 60_000 }, '{}', never);
  await vi.waitFor(() => expect(disk.reads).toHaveLength(2));
  disk.answer.shift()?.('X: new');
  expect(await next).toMatchObject({ result: 'ok' });
  expect(received.map(({ headers }) => headers['x'])).toEqual(['new']);
});

test('is given up at once when the reporter ends', async () => {
  const closing = new AbortController();
  const attempt = post(hook({ urlFile: '/hung/url', timeoutMs: 60_000 }), '{}', closing.signal);
  closing.abort();
  expect(await attempt).toEqual({ result: 'failed', detail: 'given up, as the reporter ends' });
  expect(await post(hook({}), '{}', closing.signal)).toMatchObject({ result: 'failed' });
});

test('does not hold a place of the queue', async () => {
  const queue = createNoticeQueue({ atOnce: 1, limit: 4 });
  const job = { kind: 'webhook' as const, done: () => undefined };
  const hung = hook({ urlFile: '/hung/url' });
  queue.push({ ...job, name: 'hung', attempt: (signal) => post(hung, '{}', signal) });
  const other = new Promise((resolve) =>
    queue.push({ ...job, name: 'other', attempt: async () => ({ result: 'ok', detail: '' }), done: resolve }),
  );
  expect(await other).toMatchObject({ name: 'other', result: 'ok' });
  queue.close();
});
