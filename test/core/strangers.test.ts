/** When those who are known do not explain what has gone. */
import { describe, expect, it } from 'vitest';
import { FLAG } from '../../src/core/process-table.ts';
import type { Sample } from '../../src/core/sample.ts';
import { areStrangersLikely } from '../../src/core/strangers.ts';
import { ABSENT, GIB, MIB } from '../../src/core/units.ts';
import { aSample } from './support/samples.ts';
import { KNOWN, type Row, tableOf } from './support/tables.ts';

const CALM = { availableKiB: 18 * GIB, heldKiB: 0 };
/** One GiB has gone. */
const SHORT: Partial<Sample> = { memAvailableKiB: 17 * GIB, shmemKiB: 0, slabUnreclaimableKiB: 0, hugetlbKiB: 0 };
const CALM_PID = 150;

const old = (mib: number, row: Partial<Row> = {}): Partial<Row> => ({ pid: 20, rssKiB: mib * MIB, ...row });
const young = (mib: number, row: Partial<Row> = {}): Partial<Row> => ({ pid: 200, rssKiB: mib * MIB, ...row });

const likely = (rows: Partial<Row>[], sample: Partial<Sample> = {}, calm = CALM, calmPid = CALM_PID): boolean =>
  areStrangersLikely(tableOf(rows), aSample({ ...SHORT, ...sample }), calm, calmPid);

describe('strangers are likely', () => {
  it.each([
    ['nobody is known', []],
    ['all who are known are small', [old(60), young(30)]],
    [
      'many old ones have it together: no single one grew by it',
      [old(300), old(300, { pid: 21 }), old(300, { pid: 22 })],
    ],
    ['who has it is listed and not identified', [young(900, { flags: FLAG.ARMED })]],
    ['who had it is gone', [old(900, { flags: KNOWN | FLAG.GONE }), young(900, { flags: KNOWN | FLAG.NO_MM })]],
  ])('%s', (_, rows) => expect(likely(rows)).toBe(true));
});

describe('not so', () => {
  it.each([
    ['a leak has it', [old(512)]],
    ['the young have it together', [young(200), young(200, { pid: 201 }), young(112, { pid: 202 })]],
    ['leak and young have it', [old(300), young(212)]],
  ])('%s', (_, rows) => expect(likely(rows)).toBe(false));

  it('what has gone went to tmpfs', () => {
    expect(likely([old(60)], { shmemKiB: GIB })).toBe(false);
    expect(likely([old(60)], { shmemKiB: GIB }, { ...CALM, heldKiB: GIB }), 'it was there before').toBe(true);
  });

  it('nothing has gone, or it is not known what there was in calm', () => {
    expect(likely([], { memAvailableKiB: 18 * GIB })).toBe(false);
    expect(likely([], {}, { ...CALM, availableKiB: ABSENT })).toBe(false);
    expect(likely([], {}, CALM, ABSENT)).toBe(false);
  });
});
