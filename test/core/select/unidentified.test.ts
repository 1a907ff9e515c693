import { describe, expect, it } from 'vitest';
import { FLAG } from '../../../src/core/process-table.ts';
import { createRanking, rank } from '../../../src/core/select/rank.ts';
import { largestUnidentified } from '../../../src/core/select/unidentified.ts';
import { ABSENT, GIB } from '../../../src/core/units.ts';
import { defaultPolicy } from '../../support/policy.ts';
import { KNOWN, type Row, tableOf } from '../support/tables.ts';

const largest = (rows: readonly Partial<Row>[]): number => {
  const table = tableOf(rows);
  const ranking = createRanking(table.capacity, table.capacity);
  rank(ranking, table, {
    ...{ corrections: defaultPolicy().select.corrections, onlyPid: ABSENT, narrowed: false, minimumKiB: 0 },
    ...{ admitsUnidentified: false, isVictim: () => false, isRefused: () => false },
  });
  return largestUnidentified(ranking, table);
};

const stranger = (gib: number, flags: number = FLAG.ARMED): Partial<Row> => ({ flags, rssKiB: gib * GIB });

describe('the largest unidentified process', () => {
  it.each<[string, Partial<Row>[], number]>([
    ['is the one with the most points above all candidates', [{}, stranger(2), stranger(4), stranger(3)], 2],
    ['is nobody who is smaller than the best candidate', [{ rssKiB: 5 * GIB }, stranger(4)], ABSENT],
    ['is nobody who is only as large', [{ rssKiB: 4 * GIB }, stranger(4)], ABSENT],
    ['is whoever is largest where there is no candidate', [stranger(1), stranger(2)], 1],
    ['is nobody who has gone', [stranger(4, FLAG.ARMED | FLAG.GONE)], ABSENT],
    ['is nobody where all are known', [{ protectRule: 0 }], ABSENT],
    ['is nobody beside a first choice', [{ flags: KNOWN | FLAG.ORIGIN, rssKiB: 1 }, stranger(20)], ABSENT],
  ])('%s', (_, rows, expected) => {
    expect(largest(rows)).toBe(expected);
  });
});
