/** The status document: what it says of a night, and that hostile texts and missing parts do it no harm. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LIVELOCK_CAUSES, LIVELOCK_CLASSES } from '../../../src/core/livelock.ts';
import { isPrintable } from '../../../src/report/printable.ts';
import type { Point } from '../../../src/report/recorder/point-ring.ts';
import { historyOf } from '../../../src/report/status/history.ts';
import { overview } from '../../../src/report/status/overview.ts';
import { pageOf } from '../../../src/report/status/page.ts';
import { createPages } from '../../../src/report/status/pages.ts';
import { calmWords, checkLine, withoutWords } from '../../../src/report/status/status-wording.ts';
import { cut, inColour, padded, sparkline, widthOf, wrapped } from '../../../src/report/status/terminal.ts';
import { anyEvent, signal, started } from '../events.ts';
import {
  candidate,
  GIB,
  gaugesOf,
  HOSTILE,
  NOW_MS,
  night,
  point,
  sourcesOf,
  stampedAt,
  statusOf,
  type Told,
} from './night.ts';

const calm = gaugesOf(point());
const stuck = { pid: 7, comm: 'db', life: 'stuck', killedBy: 'oomwatchd', sinceMs: NOW_MS - 9000 };
const withVictim = sourcesOf([], {
  recorder: { seconds: () => [], candidates: () => undefined, victims: () => [stuck] },
});
const livelockOf = (name: (typeof LIVELOCK_CLASSES)[number]) => ({
  livelockClass: LIVELOCK_CLASSES.indexOf(name),
  livelockCause: LIVELOCK_CAUSES.indexOf('file_thrash'),
  livelockSinceMs: 1e6 - 8000,
});

describe('the verdict', () => {
  test.each<[string, Told, string, string]>([
    ['calm', { gauges: calm }, 'ok', ''],
    ['approach is what happens on any day', { gauges: { ...calm, levelIndex: 1 } }, 'ok', ''],
    [
      'term',
      { gauges: { ...calm, levelIndex: 2 } },
      'warning',
      'memory is short (level term): MemAvailable 9.0 of 16 GiB',
    ],
    ['kill', { gauges: { ...calm, levelIndex: 3 } }, 'critical', 'memory is very short (level kill)'],
    ['a livelock', { gauges: { ...calm, ...livelockOf('before_kill') } }, 'critical', 'livelock for 8.0 s'],
    [
      'a victim that is stuck',
      { gauges: calm, sources: withVictim },
      'critical',
      'db (pid 7) was killed and does not go',
    ],
    [
      'control is silent',
      { gauges: { ...calm, levelIndex: 3 }, ageMs: 5001 },
      'critical',
      'no numbers from control for 5.0 s',
    ],
    ['standby is down', { gauges: { ...calm, standbyUp: 0 } }, 'warning', 'the standby process is not up'],
    ['standby is switched off', { gauges: { ...calm, standbyUp: -1 } }, 'ok', ''],
    ['not ready', { gauges: calm, isReady: false }, 'warning', 'control has not finished starting'],
  ])('%s', (_, told, state, text) => {
    const document = statusOf({ sources: {}, ...told }).document();
    expect(document.state).toBe(state);
    expect(document.problems[0]?.text ?? '').toContain(text);
    // What is old says nothing about now: a silent control is one problem, not two.
    expect(document.problems.length).toBeLessThanOrEqual(1);
  });

  test('a source that is down, a reload that was refused, and both put right', () => {
    const status = statusOf({ sources: {} });
    status.event(stampedAt({ kind: 'source', name: 'kmsg', up: false, fault: true, detail: 'EPERM' }));
    status.event(stampedAt({ kind: 'policy_rejected', errors: ['config.yaml:3:1 mode: expected x'] }));
    const texts = status.document().problems.map(({ text }) => text);
    expect(texts).toEqual(['cannot read kmsg: EPERM', expect.stringContaining('config.yaml:3:1 mode')]);
    expect(status.document().state).toBe('warning');
    status.event(stampedAt({ kind: 'source', name: 'kmsg', up: true, fault: false, detail: '' }));
    status.event(stampedAt({ kind: 'policy_loaded', configHash: 'beef', mode: 'enforce', files: ['/a'] }));
    expect(status.document()).toMatchObject({
      state: 'ok',
      daemon: { mode: 'enforce', config_hash: 'beef', config_files: ['/a'], reload: { ok: true } },
    });
  });

  test('takes no name for words of ours, and none for numbers of Nagios', () => {
    const victims = () => [{ ...stuck, comm: 'a|b) (pid 1' }];
    const recorder = { seconds: () => [], candidates: () => undefined, victims };
    const { state, problems } = statusOf({ sources: sourcesOf([], { recorder }), gauges: calm }).document();
    expect(problems[0]?.text).toMatch(/^"a\|b\) \(pid 1" \(pid 7\) was killed and does not go/);
    expect(checkLine(state, problems[0]?.text ?? '')).toMatch(/^OOMWATCHD CRITICAL: "a\/b\) \(pid 1" \(pid 7\) was /);
    expect(checkLine('critical', 'two\nlines')).toBe('OOMWATCHD CRITICAL: two\\nlines');
  });

  test.each([
    [-1, '1 KiB below the term mark', '-1 KiB'],
    [-96 * 1024, '96 MiB below the term mark', '-96 MiB'],
    [0, '0 KiB above the term mark', '0'],
    [1024, '1.0 MiB above the term mark', '1.0 MiB'],
  ])('headroom of %d KiB is an amount on its side of the mark', (headroomKiB, words, short) => {
    const document = statusOf({ sources: {}, gauges: { ...calm, headroomKiB } }).document();
    expect(calmWords(document)).toContain(`, ${words}`);
    expect(overview(document, { isUnicode: false }).map(({ text }) => text)).toContainEqual(
      expect.stringMatching(new RegExp(`^ +Headroom +${short}$`)),
    );
    expect(pageOf(document)).not.toContain('an unknown amount');
  });

  test('a source that is not needed and was never there is told, and nobody is alarmed', () => {
    const status = statusOf({ sources: {}, gauges: calm });
    const absent = { kind: 'source', name: 'oom_trace', up: false, fault: false, detail: 'not mounted' } as const;
    status.event(stampedAt(absent));
    const document = status.document();
    expect(document).toMatchObject({ state: 'ok', problems: [], sources_down: [] });
    expect(document.sources_absent).toEqual([{ name: 'oom_trace', detail: 'not mounted', time_ms: NOW_MS }]);
    expect(withoutWords(document)).toBe('; without oom_trace');
    expect(pageOf(document)).toContain('not needed: <b>oom_trace</b> (not mounted)');
    const lines = overview(document, { isUnicode: true }).map(({ text }) => text);
    expect(lines).toContain('  oom_trace: not mounted');
    // A control of an older version does not say: then it is a fault, as it was.
    const { fault, ...old } = absent;
    status.event(stampedAt(old));
    expect(status.document()).toMatchObject({ state: 'warning', sources_absent: [] });
    status.event(stampedAt(absent));
    expect(status.document()).toMatchObject({ state: 'ok', sources_down: [] });
    // There at last, and gone again: now it is one that was up.
    status.event(stampedAt({ ...absent, up: true }));
    expect(status.document().sources_absent).toEqual([]);
    status.event(stampedAt({ ...absent, fault: true }));
    expect(status.document()).toMatchObject({
      state: 'warning',
      sources_absent: [],
      sources_down: [{ name: 'oom_trace' }],
    });
  });

  test('the worst comes first', () => {
    const status = statusOf({ sources: withVictim, gauges: { ...calm, standbyUp: 0 } });
    expect(status.document().problems.map(({ severity }) => severity)).toEqual(['critical', 'warning']);
  });
});

describe('the document', () => {
  test('has what the gauges, the recorder, the incidents and the schedules say', () => {
    const document = statusOf().document();
    expect(document).toMatchObject({
      status_version: 1,
      host: 'db-07.example',
      now: { level: 'calm', mem_total_kib: 16 * GIB, exhaustion_ms: null, livelock: null, standby_up: true },
      candidates: { top: expect.arrayContaining([expect.objectContaining({ comm: 'java', growth_kib: 42 * 1024 })]) },
      schedules: [
        { name: 'daily summary', last_result: 'ok' },
        { next_ms: expect.any(Number), last_ms: null },
      ],
    });
    expect(document.history?.time_ms).toHaveLength(600);
    expect(document.history?.mem_available_kib.filter((each) => each === null)).toEqual([]);
  });

  test('has the files of the configuration as text', () => {
    const status = statusOf();
    status.event(stampedAt({ ...started, files: ['/etc/größe\x1b.yaml'] }));
    expect(status.document().daemon.config_files).toEqual(['/etc/größe\\x1b.yaml']);
  });

  test('has the title of an incident as it was written', () => {
    const head = { id: '20261125T213412Z-1', startedMs: 1, endedMs: 2, outcome: 'recovered', victims: 1 };
    const title = 'Short of memory: killed "Café" (pid 7)';
    const incidents = { heads: () => [{ ...head, title }], read: async () => undefined };
    expect(statusOf({ sources: { incidents } }).document().incidents[0]?.title).toBe(title);
  });

  test('without anybody to ask says what is known, and null for the rest', () => {
    const document = statusOf({ sources: {}, gauges: {} }).document();
    expect(document).toMatchObject({ history: null, candidates: null, victims: [], incidents: [], schedules: [] });
    expect(document.now).toMatchObject({ level: null, mem_available_kib: null, headroom_kib: null, memory_some: null });
    expect(() => pageOf(document)).not.toThrow();
    expect(overview(document, { isUnicode: true }).length).toBeGreaterThan(5);
  });

  test('keeps thirty events and sixty-four names, however many come', () => {
    const status = statusOf({ sources: {} });
    for (let at = 0; at < 500; at++) {
      status.event(stampedAt({ kind: 'source', name: `s${at}`, up: false, fault: true, detail: 'x'.repeat(5000) }));
      status.event(
        stampedAt({ kind: 'finding', finding: { name: `f${at}`, status: 'warn', found: '', meaning: '', remedy: '' } }),
      );
    }
    const document = status.document();
    expect(document.events).toHaveLength(30);
    expect(document.sources_down.at(-1)?.name).toBe('s499');
    expect([document.sources_down.length, document.findings.length]).toEqual([64, 64]);
    expect(pageOf(document).length).toBeLessThan(100_000);
  });
});

describe('ten minutes of points', () => {
  test('more than are wanted become buckets that show the worst of each number', () => {
    const points = Array.from({ length: 1200 }, (_, at) =>
      point({
        timeMs: at * 500,
        memAvailableKiB: at === 7 ? 5 : 900,
        fullShare: at === 8 ? 0.7 : Number.NaN,
        stalling: at % 2,
      }),
    );
    const history = historyOf(points, 5000);
    expect(history.time_ms).toHaveLength(600);
    expect(history.gap_ms).toBe(10_000);
    expect(history.mem_available_kib[3]).toBe(5);
    expect(history.memory_full.slice(3, 6)).toEqual([null, 0.7, null]);
    expect(new Set(history.stalling)).toEqual(new Set([1]));
  });

  test('none is no line', () => {
    expect(historyOf([], 5000).time_ms).toEqual([]);
    expect(pageOf(statusOf({ sources: sourcesOf([]) }).document())).toContain('Nothing is recorded yet');
  });

  test('headroom below the mark is a number, also one KiB below', () => {
    expect(historyOf([point({ headroomKiB: -1 })], 5000).headroom_kib).toEqual([-1]);
    expect(historyOf([point({ headroomKiB: Number.NaN, swapFreeKiB: -1 })], 5000)).toMatchObject({
      headroom_kib: [null],
      swap_free_kib: [null],
    });
  });

  test('a line is broken where nothing was recorded for long', () => {
    const before = night().slice(0, 200);
    const after = night().slice(300);
    const pathsOf = (points: readonly Point[]) =>
      [
        .../<path class="first" d="([^"]+)"/g[Symbol.matchAll](
          pageOf(statusOf({ sources: sourcesOf(points) }).document()),
        ),
      ].map(([, path = '']) => path.split('M').length - 1);
    expect(pathsOf(night()).filter((pieces) => pieces > 0)[0]).toBe(1);
    expect(pathsOf([...before, ...after]).filter((pieces) => pieces > 0)[0]).toBe(2);
  });
});

describe('hostile texts', () => {
  test('no event, whatever is in it, breaks the page, the document or a terminal', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 12 }), fc.string({ unit: 'binary' }), (events, name) => {
        const recorder = {
          ...sourcesOf(night().slice(0, 3)).recorder,
          candidates: () => ({ timeMs: NOW_MS, top: [candidate({ comm: name, unit: name, exe: name })] }),
        };
        const status = statusOf({ sources: { ...sourcesOf([]), recorder } as Told['sources'] & object });
        for (const event of events) status.event(event);
        const document = status.document();
        const page = pageOf(document);
        expect(page.match(/<script/g)).toHaveLength(1);
        expect(page).not.toMatch(/<(img|iframe|b onclick)/);
        expect(page.length).toBeLessThan(100_000);
        expect(JSON.parse(JSON.stringify(document))).toMatchObject({ status_version: 1 });
        for (const { text } of overview(document, { isUnicode: true })) expect(isPrintable(text)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  test('names are text in the page', () => {
    const page = pageOf(statusOf().document());
    expect(page).toContain('&lt;b&gt;x&lt;/b&gt;&lt;script&gt;');
    expect(page).toContain('&quot;&gt;&lt;img src=x&gt;');
    for (const name of HOSTILE.slice(0, 2)) expect(page).not.toContain(name);
  });

  test('says UTC beside each time, or above the list that it stands in', () => {
    const page = pageOf(statusOf().document());
    expect(page).toMatch(/>Last events \(UTC\)<\/h2>/);
    const shown = page.replace(/<ol class="events">.*?<\/ol>/s, '').match(/\d\d:\d\d:\d\d.{0,11}/g) ?? [];
    expect(shown.length).toBeGreaterThan(4);
    for (const each of shown) expect(each).toContain('UTC');
  });

  test.each(['../../etc/passwd', 'a/b', 'a.json', 'a%2f', '', 'a\0', ' a', '20261122T194200Z-1\n', 'x'.repeat(65)])(
    'an incident called %j gets no link and no page',
    (id) => {
      const head = { id, startedMs: 1, endedMs: 2, title: 'a title', outcome: 'recovered', victims: 1 };
      const sources = { incidents: { heads: () => [head], read: async () => 'secret' } };
      expect(pageOf(statusOf({ sources }).document())).not.toContain('href="/incidents/');
      expect(createPages(statusOf(), sources, () => 0).answer(`/incidents/${id}`)).toBeUndefined();
    },
  );
});

describe('pages', () => {
  test('are made once in half a second, however often they are asked for', async () => {
    let made = 0;
    let nowMs = 0;
    const status = statusOf();
    const counted = { document: () => ({ ...status.document(), host: `h${++made}` }) };
    const pages = createPages(counted, {}, () => nowMs);
    for (nowMs = 0; nowMs < 1000; nowMs += 10) await pages.answer('/');
    expect(made).toBe(2);
    await pages.answer('/api/status');
    expect(made).toBe(3);
  });

  test('of an incident that goes on are made once in half a second, also for those who ask meanwhile', async () => {
    let made = 0;
    let nowMs = 0;
    const heads = () => sourcesOf([]).incidents?.heads() ?? [];
    const incidents = { heads, read: async () => `report ${++made}` };
    const pages = createPages(statusOf(), { incidents }, () => nowMs);
    const ask = async (ending = ''): Promise<string> =>
      String((await pages.answer(`/incidents/20261122T194200Z-1${ending}`))?.body);
    expect(await Promise.all([ask(), ask(), ask()])).toEqual(['report 1', 'report 1', 'report 1']);
    expect(await ask('.json')).toBe('report 2');
    nowMs = 500;
    expect(await ask('.json')).toBe('report 3');
  });

  test('an incident is asked for only when it is among those that are known', async () => {
    const asked: string[] = [];
    const sources = sourcesOf([]);
    const incidents = {
      heads: () => sources.incidents?.heads() ?? [],
      read: async (id: string) => {
        asked.push(id);
        return id;
      },
    };
    const pages = createPages(statusOf(), { incidents }, () => 0);
    const known = '20261122T194200Z-1';
    for (const path of [
      '/incidents/',
      '/incidents/..',
      '/incidents/../../etc/passwd',
      '/incidents/%2e%2e',
      `/incidents/${known}/`,
      `/incidents/${known}.html`,
    ]) {
      expect(pages.answer(path), path).toBeUndefined();
    }
    expect(await pages.answer('/incidents/20261122T194200Z-9')).toMatchObject({ status: 404 });
    expect(asked).toEqual([]);
    expect(await pages.answer(`/incidents/${known}`)).toMatchObject({
      status: 200,
      headers: { 'X-Frame-Options': 'DENY' },
    });
    expect(await pages.answer(`/incidents/${known}.json`)).toMatchObject({ type: 'application/json; charset=utf-8' });
    expect(asked).toEqual([known, known]);
  });
});

describe('a terminal', () => {
  test('shows the night', () => {
    const status = statusOf();
    for (const event of [started, signal]) status.event(stampedAt(event));
    const lines = overview(status.document(), { isUnicode: false }).map(({ text }) => text);
    expect(lines[0]).toBe('db-07.example  2026-11-22 19:45:00 UTC');
    expect(lines[1]).toContain('kills when it must');
    expect(lines[2]).toMatch(/^\* OK {2}MemAvailable 8\.9 of 16 GiB, 7\.3 GiB above the term mark$/);
    expect(lines.find((line) => line.startsWith('  Pressure some'))).toMatch(/_{10,}.*[#@]/);
    expect(lines.join('\n')).toMatch(/1 +4711 +java +tomcat\.service +3\.5 GiB +\+42 MiB +0 +912000/);
    expect(lines.join('\n')).toContain('leak (pid 6020), killed by oomwatchd 2 min 58 s ago: reaped');
    expect(lines.slice(lines.indexOf('Last events (UTC)') + 1)).toMatchObject([
      expect.stringMatching(/^ {2}2026-11-22 \d\d:/),
      expect.stringMatching(/^ {2}2026-11-22 \d\d:/),
    ]);
  });

  test('cuts by columns, not by characters', () => {
    expect([widthOf('ab'), widthOf('日本'), widthOf('e\u0301')]).toEqual([2, 4, 1]);
    expect([cut('日本語', 5), cut('abc', 5), padded('日', 3), padded('7', 3, true)]).toEqual([
      '日本',
      'abc',
      '日 ',
      '  7',
    ]);
    expect(wrapped('no daemon listens at /x', 10)).toEqual(['no daemon', 'listens at', '/x']);
    expect(sparkline([0, 1, null, 2, -3], [0, 2], true)).toBe('▁▅ █▁');
    expect([inColour({ text: 'x', tone: 'critical' }, true), inColour({ text: 'x', tone: 'ok' }, false)]).toEqual([
      '\u001b[1;31mx\u001b[0m',
      'x',
    ]);
  });
});
