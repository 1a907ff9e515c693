import { describe, expect, it } from 'vitest';
import { createBudget, spend } from '../../../src/core/act/budget.ts';
import { createClimb } from '../../../src/core/act/climb.ts';
import { nextStep } from '../../../src/core/act/ladder.ts';
import { LEVEL } from '../../../src/core/verdict.ts';
import type { Victim } from '../../../src/core/victim.ts';
import { defaultPolicy } from '../../support/policy.ts';
import { aVictim } from '../support/victims.ts';

const { act } = defaultPolicy(
  'act: { term_timeout: 5s, hold_off: 100ms, victim_timeout: 5s, kills_per_minute: 2, kills_per_hour: 60 }',
);

const step = (level: number, victims: readonly Victim[], nowMs: number, spent = 0, isWaiting = false): string => {
  const budget = createBudget();
  for (let count = 0; count < spent; count++) spend(budget, nowMs);
  const next = nextStep(victims, level, isWaiting, createClimb(), budget, act, nowMs);
  if (next.kind === 'choose') return `choose ${next.signal}`;
  return next.kind === 'escalate' ? `escalate ${next.victim.facts.pid}: ${next.reason}` : next.kind;
};

const term = (differences: Partial<Victim> = {}): Victim => aVictim({ signal: 'TERM', ...differences });
const kill = (differences: Partial<Victim> = {}): Victim => aVictim({ signal: 'KILL', ...differences });

describe('without a victim', () => {
  it.each([
    ['calm', LEVEL.CALM, 'none'],
    ['an approach', LEVEL.APPROACH, 'none'],
    ['the term level', LEVEL.TERM, 'choose TERM'],
    ['the kill level', LEVEL.KILL, 'choose KILL'],
  ])('at %s', (_, level, expected) => {
    expect(step(level, [], 0)).toBe(expected);
  });

  it('waits for whoever is dying without our doing', () => {
    expect(step(LEVEL.KILL, [], 0, 0, true)).toBe('wait_for_dying');
    expect(step(LEVEL.APPROACH, [], 0, 0, true)).toBe('none');
  });

  it('stops at the budget', () => {
    expect(step(LEVEL.KILL, [], 0, 1)).toBe('choose KILL');
    expect(step(LEVEL.KILL, [], 0, 2)).toBe('over_budget');
  });
});

describe('after SIGTERM', () => {
  it.each([
    ['the shortage is over', LEVEL.APPROACH, 100, 'none'],
    ['it may take its time', LEVEL.TERM, 4999, 'wait'],
    ['its time is up', LEVEL.TERM, 5000, 'escalate 1000: term_timeout'],
    ['memory falls to the kill mark before', LEVEL.KILL, 10, 'escalate 1000: kill_mark'],
    ['both, the kill mark is told', LEVEL.KILL, 9000, 'escalate 1000: kill_mark'],
  ])('%s', (_, level, nowMs, expected) => {
    expect(step(level, [term()], nowMs)).toBe(expected);
  });

  it('does not signal again what is gone already: its memory is on its way', () => {
    expect(step(LEVEL.KILL, [term({ exitedMs: 40 })], 50)).toBe('wait');
    expect(step(LEVEL.TERM, [term({ exitedMs: 40 })], 9000)).toBe('wait');
  });

  it('escalates without asking the budget: it is the same kill', () => {
    expect(step(LEVEL.TERM, [term()], 5000, 2)).toBe('escalate 1000: term_timeout');
  });
});

describe('after SIGKILL', () => {
  it('takes no second victim while the first one is dying', () => {
    expect(step(LEVEL.KILL, [kill()], 4999)).toBe('wait');
    expect(step(LEVEL.KILL, [kill()], 60_000)).toBe('wait');
  });

  it.each(['recovered', 'partial', 'not_returned', 'stuck'] as const)(
    'takes the next one when the verdict is %s',
    (verdict) => {
      expect(step(LEVEL.KILL, [kill({ verdict })], 6000)).toBe('choose KILL');
      expect(step(LEVEL.TERM, [kill({ verdict })], 6000)).toBe('choose TERM');
      expect(step(LEVEL.CALM, [kill({ verdict })], 6000)).toBe('none');
    },
  );

  it('waits 100 ms or more after the last signal, whatever the verdict', () => {
    expect(act.holdOffMs).toBeGreaterThanOrEqual(100);
    const victims = [kill({ verdict: 'stuck', signalledMs: 0 }), kill({ verdict: 'recovered', signalledMs: 500 })];
    expect(step(LEVEL.KILL, victims, 599)).toBe('wait');
    expect(step(LEVEL.KILL, victims, 600)).toBe('choose KILL');
  });

  it('cannot be configured to wait less', () => {
    expect(() => defaultPolicy('act: { hold_off: 99ms }')).toThrow('100ms');
  });

  it('attends to the victim that is open among those that are not', () => {
    const victims = [kill({ verdict: 'stuck' }), term({ facts: { ...aVictim().facts, pid: 7 }, signalledMs: 1000 })];
    expect(step(LEVEL.TERM, victims, 5999)).toBe('wait');
    expect(step(LEVEL.TERM, victims, 6000)).toBe('escalate 7: term_timeout');
  });
});

describe('in observe mode', () => {
  it('answers again once a minute and not before', () => {
    const victims = [kill({ simulated: true, signalledMs: 70_000 })];
    expect(step(LEVEL.KILL, victims, 129_999)).toBe('wait');
    expect(step(LEVEL.KILL, victims, 130_000)).toBe('choose KILL');
  });

  it('tells the escalation as well', () => {
    expect(step(LEVEL.TERM, [term({ simulated: true })], 5000)).toBe('escalate 1000: term_timeout');
  });
});
