/** The rows of the ladder above the choice of a victim: when each is reached, and what never happens. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBudget, spend } from '../../../src/core/act/budget.ts';
import { type Climb, createClimb } from '../../../src/core/act/climb.ts';
import {
  EVIDENCE_AFTER_MS,
  EVIDENCE_LEAD_MS,
  HELPLESS_MS,
  nextStep,
  PRESS_EVERY_MS,
  ROWS,
} from '../../../src/core/act/ladder.ts';
import type { ActPolicy } from '../../../src/core/policy.ts';
import { ABSENT } from '../../../src/core/units.ts';
import { LEVEL } from '../../../src/core/verdict.ts';
import type { Victim } from '../../../src/core/victim.ts';
import { defaultPolicy } from '../../support/policy.ts';
import { aVictim } from '../support/victims.ts';

const { act } = defaultPolicy('act: { sysrq_f: undirected, evidence: wm, last_resort: reboot, last_resort_after: 2m }');
const NOW_MS = 1_000_000;
const ago = (ms: number): number => NOW_MS - ms;

interface Played {
  readonly climb?: Partial<Climb>;
  readonly policy?: Partial<ActPolicy>;
  readonly victims?: readonly Victim[];
  readonly isWaiting?: boolean;
  readonly spent?: number;
  readonly level?: number;
}

const step = ({ climb = {}, policy = {}, victims = [], isWaiting = false, spent = 0, level = LEVEL.KILL }: Played) => {
  const budget = createBudget();
  for (let count = 0; count < spent; count++) spend(budget, NOW_MS);
  return nextStep(victims, level, isWaiting, { ...createClimb(), ...climb }, budget, { ...act, ...policy }, NOW_MS);
};

const HELPLESS: Partial<Climb> = { helpless: 'nobody', helplessMs: ago(HELPLESS_MS) };

describe('SysRq-f', () => {
  it.each<[string, Played, string]>([
    ['once our own signals have been of no use for two seconds', { climb: HELPLESS }, 'press'],
    ['not before', { climb: { ...HELPLESS, helplessMs: ago(HELPLESS_MS - 1) } }, 'choose'],
    ['at once when victims do not go', { climb: { helpless: 'fruitless', helplessMs: NOW_MS } }, 'press'],
    ['not while they are of use', {}, 'choose'],
    ['not when it is switched off', { climb: HELPLESS, policy: { sysrqF: 'off' } }, 'choose'],
    ['four seconds after the last', { climb: { ...HELPLESS, triedMs: ago(PRESS_EVERY_MS) } }, 'press'],
    ['not before that', { climb: { ...HELPLESS, triedMs: ago(PRESS_EVERY_MS - 1) } }, 'choose'],
    ['not while a victim is open', { climb: HELPLESS, victims: [aVictim()] }, 'wait'],
    [
      'not right after a signal',
      { climb: HELPLESS, victims: [aVictim({ verdict: 'stuck', signalledMs: NOW_MS })] },
      'wait',
    ],
    ['not while somebody else is dying', { climb: HELPLESS, isWaiting: true }, 'wait_for_dying'],
    ['not beyond the budget: it is a kill', { climb: HELPLESS, spent: 1000 }, 'over_budget'],
    ['not below the term level', { climb: HELPLESS, level: LEVEL.APPROACH }, 'none'],
  ])('%s', (_, played, kind) => {
    expect(step(played).kind).toBe(kind);
  });

  it('is spaced as the kernel needs it', () => {
    expect(PRESS_EVERY_MS).toBeGreaterThanOrEqual(4000);
  });
});

describe('evidence', () => {
  it.each<[string, Played, string]>([
    ['after half a minute of standstill', { climb: { stalledMs: ago(EVIDENCE_AFTER_MS) } }, 'evidence'],
    ['not before', { climb: { stalledMs: ago(EVIDENCE_AFTER_MS - 1) } }, 'choose'],
    [
      'sooner where the last resort comes sooner',
      { climb: { stalledMs: ago(10_000) }, policy: { lastResortAfterMs: 10_000 } },
      'evidence',
    ],
    [
      'not sooner where there is none',
      { climb: { stalledMs: ago(10_000) }, policy: { lastResort: 'off', lastResortAfterMs: 10_000 } },
      'choose',
    ],
    ['once', { climb: { stalledMs: ago(EVIDENCE_AFTER_MS), evidenceMs: ago(1) } }, 'choose'],
    [
      'not when it is switched off',
      { climb: { stalledMs: ago(EVIDENCE_AFTER_MS) }, policy: { evidence: '' } },
      'choose',
    ],
    ['also while a victim is open', { climb: { stalledMs: ago(EVIDENCE_AFTER_MS) }, victims: [aVictim()] }, 'evidence'],
  ])('%s', (_, played, kind) => {
    expect(step(played).kind).toBe(kind);
  });
});

describe('the last resort', () => {
  const DUE: Partial<Climb> = { stalledMs: ago(120_000), evidenceMs: ago(EVIDENCE_LEAD_MS) };

  it.each<[string, Played, string]>([
    ['after two minutes of standstill, five seconds after the evidence', { climb: DUE }, 'last_resort'],
    ['not before', { climb: { ...DUE, stalledMs: ago(119_999) } }, 'choose'],
    ['not before the evidence is out', { climb: { ...DUE, evidenceMs: ago(EVIDENCE_LEAD_MS - 1) } }, 'choose'],
    ['evidence first where there was none', { climb: { ...DUE, evidenceMs: ABSENT } }, 'evidence'],
    [
      'without evidence where that is switched off',
      { climb: { ...DUE, evidenceMs: ABSENT }, policy: { evidence: '' } },
      'last_resort',
    ],
    ['once', { climb: { ...DUE, lastResortMs: ago(1) } }, 'choose'],
    ['never when it is off', { climb: DUE, policy: { lastResort: 'off' } }, 'choose'],
    ['when the budget is used up: nothing else is left', { climb: DUE, spent: 1000 }, 'last_resort'],
  ])('%s', (_, played, kind) => {
    expect(step(played).kind).toBe(kind);
  });

  it('is off unless somebody asks for it', () => {
    expect(defaultPolicy('').act.lastResort).toBe('off');
  });

  it.each(['crash', 'reboot', 'watchdog'] as const)('does what was asked for: %s', (lastResort) => {
    expect(step({ climb: DUE, policy: { lastResort } })).toEqual({ kind: 'last_resort', action: lastResort });
  });
});

it('its rows are told apart by their names', () => {
  expect(new Set(ROWS.map(({ row }) => row)).size).toBe(ROWS.length);
});

describe('whatever the situation', () => {
  const ms = fc.oneof(fc.constant(ABSENT), fc.integer({ min: 0, max: NOW_MS }));
  const situations = fc.record({
    climb: fc.record({
      helpless: fc.constantFrom('nobody' as const, 'fruitless' as const),
      helplessMs: ms,
      stalledMs: ms,
      triedMs: ms,
      evidenceMs: ms,
      lastResortMs: ms,
    }),
    policy: fc.record({
      sysrqF: fc.constantFrom('off' as const, 'undirected' as const),
      evidence: fc.constantFrom('', 'wm'),
      lastResort: fc.constantFrom('off' as const, 'crash' as const, 'reboot' as const),
    }),
    isWaiting: fc.boolean(),
    spent: fc.integer({ min: 0, max: 20 }),
    level: fc.integer({ min: 0, max: 3 }),
  });

  it('the last resort is never taken unless configured, nor twice, nor before its time', () => {
    fc.assert(
      fc.property(situations, (each) => {
        if (step(each).kind !== 'last_resort') return;
        expect(each.policy.lastResort).not.toBe('off');
        expect(each.climb.lastResortMs).toBe(ABSENT);
        expect(NOW_MS - each.climb.stalledMs).toBeGreaterThanOrEqual(act.lastResortAfterMs);
        expect(each.climb.stalledMs).not.toBe(ABSENT);
      }),
    );
  });

  it('a press is never within four seconds of the last, over budget, or switched off', () => {
    fc.assert(
      fc.property(situations, (each) => {
        if (step(each).kind !== 'press') return;
        const { triedMs } = each.climb;
        expect(triedMs === ABSENT || NOW_MS - triedMs >= 4000).toBe(true);
        expect(each.policy.sysrqF).not.toBe('off');
        expect(each.spent).toBeLessThan(act.killsPerMinute);
      }),
    );
  });
});
