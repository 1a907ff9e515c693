/** When those who are known do not explain what has gone. */
import { describe, expect, it } from 'vitest';
import { createForkStorm, noteCalmRound } from '../../src/core/fork-storm.ts';
import { FLAG } from '../../src/core/process-table.ts';
import type { Sample } from '../../src/core/sample.ts';
import { areStrangersLikely } from '../../src/core/strangers.ts';
import { ABSENT, GIB, MIB } from '../../src/core/units.ts';
import { aSample } from './support/samples.ts';
import { KNOWN, type Row, tableOf } from './support/tables.ts';

const CALM = { availableKiB: 18 * GIB, heldKiB: 0 };
/** One GiB has gone. */
const SHORT: Partial<Sample> = { memAvailableKiB: 17 * GIB, shmemKiB: 0, slabUnreclaimableKiB: 0, hugetlbKiB: 0 };

/** Was there in calm with `calmMiB`. */
const old = (calmMiB: number, mib: number, row: Partial<Row> = {}): Partial<Row> => ({
  calmKiB: calmMiB * MIB,
  rssKiB: mib * MIB,
  ...row,
});
const young = (mib: number, row: Partial<Row> = {}): Partial<Row> => ({ rssKiB: mib * MIB, ...row });

const likely = (rows: Partial<Row>[], sample: Partial<Sample> = {}, calm = CALM): boolean =>
  areStrangersLikely(tableOf(rows), aSample({ ...SHORT, ...sample }), calm);

describe('strangers are likely', () => {
  it.each([
    ['nobody is known', []],
    ['all who are known are small', [old(0, 60), young(30)]],
    ['the largest has always been that large', [old(8000, 8060), young(30)]],
    ['what one has given back is nobody’s growth', [old(8000, 60), young(700)]],
    ['who has it is listed and not identified', [young(900, { flags: FLAG.ARMED })]],
    ['who had it is gone', [young(900, { flags: KNOWN | FLAG.GONE }), young(900, { flags: KNOWN | FLAG.NO_MM })]],
  ])('%s', (_, rows) => expect(likely(rows)).toBe(true));
});

describe('not so', () => {
  it.each([
    ['a leak has it', [old(8000, 8768)]],
    ['it lies in swap', [old(100, 200, { swapKiB: 668 * MIB })]],
    ['many have grown by it together', [old(900, 1156), old(900, 1156), old(900, 1156)]],
    ['the young have it together', [young(300), young(300), young(168)]],
    ['leak and young have it', [old(20, 420), young(368)]],
  ])('%s', (_, rows) => expect(likely(rows)).toBe(false));

  it('what has gone went to tmpfs', () => {
    expect(likely([old(60, 60)], { shmemKiB: GIB })).toBe(false);
    expect(likely([old(60, 60)], { shmemKiB: GIB }, { ...CALM, heldKiB: GIB }), 'it was there before').toBe(true);
  });

  it('nothing has gone, or it is not known what there was in calm', () => {
    expect(likely([], { memAvailableKiB: 18 * GIB })).toBe(false);
    expect(likely([], {}, { ...CALM, availableKiB: ABSENT })).toBe(false);
  });

  it('a calm round has come in between: it counts from there', () => {
    const table = tableOf([old(20, 900)]);
    const sample = aSample(SHORT);
    expect(areStrangersLikely(table, sample, CALM)).toBe(false);
    noteCalmRound(createForkStorm(), table);
    expect(areStrangersLikely(table, sample, CALM)).toBe(true);
  });
});
