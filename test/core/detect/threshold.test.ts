import { describe, expect, it } from 'vitest';
import { REACHED, thresholdReached } from '../../../src/core/detect/threshold.ts';
import { ABSENT, GIB, MIB } from '../../../src/core/units.ts';
import { defaultPolicy } from '../../support/policy.ts';
import { aSample } from '../support/samples.ts';

const MARKS = 'term: { mem_available: "min(10%, 2GiB)", swap_free: "10%" }';
const { term } = defaultPolicy(`detect: { ${MARKS} }`).detect;
const BOTH = REACHED.MEM_AVAILABLE | REACHED.SWAP_FREE;

/** Memory and swap in GiB: available, free of 8 GiB of swap. */
const host = (memAvailable: number, swapFree: number, swapTotal = 8) =>
  aSample({ memAvailableKiB: memAvailable * GIB, swapTotalKiB: swapTotal * GIB, swapFreeKiB: swapFree * GIB });

describe('marks on memory and swap', () => {
  it.each([
    ['plenty of both', 18, 8, 0, 0],
    ['low memory, free swap', 1, 8, 0, REACHED.MEM_AVAILABLE],
    ['memory, full swap', 18, 0.1, 0, REACHED.SWAP_FREE],
    ['low memory, full swap', 1, 0.1, BOTH, BOTH],
  ])('%s', (_, memory, swap, and, or) => {
    expect(thresholdReached(term, 'and', host(memory, swap))).toBe(and);
    expect(thresholdReached(term, 'or', host(memory, swap))).toBe(or);
  });

  it.each([
    ['no swap', 0],
    ['swap that could not be read', ABSENT / GIB],
  ])('go by memory alone on a host with %s', (_, swapTotal) => {
    expect(thresholdReached(term, 'and', host(1, 0, swapTotal))).toBe(REACHED.MEM_AVAILABLE);
    expect(thresholdReached(term, 'or', host(1, 0, swapTotal))).toBe(REACHED.MEM_AVAILABLE);
    expect(thresholdReached(term, 'and', host(18, 0, swapTotal))).toBe(0);
  });

  it.each([
    [1, 0.1],
    [24, 2],
    [1024, 2],
  ])('suit a host of %i GiB: the term mark is at %f GiB', (totalGib, markGib) => {
    const at = (gib: number) => aSample({ memTotalKiB: totalGib * GIB, memAvailableKiB: Math.floor(gib * GIB) });
    expect(thresholdReached(term, 'and', at(markGib))).not.toBe(0);
    expect(thresholdReached(term, 'and', at(markGib + 0.001))).toBe(0);
  });

  it('are not reached by memory that could not be read', () => {
    expect(thresholdReached(term, 'or', aSample({ memAvailableKiB: ABSENT }))).toBe(0);
  });

  it('can be taken out one by one with "or"', () => {
    const marks = defaultPolicy('detect: { combine: or, term: { swap_free: off }, kill: { swap_free: off } }').detect
      .term;
    expect(thresholdReached(marks, 'or', host(18, 0))).toBe(0);
    expect(thresholdReached(marks, 'or', host(1, 0))).toBe(REACHED.MEM_AVAILABLE);
  });

  it('cannot be taken out of "and", where the level would never be reached', () => {
    expect(() => defaultPolicy('detect: { term: { swap_free: off } }')).toThrow('would never be reached');
  });

  it('can be given as sizes', () => {
    const marks = defaultPolicy(
      'detect: { term: { mem_available: 500MiB, swap_free: 1GiB }, kill: { mem_available: 100MiB, swap_free: 10MiB } }',
    ).detect.term;
    expect(thresholdReached(marks, 'and', host(500 / 1024, 1))).toBe(BOTH);
    expect(thresholdReached(marks, 'and', aSample({ memAvailableKiB: 500 * MIB + 1 }))).toBe(0);
  });
});
