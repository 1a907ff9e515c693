import { describe, expect, it } from 'vitest';
import { type Climb, climbDown, createClimb, type Footing, followClimb } from '../../../src/core/act/climb.ts';
import { ABSENT } from '../../../src/core/units.ts';
import { LEVEL } from '../../../src/core/verdict.ts';
import type { Victim } from '../../../src/core/victim.ts';
import { aVictim } from '../support/victims.ts';

const KILL: Footing = { level: LEVEL.KILL, isLivelocked: false, isStalled: false, isNobody: false, refused: 0 };
const stuck = aVictim({ verdict: 'stuck' });
const empty = aVictim({ verdict: 'not_returned' });

const followed = (
  footing: Partial<Footing>,
  victims: readonly Victim[] = [],
  climb: Climb = createClimb(),
  nowMs = 7,
) => {
  followClimb(climb, victims, { ...KILL, ...footing }, nowMs);
  return climb;
};

describe('our own signals are of no use', () => {
  it.each<[string, Partial<Footing>, Victim[], string]>([
    ['not at the beginning', {}, [], ''],
    ['when nobody may be signalled', { isNobody: true }, [], 'nobody'],
    ['when the kernel refuses whom we may', { isNobody: true, refused: 1 }, [], 'refused'],
    ['not while others can be chosen beside the refused', { refused: 1 }, [], ''],
    ['not by one stuck victim', {}, [stuck], ''],
    ['when two in a row are stuck', {}, [stuck, stuck], 'fruitless'],
    ['not when one of them went, though nothing came back', {}, [stuck, empty], ''],
    ['not by one of them in a livelock: the next one comes first', { isLivelocked: true }, [stuck], ''],
    ['not when one of them did return something', {}, [stuck, aVictim({ verdict: 'partial' })], ''],
    ['not while the outcome of one is open', {}, [stuck, aVictim()], ''],
    ['not at the term level, where nobody has to die', { level: LEVEL.TERM, isNobody: true }, [], ''],
    ['at the term level in a livelock', { level: LEVEL.TERM, isLivelocked: true, isNobody: true }, [], 'nobody'],
    ['not when the shortage is over', { level: LEVEL.APPROACH, isLivelocked: true, isNobody: true }, [], ''],
  ])('%s', (_, footing, victims, helpless) => {
    expect(followed(footing, victims)).toMatchObject({ helpless, helplessMs: helpless === '' ? ABSENT : 7 });
  });

  it('since the first time without a break, whatever the reason', () => {
    const climb = followed({ isNobody: true });
    followed({}, [stuck, stuck], climb, 9);
    expect(climb).toMatchObject({ helpless: 'fruitless', helplessMs: 7 });
    followed({}, [], climb, 11);
    followed({ isNobody: true }, [], climb, 13);
    expect(climb.helplessMs).toBe(13);
  });
});

describe('the host stands still', () => {
  it.each<[string, Partial<Footing>, boolean]>([
    ['when it stalls at the kill level', { isStalled: true }, true],
    ['not when it merely is short of memory', {}, false],
    ['not at the term level', { isStalled: true, level: LEVEL.TERM }, false],
    ['at the term level in a livelock', { isStalled: true, level: LEVEL.TERM, isLivelocked: true }, true],
  ])('%s', (_, footing, stalls) => {
    expect(followed(footing).stalledMs).toBe(stalls ? 7 : ABSENT);
  });

  it('since the first time without a break', () => {
    const climb = followed({ isStalled: true });
    followed({ isStalled: true }, [], climb, 9);
    expect(climb.stalledMs).toBe(7);
    followed({}, [], climb, 10);
    followed({ isStalled: true }, [], climb, 11);
    expect(climb.stalledMs).toBe(11);
  });
});

it.each<[string, Partial<Climb>]>([
  ['help', { helplessMs: 1 }],
  ['a stall', { stalledMs: 1 }],
  ['a press', { triedMs: 1, presses: 2 }],
  ['evidence', { evidenceMs: 1 }],
  ['a last resort without evidence before it', { lastResortMs: 1 }],
])('is at the bottom again after %s', (_, differences) => {
  const climb = { ...createClimb(), ...differences };
  climbDown(climb);
  expect(climb).toEqual(createClimb());
});
