/** Documents of strangers and of other versions: shown or refused, and nothing crashes. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isPrintable } from '../../../src/report/printable.ts';
import type { StatusDocument } from '../../../src/report/status/document.ts';
import { overview } from '../../../src/report/status/overview.ts';
import { pageOf } from '../../../src/report/status/page.ts';
import { readDocument } from '../../../src/report/status/read-document.ts';
import { calmWords, checkLine, modeWords, withoutWords } from '../../../src/report/status/status-wording.ts';
import { inColour } from '../../../src/report/status/terminal.ts';
import { gaugesOf, night, point, sourcesOf, statusOf } from './night.ts';

const whole = (): StatusDocument =>
  statusOf({ gauges: gaugesOf(point()), sources: sourcesOf(night().slice(-20)) }).document();
/** As it comes over the wire. */
const copy = (): Record<string, unknown> => JSON.parse(JSON.stringify(whole()));

/** All that a person or monitoring is shown. */
const shown = (document: StatusDocument): string => {
  const lines = overview(document, { isUnicode: true }).map((line) => inColour(line, true));
  const words = `${calmWords(document)} ${modeWords(document.daemon)}${withoutWords(document)}`;
  return [...lines, checkLine(document.state, words), pageOf(document)].join('\n');
};

/** Each place of a value, as the keys that lead to it; of a list its first two entries. */
const placesIn = (value: unknown, path: readonly string[] = []): (readonly string[])[] => {
  const inner = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  const some = Array.isArray(value) ? inner.slice(0, 2) : inner;
  return [...(path.length === 0 ? [] : [path]), ...some.flatMap(([key, each]) => placesIn(each, [...path, key]))];
};

const put = (document: object, path: readonly string[], value: unknown): unknown => {
  let at = document as Record<string, unknown>;
  for (const key of path.slice(0, -1)) at = at[key] as Record<string, unknown>;
  at[path.at(-1) ?? ''] = value;
  return document;
};

const read = (value: unknown): StatusDocument | string => {
  try {
    return readDocument(value);
  } catch (error) {
    return (error as Error).message;
  }
};

const PLACES = placesIn(copy());
const STRANGE: readonly unknown[] = [
  ...[null, true, 0, -1, 1e300, Number.POSITIVE_INFINITY, '', 'constructor', '__proto__', 'fast'],
  ...[[], [null], [[]], {}, { length: -1 }, { toString: 1 }],
];

describe('a document', () => {
  test('of this version is taken as it is', () => {
    expect(readDocument(copy())).toEqual(JSON.parse(JSON.stringify(whole())));
  });

  test('of an older version has what it does not tell of as not known', () => {
    const { sources_absent, findings, ...old } = copy();
    const { standby_up, ...now } = old['now'] as Record<string, unknown>;
    expect(readDocument({ ...old, now })).toMatchObject({
      sources_absent: [],
      findings: [],
      now: { standby_up: null },
    });
  });

  test('of a later version has its new words, and what is new left out', () => {
    const later = copy();
    put(later, ['daemon', 'mode'], 'rehearse');
    put(later, ['state'], 'constructor');
    put(later, ['now', 'level'], 'toString');
    put(later, ['problems'], [{ severity: 'grave', name: 'new', text: 'something new' }]);
    const document = readDocument({ ...later, moon: 'full' });
    expect(document).not.toHaveProperty('moon');
    const text = shown(document);
    expect(text).toContain('rehearse mode: unknown to this version');
    expect(text).toContain('<b>Mode rehearse</b>: unknown to this version');
    expect(text).toContain('? something new');
    expect(text).toContain('OOMWATCHD constructor: ');
    expect(text).not.toMatch(/undefined|native code/);
  });

  test.each([
    [null, '"" is no object'],
    [[], '"" is no object'],
    [{ ...copy(), status_version: 2 }, '"status_version" is no version 1'],
    [{ ...copy(), state: undefined }, '"state" is no text'],
    [{ ...copy(), problems: undefined }, '"problems" is no list'],
    [{ ...copy(), daemon: undefined }, '"daemon" is no object'],
    [put(copy(), ['daemon', 'mode'], { toString: 1 }), '"daemon.mode" is no text'],
    [put(copy(), ['history', 'time_ms', '1'], 'x'), '"history.time_ms[1]" is no number'],
    [put(copy(), ['incidents', '0', 'title'], 7), '"incidents[0].title" is no text'],
  ])('that is none is refused with the name of what is wrong: %#', (value, message) => {
    expect(read(value)).toBe(message);
  });

  test('with anything at any place is shown or refused', () => {
    let refused = 0;
    for (const place of PLACES) {
      for (const value of STRANGE) {
        const document = read(put(copy(), place, value));
        if (typeof document === 'string') {
          refused++;
          expect(isPrintable(document)).toBe(true);
        } else expect(shown(document)).not.toMatch(/NaN|undefined/);
      }
    }
    expect(refused).toBeGreaterThan(PLACES.length);
  });

  test('with several strange values is shown or refused', () => {
    const change = fc.tuple(fc.constantFrom(...PLACES), fc.oneof(fc.constantFrom(...STRANGE), fc.jsonValue()));
    const check = (changes: (readonly [readonly string[], unknown])[]): void => {
      const document = copy();
      for (const [place, value] of changes) {
        try {
          put(document, place, value);
        } catch {
          // What held it was replaced before.
        }
      }
      const told = read(document);
      if (typeof told !== 'string') shown(told);
    };
    fc.assert(fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), check), { numRuns: 200 });
  });
});
