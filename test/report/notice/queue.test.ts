import { describe, expect, test } from 'vitest';
import type { NoticeResult } from '../../../src/report/incident/incident-head.ts';
import type { Attempt } from '../../../src/report/notice/attempt.ts';
import { createNoticeQueue, type NoticeQueue } from '../../../src/report/notice/queue.ts';
import { until } from '../pipe.ts';

/** Pushes a job and notes its result. */
const push = (
  queue: NoticeQueue,
  results: NoticeResult[],
  name: string,
  attempt: (signal: AbortSignal) => Promise<Attempt>,
): void => queue.push({ name, kind: 'webhook', attempt, done: (result) => results.push(result) });

const open = (options: Partial<Parameters<typeof createNoticeQueue>[0]> = {}) => {
  const results: NoticeResult[] = [];
  return { results, queue: createNoticeQueue({ atOnce: 2, limit: 3, firstPauseMs: 10, ...options }) };
};

const ok: Attempt = { result: 'ok', detail: '' };

describe('the queue of notices', () => {
  test('runs two at a time, lets three wait, and says of the rest that it was dropped', async () => {
    const { results, queue } = open();
    let running = 0;
    let most = 0;
    const ends: (() => void)[] = [];
    const job = (): Promise<Attempt> => {
      most = Math.max(most, ++running);
      return new Promise((resolve) => {
        ends.push(() => {
          running--;
          resolve(ok);
        });
      });
    };
    for (let at = 0; at < 7; at++) push(queue, results, `n${at}`, job);
    expect(results).toEqual([
      { name: 'n5', kind: 'webhook', result: 'dropped', attempts: 0, durationMs: 0, detail: '3 notices wait already' },
      { name: 'n6', kind: 'webhook', result: 'dropped', attempts: 0, durationMs: 0, detail: '3 notices wait already' },
    ]);
    await until(() => {
      for (const end of ends.splice(0)) end();
      return results.length === 7;
    });
    expect(most).toBe(2);
    expect(results.slice(2).map(({ name }) => name)).toEqual(['n0', 'n1', 'n2', 'n3', 'n4']);
  });

  test('one that pauses keeps nobody else waiting', async () => {
    const { results, queue } = open({ atOnce: 1, firstPauseMs: 300 });
    let tries = 0;
    push(queue, results, 'down', async () =>
      ++tries < 2 ? { result: 'failed', detail: 'ECONNREFUSED', retryAfterMs: 0 } : ok,
    );
    push(queue, results, 'up', async () => ok);
    await until(() => results.length === 2);
    expect(results).toMatchObject([
      { name: 'up', attempts: 1 },
      { name: 'down', result: 'ok', attempts: 2 },
    ]);
  });

  test('pauses twice as long each time, within the jitter', async () => {
    for (const [random, factor] of [
      [0, 0.5],
      [1, 1.5],
    ] as const) {
      const { results, queue } = open({ firstPauseMs: 20, random: () => random });
      const times: number[] = [];
      push(queue, results, 'down', async () => {
        times.push(performance.now());
        return { result: 'failed', detail: 'HTTP 500', retryAfterMs: 0 };
      });
      await until(() => results.length === 1);
      expect(results[0]).toMatchObject({ result: 'failed', attempts: 5, detail: 'HTTP 500' });
      const pauses = times.slice(1).map((ms, at) => ms - (times[at] as number));
      for (const [at, ms] of pauses.entries()) expect(ms).toBeGreaterThan(20 * 2 ** at * factor - 3);
    }
  });

  test('does not try again what would come later than two minutes', async () => {
    const { results, queue } = open();
    push(queue, results, 'busy', async () => ({ result: 'failed', detail: 'HTTP 429', retryAfterMs: 121_000 }));
    await until(() => results.length === 1);
    expect(results[0]).toMatchObject({ result: 'failed', attempts: 1 });
  });

  test('a fault of ours costs one notice', async () => {
    const { results, queue } = open();
    push(queue, results, 'bug', () => Promise.reject(new TypeError('secret')));
    push(queue, results, 'fine', async () => ok);
    await until(() => results.length === 2);
    expect(results.find(({ name }) => name === 'bug')).toMatchObject({ result: 'failed', detail: 'TypeError' });
  });

  test('at the end what runs is aborted, what waits or pauses is given up, and nothing begins', async () => {
    const { results, queue } = open({ atOnce: 1, firstPauseMs: 60_000 });
    push(queue, results, 'pauses', async () => ({ result: 'failed', detail: '', retryAfterMs: 0 }));
    const aborted = (signal: AbortSignal): Promise<Attempt> =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => resolve({ result: 'failed', detail: 'ended', retryAfterMs: 0 }));
      });
    push(queue, results, 'runs', aborted);
    push(queue, results, 'waits', async () => ok);
    await new Promise((resolve) => setTimeout(resolve, 20));
    queue.close();
    push(queue, results, 'late', async () => ok);
    await until(() => results.length === 4);
    expect(Object.fromEntries(results.map(({ name, result }) => [name, result]))).toEqual({
      ...{ pauses: 'dropped', waits: 'dropped', late: 'dropped', runs: 'failed' },
    });
  });
});
