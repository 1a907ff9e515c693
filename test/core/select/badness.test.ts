import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  badnessOfScore,
  badnessPages,
  disagreesWithKernel,
  oomScoreOf,
  rowBadness,
  rowSizeKiB,
} from '../../../src/core/select/badness.ts';
import { ABSENT, GIB, MIB } from '../../../src/core/units.ts';
import { tableOf } from '../support/tables.ts';

/** 4 GiB of RAM and no swap: 1,048,576 pages, of which oom_score_adj counts units of 1,048. */
const FOUR_GIB = 1_048_576;

describe('badness in pages, as oom_badness() of Linux 5.9 and later', () => {
  it.each([
    ['memory alone', [25_000, 0, 0, 0], 25_000],
    ['memory, swap and page tables add up', [25_000, 4_000, 120, 0], 29_120],
    ['oom_score_adj 100 adds 100 * (1,048,576 / 1000) = 100 * 1,048', [25_000, 0, 0, 100], 129_800],
    ['oom_score_adj 1000 adds nearly all of memory', [0, 0, 0, 1000], 1_048_000],
    ['oom_score_adj -300 takes 314,400 pages off, below zero', [25_000, 4_000, 120, -300], -285_280],
    ['oom_score_adj -999', [500_000, 0, 0, -999], -546_952],
  ])('%s', (_, [rss, swap, tables, adj], expected) => {
    expect(badnessPages(rss as number, swap as number, tables as number, adj as number, FOUR_GIB)).toBe(expected);
  });

  it('divides total pages first and towards zero: 999 pages make adj count for nothing', () => {
    expect(badnessPages(10, 0, 0, 1000, 999)).toBe(10);
    expect(badnessPages(10, 0, 0, -999, 1_999)).toBe(10 - 999);
  });
});

describe('oom_score as /proc shows it', () => {
  it.each([
    ['a process without memory', 0, 666],
    ['25,000 pages: 23 thousandths, (1000 + 23) * 2 / 3 = 682', 25_000, 682],
    ['all of memory', FOUR_GIB, 1333],
    ['adj 1000 and all memory: 1,048,000 more, 1999 thousandths', FOUR_GIB + 1_048_000, 1999],
    ['-285,280 pages: -272.06 thousandths cut to -272, (728 * 2) / 3 = 485.3', -285_280, 485],
    ['adj -1000 and nothing else would read 0', -1_048_000, 0],
  ])('%s', (_, badness, shown) => {
    expect(oomScoreOf(badness, FOUR_GIB)).toBe(shown);
  });

  it('is 0 while the size of the host is not known', () => {
    expect(oomScoreOf(1234, 0)).toBe(0);
  });

  it('gives the badness back to 2 thousandths of the host, below it rather than above', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1_000, max: 2 ** 38 }),
        fc.double({ min: -0.99, max: 1.99, noNaN: true }),
        (total, share) => {
          const badness = Math.trunc(total * share);
          const estimate = badnessOfScore(oomScoreOf(badness, total), total);
          expect(estimate - badness).toBeLessThanOrEqual(total / 1000 + 1);
          expect(badness - estimate).toBeLessThanOrEqual((2 * total) / 1000 + 1);
        },
      ),
    );
  });

  it('gives back the score that it was made from', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1999 }), fc.integer({ min: 100_000, max: 2 ** 38 }), (score, total) => {
        const again = oomScoreOf(badnessOfScore(score, total), total);
        expect(Math.abs(again - score)).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe('a row', () => {
  it('counts resident, swapped and page-table memory in pages', () => {
    const table = tableOf([{ rssKiB: 40, swapKiB: 8, pageTablesKiB: 15, oomScoreAdj: 0 }], FOUR_GIB);
    expect(rowBadness(table, 0)).toBe(10 + 2 + 3);
    expect(rowSizeKiB(table, 0)).toBe(48);
  });

  it('takes unknown swap and page tables for none', () => {
    const table = tableOf([{ rssKiB: 40, swapKiB: ABSENT, pageTablesKiB: ABSENT }], FOUR_GIB);
    expect(rowBadness(table, 0)).toBe(10);
    expect(rowSizeKiB(table, 0)).toBe(40);
  });

  it('counts pages of 64 KiB where the kernel has those', () => {
    const table = tableOf([{ rssKiB: 640, swapKiB: 64, pageTablesKiB: 100 }], FOUR_GIB);
    table.pageKiB = 64;
    expect(rowBadness(table, 0)).toBe(10 + 1 + 1);
  });

  it('goes by its oom_score when its memory was not read, as with a zombie leader', () => {
    // (1000 + 400) * 2 / 3 = 933: four tenths of 4 GiB.
    const table = tableOf([{ rssKiB: ABSENT, oomScore: 933 }], FOUR_GIB);
    expect(rowBadness(table, 0)).toBe(Math.round(399.5 * 1048.576));
    expect(rowSizeKiB(table, 0)).toBe(rowBadness(table, 0) * 4);
  });

  it('does not count oom_score_adj as size when only oom_score is known', () => {
    const table = tableOf([{ rssKiB: ABSENT, oomScore: 1333, oomScoreAdj: 1000 }], FOUR_GIB);
    expect(rowSizeKiB(table, 0)).toBeLessThan(10 * MIB);
  });

  it('has no negative size when its oom_score rounds below nothing', () => {
    const table = tableOf([{ rssKiB: ABSENT, oomScore: 666 }], FOUR_GIB);
    expect(rowBadness(table, 0)).toBeLessThan(0);
    expect(rowSizeKiB(table, 0)).toBe(0);
  });
});

describe('cross-check against the kernel', () => {
  const row = { rssKiB: GIB, oomScoreAdj: 0 };

  it.each([
    ['the same score', 833, false],
    ['rounding and lagging counters', 842, false],
    ['more than they explain', 843, true],
    ['less than they explain', 823, true],
    ['a score that was not read', ABSENT, false],
  ])('%s', (_, oomScore, disagrees) => {
    // 1 of 4 GiB: (1000 + 250) * 2 / 3 = 833.
    expect(disagreesWithKernel(tableOf([{ ...row, oomScore }], FOUR_GIB), 0)).toBe(disagrees);
  });

  it('has nothing to compare when the memory was not read', () => {
    expect(disagreesWithKernel(tableOf([{ rssKiB: ABSENT, oomScore: 100 }], FOUR_GIB), 0)).toBe(false);
  });
});

describe('within the limit of a container', () => {
  it('oom_score stays a share of the host, and oom_score_adj counts in thousandths of the limit', () => {
    const table = tableOf(
      [
        { rssKiB: ABSENT, oomScore: 670, oomScoreAdj: 0 },
        { rssKiB: 100 * MIB, oomScore: 668 },
      ],
      FOUR_GIB / 4,
    );
    table.scorePages = FOUR_GIB * 4;
    const sizePages = badnessOfScore(670, FOUR_GIB * 4);
    expect(rowSizeKiB(table, 0)).toBe(sizePages * 4);
    expect(rowBadness(table, 0)).toBe(sizePages);
    table.oomScoreAdj[0] = 100;
    expect(rowBadness(table, 0)).toBe(
      sizePages - 100 * Math.trunc((FOUR_GIB * 4) / 1000) + 100 * Math.trunc(FOUR_GIB / 4 / 1000),
    );
    expect(disagreesWithKernel(table, 1)).toBe(false);
    table.scorePages = 0;
    expect(disagreesWithKernel(table, 1), 'the same number means more on a small host').toBe(true);
  });
});
