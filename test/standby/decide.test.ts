/** When the second process acts: the table by hand, and what may never happen whatever control and the host do. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ABSENT } from '../../src/core/units.ts';
import { LEVEL } from '../../src/core/verdict.ts';
import { type Absence, createAbsence, endAbsence, nextStep, type Situation } from '../../src/standby/decide.ts';

const ACT = { victimTimeoutMs: 5000 };
const POLICY = { enabled: true, afterMs: 2000, kills: 3 };

/** Control is three seconds overdue, memory is below the kill mark, somebody may be chosen. */
const situation = (differences: Partial<Situation> = {}): Situation => ({
  nowMs: 10_000,
  overdueMs: 3000,
  exhaustionMs: ABSENT,
  level: LEVEL.KILL,
  mayAct: true,
  killsLeft: 10,
  waitMs: -1,
  holdOffMs: 100,
  hasCandidate: true,
  isObserving: false,
  ...differences,
});
const absence = (differences: Partial<Absence> = {}): Absence => ({ ...createAbsence(), ...differences });

describe('the second process', () => {
  it.each<[string, Partial<Situation>, Partial<Absence>, string]>([
    ['rests while control is not due', { overdueMs: -300 }, {}, 'rest'],
    ['rests at the very moment', { overdueMs: 0 }, {}, 'rest'],
    ['watches from the first millisecond on', { overdueMs: 1 }, {}, 'watch'],
    ['watches up to the bound', { overdueMs: 2000 }, {}, 'watch'],
    ['kills beyond it', { overdueMs: 2001 }, {}, 'kill'],
    ['does not wait for the end of memory', { overdueMs: 1001, exhaustionMs: 998 }, {}, 'kill'],
    ['waits when that is as far away', { overdueMs: 1001, exhaustionMs: 999 }, {}, 'watch'],
    ['gives control half of the bound in any case', { overdueMs: 1000, exhaustionMs: 1 }, {}, 'watch'],
    ['leaves SIGTERM to control', { level: LEVEL.TERM }, {}, 'watch'],
    ['leaves a host alone that has memory', { level: LEVEL.CALM }, {}, 'watch'],
    ['does nothing where control found killing futile', { mayAct: false }, {}, 'watch'],
    ["waits for control's own victim", { waitMs: 1 }, {}, 'watch'],
    ['waits for its own victim', {}, { kills: 1, shotMs: 5001 }, 'watch'],
    ['takes the next when that one does not go', {}, { kills: 1, shotMs: 5000 }, 'kill'],
    ['gives memory time to come back', {}, { kills: 1, shotMs: 9000, goneMs: 9901 }, 'watch'],
    ['takes the next when it did not', {}, { kills: 1, shotMs: 9000, goneMs: 9900 }, 'kill'],
    ['stops at its own limit', {}, { kills: 3, shotMs: 1000 }, 'over_budget'],
    ["stops at control's limit", { killsLeft: 1 }, { kills: 1, shotMs: 1000 }, 'over_budget'],
    ['says when nobody is left', { hasCandidate: false }, {}, 'nobody'],
    ['names one in observe mode', { isObserving: true }, {}, 'kill'],
    ['and no second one', { isObserving: true }, { kills: 1, shotMs: 1000, goneMs: 1000 }, 'watch'],
  ])('%s', (_, differences, before, step) => {
    expect(nextStep(absence(before), situation(differences), ACT, POLICY)).toBe(step);
  });

  it('forgets an absence when control is back', () => {
    const past = absence({ kills: 3, shotMs: 4, goneMs: 5, isNobodyTold: true, isBudgetTold: true });
    endAbsence(past);
    expect(past).toEqual(createAbsence());
  });
});

const anyAbsence = fc.record({
  kills: fc.nat(6),
  shotMs: fc.oneof(fc.constant(ABSENT), fc.nat(20_000)),
  goneMs: fc.oneof(fc.constant(ABSENT), fc.nat(20_000)),
  isNobodyTold: fc.boolean(),
  isBudgetTold: fc.boolean(),
});
const anySituation = fc.record({
  nowMs: fc.integer({ min: 20_000, max: 40_000 }),
  overdueMs: fc.integer({ min: -5000, max: 20_000 }),
  exhaustionMs: fc.oneof(fc.constant(ABSENT), fc.nat(20_000)),
  level: fc.constantFrom(...Object.values(LEVEL)),
  mayAct: fc.boolean(),
  killsLeft: fc.nat(6),
  waitMs: fc.integer({ min: -100, max: 100 }),
  holdOffMs: fc.nat(2000),
  hasCandidate: fc.boolean(),
  isObserving: fc.boolean(),
});

it('never kills while heartbeats come, against control, without a shortage, beyond its budgets, or nobody', () => {
  fc.assert(
    fc.property(anyAbsence, anySituation, (past, now) => {
      if (nextStep(past, now, ACT, POLICY) !== 'kill') return;
      const isEndNear = now.exhaustionMs !== ABSENT && now.overdueMs + now.exhaustionMs < POLICY.afterMs;
      expect(now.overdueMs).toBeGreaterThan(isEndNear ? POLICY.afterMs / 2 : POLICY.afterMs);
      expect(now).toMatchObject({ level: LEVEL.KILL, mayAct: true, hasCandidate: true });
      expect(past.kills).toBeLessThan(Math.min(POLICY.kills, now.killsLeft));
      expect(now.waitMs).toBeLessThanOrEqual(0);
    }),
    { numRuns: 2000 },
  );
});
