/** Whom the second process is given: who may be chosen, and who goes along. */
import { expect, it } from 'vitest';
import { FLAG } from '../../src/core/process-table.ts';
import { applyPolicy } from '../../src/core/select/policy-match.ts';
import { createRanking } from '../../src/core/select/rank.ts';
import { standbyCandidates } from '../../src/core/standby-candidates.ts';
import { createState } from '../../src/core/state.ts';
import { ABSENT, MIB } from '../../src/core/units.ts';
import { defaultPolicy } from '../support/policy.ts';
import { KNOWN, type Row, tableOf } from './support/tables.ts';

const listed = (rows: Partial<Row>[], limit = 16, policy = defaultPolicy()) => {
  const table = tableOf(rows);
  for (let row = 0; row < table.count; row++) applyPolicy(policy.select, table, table.rows[row] as number);
  const state = createState(table.capacity);
  const list = standbyCandidates(createRanking(table.capacity, 16), state, table, policy, limit);
  return list.map(({ slot, group, isCandidate }) => [table.pid[slot], group, isCandidate]);
};

it('lists candidates, the largest first, whatever their size: that is looked at when they have grown', () => {
  expect(
    listed([
      { pid: 7, rssKiB: MIB },
      { pid: 8, rssKiB: 900 * MIB },
    ]),
  ).toEqual([
    [8, ABSENT, true],
    [7, ABSENT, true],
  ]);
});

it('lists nobody who is protected, unidentified or at -1000', () => {
  const policy = defaultPolicy('select: { protect: [{ exe: /usr/bin/db, reason: data }] }');
  const rows = [
    { pid: 7, rssKiB: 900 * MIB, exe: '/usr/bin/db', flags: KNOWN | FLAG.EXE_VERIFIED },
    { pid: 8, rssKiB: 900 * MIB, flags: KNOWN & ~FLAG.IDENTIFIED },
    { pid: 9, rssKiB: 900 * MIB, oomScoreAdj: -1000 },
    { pid: 10, rssKiB: 50 * MIB },
  ];
  expect(listed(rows, 16, policy)).toEqual([[10, ABSENT, true]]);
});

it('lists those who share an mm as a group, whole or not at all', () => {
  const rows = [
    { pid: 7, rssKiB: 900 * MIB, mmGroup: 0, flags: KNOWN | FLAG.MM_CHECKED },
    { pid: 8, rssKiB: 900 * MIB, mmGroup: 0, flags: KNOWN | FLAG.MM_CHECKED },
    { pid: 9, rssKiB: 100 * MIB },
  ];
  expect(listed(rows)).toEqual([
    [8, 0, true],
    [7, 0, true],
    [9, ABSENT, true],
  ]);
  expect(listed(rows, 1)).toEqual([[9, ABSENT, true]]);
});
