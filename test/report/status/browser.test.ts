/** The status page in a real browser, served by the real server on a loopback port. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createHealth } from '../../../src/report/health.ts';
import { createHttp } from '../../../src/report/http.ts';
import type { Point } from '../../../src/report/recorder/point-ring.ts';
import { createPages } from '../../../src/report/status/pages.ts';
import { skipBecause } from '../../e2e/skip.ts';
import { signal, started } from '../events.ts';
import { closeBrowser, inBrowser, whyNoBrowser } from './browser.ts';
import { CONTRAST, FOCUS, FOCUSED_CLASS, FOCUSED_LINK, SCROLL_WIDTH, TINY, takeOver } from './in-page.ts';
import { gaugesOf, HOSTILE, NOW_MS, night, sourcesOf, stampedAt, statusOf } from './night.ts';

const clock = { nowMs: NOW_MS };
const sources = sourcesOf(night());
const status = statusOf({ sources, nowMs: () => clock.nowMs, gauges: gaugesOf(night().at(-1) as Point) });
for (const event of [started, signal])
  status.event(stampedAt({ ...event, ...(event.kind === 'started' ? { mode: 'observe' } : {}) }));
const server = createHttp(
  { render: () => Promise.resolve('a 1\n'), contentType: 'text/plain' },
  createHealth({ paceMaxMs: 1000 }, () => 0),
  { pages: createPages(status, sources, () => performance.now()) },
);
let origin = '';

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  await closeBrowser();
  server.close();
  server.closeAllConnections();
});
beforeEach((context) => skipBecause(context, whyNoBrowser));

interface Seen {
  readonly complaints: string[];
  readonly requests: string[];
  bytes: number;
}

const open = async (page: Page): Promise<Seen> => {
  const seen: Seen = { complaints: [], requests: [], bytes: 0 };
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) seen.complaints.push(message.text());
  });
  page.on('pageerror', (error) => seen.complaints.push(error.message));
  page.on('request', (request) => seen.requests.push(request.url()));
  const answer = await page.goto(`${origin}/`);
  seen.bytes = (await answer?.body())?.length ?? 0;
  return seen;
};

const DESKTOP = { viewport: { width: 1280, height: 900 }, colorScheme: 'dark' } as const;
const PHONE = { viewport: { width: 390, height: 844 }, colorScheme: 'light' } as const;

describe('in Chromium', { timeout: 180_000 }, () => {
  test('it is one request of less than 100 kB, without a complaint, and says that it observes', async () => {
    await inBrowser(DESKTOP, async (context) => {
      const page = await context.newPage();
      const { complaints, requests, bytes } = await open(page);
      expect(requests).toEqual([`${origin}/`]);
      expect(bytes).toBeGreaterThan(10_000);
      expect(bytes).toBeLessThan(100_000);
      expect(await page.locator('#mode').textContent()).toBe('Observe mode: decides and logs, signals nobody');
      expect(await page.locator('h1').textContent()).toContain('db-07.example');
      expect(await page.locator('figure svg path.first').count()).toBeGreaterThanOrEqual(4);
      expect(complaints).toEqual([]);
    });
  });

  test('names that are markup are shown as text and run nothing', async () => {
    await inBrowser(DESKTOP, async (context) => {
      const page = await context.newPage();
      const { complaints } = await open(page);
      const names = await page.locator('#candidates td.name').allInnerTexts();
      expect(names).toEqual(expect.arrayContaining(HOSTILE.slice(0, 3)));
      expect(await page.locator('main img, main script, main iframe').count()).toBe(0);
      const hrefs = await page.locator('#incidents a').all();
      const links = await Promise.all(hrefs.map((link) => link.getAttribute('href')));
      expect(links).toEqual(['/incidents/20261122T194200Z-1', '/incidents/20261122T194200Z-1.json']);
      expect(complaints).toEqual([]);
    });
  });

  test('its policy lets no other script run and nothing be fetched from elsewhere', async () => {
    await inBrowser(DESKTOP, async (context) => {
      const page = await context.newPage();
      await open(page);
      let asked = 0;
      const elsewhere = createServer((_, answer) => {
        asked++;
        answer.end();
      }).listen(0, '127.0.0.1');
      await once(elsewhere, 'listening');
      const ran = await page.evaluate<{ title: string; fetched: string }>(
        takeOver((elsewhere.address() as AddressInfo).port),
      );
      elsewhere.close();
      expect(ran.title).not.toBe('taken over');
      expect(ran.fetched).toBe('refused');
      expect(asked).toBe(0);
    });
  });

  test('it refreshes by itself, keeps the focus, can be paused, and says when the daemon is gone', async () => {
    await inBrowser(DESKTOP, async (context) => {
      const page = await context.newPage();
      const { complaints } = await open(page);
      const link = page.locator('#incidents a').first();
      await link.focus();
      clock.nowMs = NOW_MS + 61_000;
      await expect.poll(() => page.locator('#when').textContent(), { timeout: 20_000 }).toContain('19:46:01');
      expect(await page.evaluate(FOCUSED_LINK)).toBe('/incidents/20261122T194200Z-1');
      const pause = page.locator('#pause');
      await pause.press('Enter');
      expect(await pause.textContent()).toBe('Resume');
      clock.nowMs = NOW_MS + 122_000;
      await page.waitForTimeout(3000);
      expect(await page.locator('#when').textContent()).toContain('19:46:01');
      await pause.press('Enter');
      await expect.poll(() => page.locator('#when').textContent(), { timeout: 20_000 }).toContain('19:47:02');
      clock.nowMs = NOW_MS;
      expect(complaints).toEqual([]);
      await page.route('**/*', (route) => route.abort());
      await expect.poll(() => page.locator('#lost').isVisible(), { timeout: 20_000 }).toBe(true);
    });
  });

  test('the keyboard reaches the skip link first and then everything that can be used, with its focus seen', async () => {
    await inBrowser(DESKTOP, async (context) => {
      const page = await context.newPage();
      await open(page);
      await page.keyboard.press('Tab');
      expect(await page.evaluate(FOCUSED_CLASS)).toBe('skip');
      const reached: string[] = [];
      for (let presses = 0; presses < 20; presses++) {
        await page.keyboard.press('Tab');
        const at = await page.evaluate<{ name: string; isSeen: boolean }>(FOCUS);
        if (at.name === 'BODY') break;
        expect(at, at.name).toMatchObject({ isSeen: true });
        reached.push(at.name);
      }
      expect(reached).toEqual(
        expect.arrayContaining(['pause', '/incidents/20261122T194200Z-1', '/api/status', 'Candidates']),
      );
      expect(await page.locator('main, header, footer').count()).toBe(3);
      expect(await page.locator('[role=status]').count()).toBe(1);
    });
  });

  test.each([390, 320])('a phone of %i pixels scrolls in one direction only, and reads well', async (width) => {
    await inBrowser({ ...PHONE, viewport: { width, height: 844 } }, async (context) => {
      const page = await context.newPage();
      await open(page);
      expect(await page.evaluate<number>(SCROLL_WIDTH)).toBeLessThanOrEqual(width);
      const small = await page.evaluate(TINY);
      expect(small).toBe(0);
    });
  });

  test('it is dark where that is preferred, with texts that can be read on their ground', async () => {
    const grounds: number[] = [];
    for (const colorScheme of ['dark', 'light'] as const) {
      await inBrowser({ ...DESKTOP, colorScheme }, async (context) => {
        const page = await context.newPage();
        await open(page);
        const found = await page.evaluate<{ ground: number; poor: string[] }>(CONTRAST);
        expect(found.poor).toEqual([]);
        grounds.push(found.ground);
      });
    }
    expect(grounds[0]).toBeLessThan(0.05);
    expect(grounds[1]).toBeGreaterThan(0.8);
  });

  test('without scripts everything is there, and the page reloads itself', async () => {
    await inBrowser({ ...DESKTOP, javaScriptEnabled: false }, async (context) => {
      const page = await context.newPage();
      await open(page);
      const text = await page.locator('main').textContent();
      for (const words of ['MemAvailable', 'Candidates', 'tomcat.service', 'Nothing that oomwatchd needs'])
        expect(text).toContain(words);
      expect(await page.locator('#pause').isVisible()).toBe(false);
      expect(await page.content()).toContain('http-equiv="refresh"');
    });
  });
});
