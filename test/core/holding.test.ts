/** Memory that no death returns: when it is looked for, and when it is told. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { OomwatchdEvent } from '../../src/core/event.ts';
import type { Holder } from '../../src/core/holder.ts';
import { createHolding, followHolding, nobodysKiB } from '../../src/core/holding.ts';
import type { Sample } from '../../src/core/sample.ts';
import { ABSENT, GIB } from '../../src/core/units.ts';
import { LEVEL } from '../../src/core/verdict.ts';
import { aSample } from './support/samples.ts';

const FULL: Holder[] = [{ kind: 'tmpfs', name: '/dev/shm', sizeKiB: 9 * GIB }];
/** A host of 24 GiB: what is neither free, nor anonymous, nor page cache is nobody's. */
const sampleOf = (nobodys: number, available: number): Sample =>
  aSample({
    memFreeKiB: 24 * GIB - nobodys,
    anonPagesKiB: 0,
    activeFileKiB: 0,
    inactiveFileKiB: 0,
    memAvailableKiB: available,
  });
const CALM = sampleOf(1 * GIB, 18 * GIB);
const SHORT = sampleOf(9 * GIB, 2 * GIB);

const run = () => {
  const holding = createHolding();
  const events: OomwatchdEvent[] = [];
  let holders: readonly Holder[] = [];
  return {
    holding,
    holders: () => holders,
    told: () => events.splice(0).map((event) => (event.kind === 'holders' ? event.holders.length : event.kind)),
    turn: (sample: Sample, level: number, looked: readonly Holder[] | null, nowMs: number) => {
      holders = followHolding(holding, holders, looked, sample, level, nowMs, events);
    },
  };
};

describe('a look', () => {
  it.each([
    ['calm', SHORT, LEVEL.CALM, false],
    ['more than a tenth, in approach', sampleOf(2.5 * GIB, GIB), LEVEL.APPROACH, true],
    ['less', sampleOf(2.3 * GIB, GIB), LEVEL.KILL, false],
    ['unknown', aSample({ memAvailableKiB: GIB }), LEVEL.KILL, false],
  ])('is worth it by level and share: %s', (_, sample, level, isWanted) => {
    const { holding, turn } = run();
    turn(sample, level, null, 0);
    expect(holding.isWanted).toBe(isWanted);
  });

  it('counts nothing twice, and nothing that it does not know', () => {
    expect(nobodysKiB(SHORT)).toBe(9 * GIB);
    expect(nobodysKiB(aSample({ anonPagesKiB: ABSENT }))).toBe(ABSENT);
    expect(nobodysKiB(aSample({ memFreeKiB: 25 * GIB, anonPagesKiB: 0, activeFileKiB: 0, inactiveFileKiB: 0 }))).toBe(
      0,
    );
  });
});

describe('the alarm', () => {
  it('comes as soon as somebody is known in a shortage that grew there, again after a minute, and ends', () => {
    const { holders, told, turn } = run();
    turn(CALM, LEVEL.CALM, null, 0);
    turn(SHORT, LEVEL.APPROACH, FULL, 1000);
    expect(told()).toEqual([]);
    expect(holders()).toBe(FULL);
    turn(SHORT, LEVEL.TERM, null, 1200);
    turn(SHORT, LEVEL.KILL, FULL, 3200);
    expect(told()).toEqual([1]);
    turn(SHORT, LEVEL.KILL, null, 61_200);
    expect(told()).toEqual([1]);
    turn(CALM, LEVEL.CALM, null, 62_000);
    expect(told()).toEqual([0]);
    expect(holders()).toEqual([]);
    turn(CALM, LEVEL.CALM, null, 63_000);
    expect(told()).toEqual([]);
  });

  it.each([
    ['it stood there before, and a process grew', sampleOf(9 * GIB, 18 * GIB), SHORT, FULL, []],
    ['nothing was lost since calm', sampleOf(1 * GIB, GIB), SHORT, FULL, []],
    ['nobody is known', CALM, SHORT, [], []],
    ['half of all memory is there', sampleOf(12 * GIB, 18 * GIB), sampleOf(12 * GIB, GIB), FULL, [1]],
  ] as [string, Sample, Sample, Holder[], number[]][])('%s', (_, calm, short, looked, expected) => {
    const { told, turn } = run();
    turn(calm, LEVEL.CALM, null, 0);
    turn(short, LEVEL.KILL, looked, 1000);
    expect(told()).toEqual(expected);
  });

  it('comes again at once when the largest has grown by half since', () => {
    const { told, turn } = run();
    const grown = (share: number): Holder[] => [{ kind: 'tmpfs', name: '/dev/shm', sizeKiB: 9 * GIB * share }];
    turn(CALM, LEVEL.CALM, null, 0);
    turn(SHORT, LEVEL.TERM, FULL, 1000);
    turn(SHORT, LEVEL.KILL, grown(1.4), 1100);
    expect(told()).toEqual([1]);
    turn(SHORT, LEVEL.KILL, grown(1.5), 1200);
    turn(SHORT, LEVEL.KILL, grown(0.1), 1300);
    turn(SHORT, LEVEL.KILL, grown(1.5), 1400);
    expect(told()).toEqual([1]);
  });

  it('does not guess about a shortage that was there at the start', () => {
    const { told, turn } = run();
    turn(SHORT, LEVEL.KILL, FULL, 0);
    expect(told()).toEqual([]);
  });

  it('never comes more than once a minute of shortage, whatever is looked at and when', () => {
    const step = fc.record({ ms: fc.nat({ max: 20_000 }), level: fc.constantFrom(1, 2, 3), looks: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { told, turn } = run();
        turn(CALM, LEVEL.CALM, null, 0);
        let nowMs = 0;
        let lastMs = Number.NEGATIVE_INFINITY;
        for (const { ms, level, looks } of steps) {
          nowMs += ms;
          turn(SHORT, level, looks ? FULL : null, nowMs);
          if (told().length === 0) continue;
          expect(nowMs - lastMs).toBeGreaterThanOrEqual(60_000);
          lastMs = nowMs;
        }
      }),
    );
  });
});
