import { describe, expect, it } from 'vitest';
import { EXCLUSIONS } from '../../../src/core/event.ts';
import { FLAG } from '../../../src/core/process-table.ts';
import { createRanking, rank } from '../../../src/core/select/rank.ts';
import { ABSENT, GIB, MIB } from '../../../src/core/units.ts';
import { defaultPolicy } from '../../support/policy.ts';
import { KNOWN, type Row, tableOf } from '../support/tables.ts';

const KEY = 4711;
const CHECKED = KNOWN | FLAG.MM_CHECKED;

/** What becomes of the second row, whose first is protected. */
const judged = (guarded: Partial<Row>, candidate: Partial<Row>): string => {
  const table = tableOf([
    { pid: 10, rssKiB: GIB, mmKey: KEY, protectRule: 0, ...guarded },
    { pid: 11, rssKiB: GIB, mmKey: KEY, ...candidate },
  ]);
  const ranking = createRanking(table.capacity, 4);
  rank(ranking, table, {
    corrections: defaultPolicy().select.corrections,
    onlyPid: ABSENT,
    narrowed: false,
    minimumKiB: 0,
    admitsUnidentified: false,
    isVictim: () => false,
    isRefused: () => false,
  });
  const exclusion = ranking.exclusion[1] as number;
  return exclusion === ABSENT ? 'candidate' : (EXCLUSIONS[exclusion] as string);
};

describe('as long as kcmp has not been asked about both', () => {
  it.each<[string, Partial<Row>, Partial<Row>, string]>([
    ['one that is like a protected process may share its mm', {}, {}, 'mm_group'],
    ['that the other has been asked about is not enough', { flags: CHECKED }, {}, 'mm_group'],
    ['nor that it has been itself', {}, { flags: CHECKED }, 'mm_group'],
    ['when both have been, it has an mm of its own', { flags: CHECKED }, { flags: CHECKED }, 'candidate'],
    ['another program has another mm', {}, { mmKey: KEY + 1 }, 'candidate'],
    ['one of another size has another mm', {}, { rssKiB: 2 * GIB }, 'candidate'],
    ['one that has grown a little since may still share it', {}, { rssKiB: GIB + 100 * MIB }, 'mm_group'],
    ['with a process of our own nobody shares', { protectRule: ABSENT, flags: KNOWN | FLAG.SELF }, {}, 'candidate'],
    ['nobody who may be killed stands in the way', { protectRule: ABSENT }, {}, 'candidate'],
    ['who is known to share with others shares with them', {}, { mmGroup: 1 }, 'candidate'],
  ])('%s', (_, guarded, candidate, expected) => {
    expect(judged(guarded, candidate)).toBe(expected);
  });
});
