import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Sample } from '../../../src/core/sample.ts';
import { createStallGate, somethingStalls } from '../../../src/core/stall/gate.ts';
import { ABSENT } from '../../../src/core/units.ts';
import { aSample } from '../support/samples.ts';

const LATE_MS = 500;

/** Turns each `stepMs`, of which `at(n)` gives the sample; when it opened and whether it is open at the end. */
const turns = (count: number, stepMs: number, at: (turn: number) => Partial<Sample>, isDying = false) => {
  const gate = createStallGate();
  let openedMs: number | null = null;
  let isOpen = false;
  for (let turn = 0; turn <= count; turn++) {
    isOpen = somethingStalls(gate, aSample(at(turn)), isDying, LATE_MS, 10_000 + turn * stepMs);
    if (isOpen) openedMs ??= turn * stepMs;
  }
  return { openedMs, isOpen };
};

describe('the gate', () => {
  it.each<[string, (turn: number) => Partial<Sample>]>([
    ['direct reclaim is entered again and again', (turn) => ({ allocstall: 7 + turn })],
    ['direct reclaim goes on scanning', (turn) => ({ pgscanDirect: 1000 * turn })],
    ['tasks wait for memory a fifth of the time', (turn) => ({ memorySomeUs: turn * 50_000 })],
    ['turns come late', () => ({ tickLateMs: LATE_MS })],
  ])('opens after a second or so while %s', (_, at) => {
    const { openedMs, isOpen } = turns(20, 250, at);
    expect(openedMs).toBeGreaterThanOrEqual(1000);
    expect(openedMs).toBeLessThanOrEqual(2500);
    expect(isOpen).toBe(true);
  });

  it('opens while somebody was killed and does not go', () => {
    expect(turns(4, 250, () => ({}), true).openedMs).toBe(1000);
  });

  it.each<[string, (turn: number) => Partial<Sample>]>([
    ['of a calm host', () => ({ allocstall: 7, pgscanDirect: 9, memorySomeUs: 1_000_000 })],
    ['that were not read', () => ({ allocstall: ABSENT, pgscanDirect: ABSENT, memorySomeUs: ABSENT })],
    ['that moved once', (turn) => ({ allocstall: turn < 5 ? 7 : 9 })],
    ['of a host that waits less than a twentieth of the time', (turn) => ({ memorySomeUs: turn * 10_000 })],
    ['of turns that are a little late', () => ({ tickLateMs: LATE_MS - 1 })],
    ['that move every ten seconds', (turn) => ({ allocstall: Math.floor(turn / 40) })],
  ])('stays shut at numbers %s', (_, at) => {
    expect(turns(400, 250, at).openedMs).toBeNull();
  });

  it('sees counters that are read now and then only', () => {
    expect(turns(20, 250, (turn) => ({ allocstall: turn % 4 === 0 ? turn : ABSENT })).isOpen).toBe(true);
  });

  it('sees a PSI total that moves every two seconds', () => {
    expect(turns(100, 65, (turn) => ({ memorySomeUs: Math.floor(turn / 31) * 800_000 })).isOpen).toBe(true);
  });

  it('shuts five seconds after the last sign', () => {
    const stalled = (turn: number): Partial<Sample> => ({ allocstall: Math.min(turn, 8) });
    expect(turns(8 + 20, 250, stalled).isOpen).toBe(true);
    expect(turns(8 + 21, 250, stalled).isOpen).toBe(false);
  });

  it('never opens within the first second, whatever the numbers', () => {
    const number = fc.integer({ min: ABSENT, max: 1_000_000 });
    const sample = fc.record({ allocstall: number, pgscanDirect: number, memorySomeUs: number, tickLateMs: number });
    fc.assert(
      fc.property(fc.array(sample, { minLength: 1, maxLength: 12 }), fc.boolean(), (samples, isDying) => {
        const gate = createStallGate();
        samples.forEach((each, turn) => {
          expect(somethingStalls(gate, aSample(each), isDying, LATE_MS, turn * 90)).toBe(false);
        });
      }),
    );
  });
});
