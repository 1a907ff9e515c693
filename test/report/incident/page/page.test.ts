/** The page of a report: whole, self-contained, and closed to whatever processes call themselves. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { IncidentDocument } from '../../../../src/report/incident/document/document.ts';
import { marksOf } from '../../../../src/report/incident/page/marks.ts';
import { pageOf } from '../../../../src/report/incident/page/page.ts';
import { hostile } from '../../events.ts';
import { EVIL, exampleWith, type Names } from '../example.ts';
import { play, recordingOf } from '../recorded.ts';

interface Token {
  readonly tag: string;
  readonly attributes: readonly (readonly [string, string])[];
}

const TAG = /<(\/?[a-zA-Z][a-zA-Z0-9]*)((?:\s+[a-zA-Z][a-zA-Z0-9-]*="[^"<>]*")*)\s*(\/?)>/y;
const TEXT = /[^<>"']+|"|'/y;
const VOID = new Set(['meta']);

/**
 * A reader far stricter than any browser: tags that are closed in their order, attributes in double quotes without < and >, no
 * comment, no bare < or >. What it takes, every parser of HTML takes the same way. Throws where it does not.
 */
const tokensOf = (page: string): { tokens: Token[]; text: string } => {
  const tokens: Token[] = [];
  const open: string[] = [];
  let text = '';
  let at = page.startsWith('<!doctype html>') ? '<!doctype html>'.length : 0;
  while (at < page.length) {
    TAG.lastIndex = at;
    const tag = TAG.exec(page);
    if (tag !== null) {
      const [whole, name = '', attributes = '', closed] = tag;
      at += whole.length;
      const pairs = [...attributes.matchAll(/([a-zA-Z][a-zA-Z0-9-]*)="([^"]*)"/g)].map(
        (pair) => [pair[1] ?? '', pair[2] ?? ''] as const,
      );
      tokens.push({ tag: name, attributes: pairs });
      if (name.startsWith('/')) expect(open.pop()).toBe(name.slice(1));
      else if (closed === '' && !VOID.has(name)) open.push(name);
      if (name === 'style') at = page.indexOf('</style>', at);
      continue;
    }
    TEXT.lastIndex = at;
    const piece = TEXT.exec(page)?.[0];
    if (piece === undefined) throw new Error(`neither tag nor text: ${page.slice(at, at + 60)}`);
    text += piece;
    at += piece.length;
  }
  expect(open).toEqual([]);
  return { tokens, text };
};

const pageWith = (names: Names): string => {
  const document = play(exampleWith(names))[0] as IncidentDocument;
  const notices = [
    { name: names.text, kind: 'webhook', result: 'ok', attempts: 1, duration_ms: 5, detail: names.text },
  ];
  return pageOf({ ...document, notices, host: { [names.text]: names.unit, nested: { a: [names.text] } } });
};

/** Tags with the names of their attributes: what must not depend on any text. */
const skeleton = (page: string): string =>
  tokensOf(page)
    .tokens.map(({ tag, attributes }) => `${tag}(${attributes.map(([name]) => name).join()})`)
    .filter((token) => !token.startsWith('li') && !token.startsWith('/li'))
    .join(' ');

const harmless = skeleton(pageWith({ comm: 'java', unit: 'tomcat.service', text: 'plain' }));

describe('names', () => {
  test('that are made to break out stay text in HTML, SVG and attributes', () => {
    const page = pageWith({ comm: EVIL.slice(0, 15), unit: EVIL, text: EVIL });
    expect(skeleton(page)).toBe(harmless);
    expect(page).not.toContain('<script');
    expect(page).not.toContain('<img');
    expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
  });

  test('stay text also where a document that somebody has written holds an array for a text', () => {
    const document = play(exampleWith())[0] as IncidentDocument;
    const page = pageOf({ ...document, title: [{ text: EVIL }, EVIL] as unknown as string });
    expect(page).not.toContain('<script');
    expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
  });

  test('of any kind change no tag and no attribute, and nothing in them acts', () => {
    const pieces = fc.constantFrom(
      '"',
      "'",
      '<',
      '>',
      '&',
      '--',
      ']]>',
      '</style>',
      '</svg>',
      '<a b=',
      '\0',
      '\u202e',
      '&lt;',
      '/',
    );
    const evil = fc.array(fc.oneof(pieces, hostile), { minLength: 1, maxLength: 6 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 15 }), evil, evil, (comm, unit, text) => {
        const page = pageWith({ comm, unit: unit === '' ? '.' : unit, text });
        expect(skeleton(page)).toBe(harmless);
        expect(page).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
      }),
      { numRuns: 50 },
    );
  });
});

describe('the page', () => {
  const document = play(exampleWith())[0] as IncidentDocument;
  const page = pageOf(document);
  const { tokens, text } = tokensOf(page);

  test('loads and runs nothing: no script, no link, no address, and the browser is told so', () => {
    const names = new Set(tokens.map(({ tag }) => tag));
    for (const tag of ['script', 'link', 'img', 'iframe', 'object', 'embed', 'form', 'a', 'base', 'use', 'image']) {
      expect(names).not.toContain(tag);
    }
    const attributes = tokens.flatMap((token) => token.attributes.map(([name]) => name));
    expect(attributes.filter((name) => /^(on|src|href|style|action|xlink)/.test(name))).toEqual([]);
    expect(page).not.toMatch(/url\(|@import|https?:/);
    expect(page).toContain('content="default-src &#39;none&#39;; style-src &#39;sha256-');
  });

  test('has every part that there is something to tell about', () => {
    for (const title of [
      ...['Timeline', 'What to do', 'Who was chosen, and why not the others', 'Signals', 'Memory that came back'],
      ...['Livelock', 'What the kernel said', 'Host and configuration', 'All events'],
    ]) {
      expect(page).toContain(`<h2>${title}</h2>`);
    }
    for (const told of [
      'EPERM',
      'sent',
      'stuck',
      '696 MiB',
      'hostname',
      'db1',
      '0123456789ab',
      'a victim does not go',
    ]) {
      expect(text).toContain(told);
    }
    expect(page).not.toContain('Who was told');
  });

  test('has the picture as text as well: title, description, and a table of its numbers', () => {
    expect(page).toMatch(/role="img" aria-labelledby="picture-title picture-text"/);
    expect(page).toMatch(
      /<desc id="picture-text">From 21:34:02 to 21:34:41 UTC\. MemAvailable is at its lowest with 46 MiB\. All tasks stall at most 80 %/,
    );
    expect(page).toContain('<summary>The numbers of this picture</summary>');
    expect(text).toContain('80 %');
  });

  test('says UTC wherever it shows a time: beside it, or above its column', () => {
    const columns = page.match(/<table>.*?<\/table>/gs) ?? [];
    const timed = columns.filter((each) => /<td class="t">/.test(each));
    expect(timed.length).toBeGreaterThan(4);
    for (const each of timed) expect(each).toContain('>Time (UTC)</th>');
    const outside = page.replace(/<table>.*?<\/table>/gs, '').replace(/ datetime="[^"]*"/g, '');
    // "21:34:12 to 21:34:41 UTC" is one.
    const shown = outside.match(/\d\d:\d\d:\d\d(?:[^:]{0,30}\d\d:\d\d:\d\d)?.{0,12}/g) ?? [];
    expect(shown.length).toBeGreaterThan(6);
    for (const each of shown) expect(each).toMatch(/UTC/);
  });

  test('has no scale where there are no numbers', () => {
    const page = pageOf(play({ ...exampleWith(), points: [] })[0] as IncidentDocument);
    expect(page).toContain('no numbers were recorded');
    expect(page).not.toContain('not from zero');
  });

  test('marks decisions however many steps on the way to them are between', () => {
    const [document] = play(exampleWith()) as [IncidentDocument];
    const step = { time_ms: 0, monotonic_ms: 0, kind: 'victim', level: 'debug', text: 'a step', fields: {} } as const;
    const steps = Array.from({ length: 60 }, () => step);
    const marks = marksOf({ ...document, events: document.events.flatMap((event) => [event, ...steps]) });
    expect(marks).toEqual(marksOf(document));
  });

  test('marks each decision and each record of the kernel in the picture, numbered as in the list', () => {
    const marks = tokens.filter(({ attributes }) =>
      attributes.some(([name, value]) => name === 'class' && value.startsWith('mark ')),
    );
    expect(marks.map(({ attributes }) => attributes[0]?.[1])).toEqual([
      ...Array(9).fill('mark oomwatchd'),
      ...Array(2).fill('mark kernel'),
      ...Array(6).fill('mark oomwatchd'),
    ]);
    expect(page).toContain('>2–5</text>');
  });

  test('is no heavier than a picture of its kind', () => {
    expect(Buffer.byteLength(page)).toBeLessThan(60_000);
    const long = pageOf(play({ events: recordingOf('enforce-6.18').events, points: [] })[0] as IncidentDocument);
    expect(long).toContain('no numbers were recorded');
  });

  test('of one that goes on says so', () => {
    const open = pageOf({ ...document, state: 'open', outcome: 'going_on', ended: null, ended_ms: null });
    expect(open).toContain('still going on');
    expect(open).toContain('since <time');
  });
});
