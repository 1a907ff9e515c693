/** Each correction in each situation, on and off, and the order in which they are asked. */
import { describe, expect, it } from 'vitest';
import type { Corrections } from '../../../../src/core/policy.ts';
import { FLAG } from '../../../../src/core/process-table.ts';
import { OPINION, patchLink, type RowCorrection, SITUATION } from '../../../../src/core/select/rules/correction.ts';
import { excludeVictims } from '../../../../src/core/select/rules/exclude-victims.ts';
import { exitingDoesNotAbort } from '../../../../src/core/select/rules/exiting-does-not-abort.ts';
import { originAndUnkillable } from '../../../../src/core/select/rules/origin-and-unkillable.ts';
import { originAndVictim } from '../../../../src/core/select/rules/origin-and-victim.ts';
import {
  CORRECTIONS,
  opinionOf,
  ROW_CORRECTIONS,
  situationOf,
  speakerOf,
} from '../../../../src/core/select/rules/table.ts';
import { victimLimitMs } from '../../../../src/core/select/rules/timers.ts';
import { counts } from '../../../../src/core/select/rules/wait-allocating-task.ts';
import { ABSENT } from '../../../../src/core/units.ts';
import { defaultPolicy } from '../../../support/policy.ts';
import { aDying } from '../../support/registers.ts';
import { KNOWN, tableOf } from '../../support/tables.ts';

const { VICTIM, ORIGIN, EXITING, UNKILLABLE } = SITUATION;
const SITUATIONS = Array.from({ length: 16 }, (_, bits) => bits);

const ALL_ON = defaultPolicy().select.corrections;
const name = (bits: number): string =>
  Object.entries(SITUATION)
    .filter(([, bit]) => (bits & bit) !== 0)
    .map(([key]) => key.toLowerCase())
    .join(' and ') || 'nothing';

describe.each<[RowCorrection, number, number, number]>([
  // [correction, all bits that it looks at, its opinion when on, when off]
  [excludeVictims, VICTIM, OPINION.VICTIM, OPINION.NONE],
  [exitingDoesNotAbort, EXITING, OPINION.EXITING, OPINION.ABORT],
  [originAndVictim, ORIGIN | VICTIM, OPINION.VICTIM, OPINION.FIRST],
  [originAndUnkillable, ORIGIN | UNKILLABLE, OPINION.UNKILLABLE, OPINION.NONE],
])('$id', ({ judge }, bits, on, off) => {
  it.each(SITUATIONS.map((situation) => [name(situation), situation] as const))('of %s', (_, situation) => {
    const applies = (situation & bits) === bits;
    expect(judge(situation, true)).toBe(applies ? on : OPINION.NONE);
    expect(judge(situation, false)).toBe(applies ? off : OPINION.NONE);
  });
});

describe('timers', () => {
  it('is the configured time, or for ever', () => {
    expect(victimLimitMs(5000, true)).toBe(5000);
    expect(victimLimitMs(5000, false)).toBe(Number.POSITIVE_INFINITY);
  });

  it('is five seconds by default, as in the patch (5*HZ)', () => {
    expect(defaultPolicy().act.victimTimeoutMs).toBe(5000);
  });
});

describe('wait_allocating_task', () => {
  it.each([
    ['kernel', 1, false, false],
    ['kernel', 1, true, true],
    ['kernel', 0, false, true],
    ['kernel', ABSENT, false, true],
    ['other', 1, false, true],
    ['itself', 1, false, true],
    ['oomwatchd', 1, false, true],
  ] as const)('a victim of %s counts under the sysctl %i, switched on: %s: %s', (killedBy, sysctl, on, expected) => {
    expect(counts(aDying({ killedBy }), sysctl, on)).toBe(expected);
  });
});

describe('the table', () => {
  it('has the six of the series, each once, on by default, each with its link', () => {
    expect(CORRECTIONS.map(({ patch }) => patch).toSorted()).toEqual([1, 2, 3, 4, 5, 6]);
    expect(new Set(CORRECTIONS.map(({ link }) => link)).size).toBe(6);
    expect(new Set(CORRECTIONS.map(({ key }) => key))).toEqual(new Set(Object.keys(ALL_ON)));
    expect(Object.values(ALL_ON)).toEqual([true, true, true, true, true, true]);
    for (const { id, key, title, without } of CORRECTIONS) {
      expect(id).toBe(key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
      expect(title).toMatch(/^mm,oom: /);
      expect(without).not.toBe('');
    }
    expect(patchLink('x')).toBe('https://lore.kernel.org/r/x@I-love.SAKURA.ne.jp');
  });

  const off = (key: keyof Corrections): Corrections => ({ ...ALL_ON, [key]: false });
  it.each<[string, number, Corrections, number, string]>([
    ['nothing', 0, ALL_ON, OPINION.NONE, ''],
    ['an origin', ORIGIN, ALL_ON, OPINION.FIRST, ''],
    ['a victim', VICTIM, ALL_ON, OPINION.VICTIM, 'exclude_victims'],
    ['a victim', VICTIM, off('excludeVictims'), OPINION.NONE, ''],
    ['one at -1000', UNKILLABLE, ALL_ON, OPINION.NONE, ''],
    ['one that exits', EXITING, ALL_ON, OPINION.EXITING, 'exiting_does_not_abort'],
    ['one that exits', EXITING, off('exitingDoesNotAbort'), OPINION.ABORT, 'exiting_does_not_abort'],
    ['a victim that exits', VICTIM | EXITING, off('exitingDoesNotAbort'), OPINION.VICTIM, 'exclude_victims'],
    ['a victim that exits', VICTIM | EXITING, off('excludeVictims'), OPINION.EXITING, 'exiting_does_not_abort'],
    ['an origin that is a victim', ORIGIN | VICTIM, ALL_ON, OPINION.VICTIM, 'origin_and_victim'],
    ['an origin that is a victim', ORIGIN | VICTIM, off('originAndVictim'), OPINION.FIRST, 'origin_and_victim'],
    ['an origin that is a victim', ORIGIN | VICTIM, off('excludeVictims'), OPINION.VICTIM, 'origin_and_victim'],
    ['an origin at -1000', ORIGIN | UNKILLABLE, ALL_ON, OPINION.UNKILLABLE, 'origin_and_unkillable'],
    ['an origin at -1000', ORIGIN | UNKILLABLE, off('originAndUnkillable'), OPINION.FIRST, ''],
    ['an origin that exits', ORIGIN | EXITING, ALL_ON, OPINION.EXITING, 'exiting_does_not_abort'],
    ['all at once', 15, ALL_ON, OPINION.UNKILLABLE, 'origin_and_unkillable'],
  ])('%s (%i)', (_, situation, corrections, opinion, speaker) => {
    expect(opinionOf(situation, corrections)).toBe(opinion);
    expect(ROW_CORRECTIONS[speakerOf(situation, corrections)]?.id ?? '').toBe(speaker);
  });
});

describe('the situation of a row', () => {
  it.each<[string, Parameters<typeof tableOf>[0][number], boolean, number]>([
    ['nothing', {}, false, 0],
    ['in our register', {}, true, VICTIM],
    ['SIGKILL is pending', { flags: KNOWN | FLAG.SIGKILL_PENDING }, false, VICTIM],
    ['in swapoff', { flags: KNOWN | FLAG.ORIGIN }, false, ORIGIN],
    ['in exit', { flags: KNOWN | FLAG.EXITING }, false, EXITING],
    ['at -1000', { oomScoreAdj: -1000 }, false, UNKILLABLE],
    ['at -999', { oomScoreAdj: -999 }, false, 0],
    ['all', { flags: FLAG.ORIGIN | FLAG.EXITING, oomScoreAdj: -1000 }, true, 15],
  ])('%s', (_, row, isVictim, expected) => {
    expect(situationOf(tableOf([row]), 0, isVictim)).toBe(expected);
  });
});
