import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ABSENT } from '../../../src/core/units.ts';
import {
  NO_OOM_SCORE_ADJ,
  OOM_SCORE_ADJ_MAX,
  OOM_SCORE_ADJ_MIN,
  parseOomScore,
  parseOomScoreAdj,
} from '../../../src/linux/proc/oom-score.ts';
import { bytes } from './format.ts';

const score = (text: string) => parseOomScore(bytes(text), text.length);
const adj = (text: string) => parseOomScoreAdj(bytes(text), text.length);

describe('parseOomScore', () => {
  it.each([
    ['666\n', 666],
    ['0\n', 0],
    ['2000\n', 2000],
    ['66', ABSENT],
    ['', ABSENT],
    ['\n', ABSENT],
    ['-1\n', ABSENT],
    ['6 6\n', ABSENT],
  ])('reads %j as %i', (text, value) => expect(score(text)).toBe(value));
});

describe('parseOomScoreAdj', () => {
  it.each(['', '\n', '-\n', '-', '12', '-99', '1001\n', '-1001\n', '--1\n', 'x\n'])('refuses %j', (text) =>
    expect(adj(text)).toBe(NO_OOM_SCORE_ADJ),
  );

  it('reads every value, and refuses it cut off', () => {
    fc.assert(
      fc.property(fc.integer({ min: OOM_SCORE_ADJ_MIN, max: OOM_SCORE_ADJ_MAX }), (value) => {
        expect(adj(`${value}\n`)).toBe(value);
        expect(adj(`${value}`)).toBe(NO_OOM_SCORE_ADJ);
      }),
    );
  });
});

it('no bytes break them', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 24 }), (buf) => {
      expect(parseOomScore(buf, buf.length)).toBeGreaterThanOrEqual(ABSENT);
      const value = parseOomScoreAdj(buf, buf.length);
      expect(value === NO_OOM_SCORE_ADJ || Math.abs(value) <= OOM_SCORE_ADJ_MAX).toBe(true);
    }),
  );
});
