import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { StampedEvent } from '../../src/core/event.ts';
import { noteLine } from '../../src/report/notes.ts';
import { lineOf } from '../../src/report/wording.ts';
import { anyEvent, hostile } from './events.ts';

/** Controls, format characters, lone surrogates, line separators: nothing of it may reach a log. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

const expectSafe = (line: ReturnType<typeof lineOf>): void => {
  expect(line.msg).not.toMatch(UNSAFE);
  expect(line.msg.length).toBeLessThan(4000);
  // JSON.stringify would hide controls behind escapes that `jq -r` undoes, so the texts themselves are looked at.
  JSON.stringify(line.fields, (key, value) => {
    expect(key).not.toMatch(UNSAFE);
    if (typeof value === 'string') expect(value).not.toMatch(UNSAFE);
    return value;
  });
};

describe('no line is ever unsafe, and none is ever missing', () => {
  test('for any event, also after its way through JSON', () => {
    fc.assert(
      fc.property(anyEvent, (event) => {
        expectSafe(lineOf(event));
        expectSafe(lineOf(JSON.parse(JSON.stringify(event))));
      }),
      { numRuns: 2000 },
    );
  });

  test('for events of another version: unknown kinds, missing and strange fields', () => {
    const kinds = fc.oneof(
      anyEvent.map(({ kind }) => kind),
      hostile,
    );
    const broken = fc
      .tuple(kinds, fc.dictionary(hostile, fc.jsonValue({ maxDepth: 3 })))
      .map(([kind, rest]) => ({ ...rest, kind, timeMs: 0, monotonicMs: 0 }) as unknown as StampedEvent);
    fc.assert(
      fc.property(broken, (event) => expectSafe(lineOf(event))),
      { numRuns: 1000 },
    );
  });

  test('for events whose numbers are texts', () => {
    const spoilt = fc.tuple(anyEvent, hostile).map(([event, text]) => {
      const json = JSON.stringify(event, (key, value) =>
        typeof value === 'number' && key !== 'timeMs' && key !== 'monotonicMs' ? text : value,
      );
      return JSON.parse(json) as StampedEvent;
    });
    fc.assert(
      fc.property(spoilt, (event) => expectSafe(lineOf(event))),
      { numRuns: 1000 },
    );
  });

  test('for any note', () => {
    fc.assert(
      fc.property(hostile, (error) => {
        expectSafe(noteLine({ kind: 'bug', error }));
        expectSafe(noteLine({ kind: 'listen_failed', address: error, error, retryMs: 500 }));
      }),
    );
  });
});
