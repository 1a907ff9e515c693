/** Who would be chosen now, and how they grew. */
import { expect, it } from 'vitest';
import { candidatesNow, createCandidateWatch } from '../../src/core/candidates.ts';
import { FLAG, type ProcessTable } from '../../src/core/process-table.ts';
import { applyPolicy } from '../../src/core/select/policy-match.ts';
import { createState } from '../../src/core/state.ts';
import { ABSENT, MIB } from '../../src/core/units.ts';
import { defaultPolicy } from '../support/policy.ts';
import { aSample } from './support/samples.ts';
import { KNOWN, type Row, tableOf } from './support/tables.ts';

const watching = (rows: Partial<Row>[], yaml = '') => {
  const policy = defaultPolicy(yaml);
  const table = tableOf(rows);
  for (let row = 0; row < table.count; row++) applyPolicy(policy.select, table, table.rows[row] as number);
  const state = createState(table.capacity);
  const watch = createCandidateWatch(table.capacity);
  const now = () => candidatesNow(watch, state, table, policy, aSample());
  const grown = (): number[][] => now().top.map(({ pid, growthKiB }) => [pid, growthKiB]);
  return { table, state, now, grown };
};

const grow = (table: ProcessTable, slot: number, kib: number): void => {
  table.rssKiB[slot] = (table.rssKiB[slot] as number) + kib;
};

it('are told best first with all facts of theirs, and none who may not be chosen', () => {
  const { now } = watching([
    { pid: 7, rssKiB: 100 * MIB, comm: 'small' },
    { pid: 8, rssKiB: 900 * MIB, comm: 'large', swapKiB: MIB },
    { pid: 9, rssKiB: 2000 * MIB, flags: KNOWN & ~FLAG.IDENTIFIED },
    { pid: 10, rssKiB: 2000 * MIB, oomScoreAdj: -1000 },
    { pid: 11, rssKiB: MIB },
  ]);
  const { kind, known, top } = now();
  expect([kind, known]).toEqual(['candidates', 5]);
  expect(top.map(({ pid }) => pid)).toEqual([8, 7]);
  expect(top[0]).toMatchObject({ comm: 'large', rssKiB: 900 * MIB, swapKiB: MIB, growthKiB: 0 });
});

it('are ten at the most', () => {
  const { now } = watching(Array.from({ length: 30 }, (_, at) => ({ pid: 100 + at, rssKiB: 100 * MIB })));
  expect(now().top).toHaveLength(10);
  expect(now().known).toBe(30);
});

it('grow by rss and swap since the round before, whatever place they had then', () => {
  const others = Array.from({ length: 12 }, (_, at) => ({ pid: 100 + at, rssKiB: 500 * MIB }));
  const { table, grown } = watching([{ pid: 7, rssKiB: 100 * MIB }, ...others]);
  expect(grown().find(([pid]) => pid === 7)).toBeUndefined();
  grow(table, 0, 700 * MIB);
  table.swapKiB[0] = 5 * MIB;
  expect(grown()[0]).toEqual([7, 705 * MIB]);
  grow(table, 0, -50 * MIB);
  expect(grown()[0]).toEqual([7, -50 * MIB]);
  expect(grown()[0]).toEqual([7, 0]);
});

it('have not grown when they are new, in a place that another one had, or when a size was not read', () => {
  const { table, grown } = watching([{ pid: 7, rssKiB: 100 * MIB }]);
  grown();
  table.pid[0] = 8;
  grow(table, 0, 300 * MIB);
  expect(grown()).toEqual([[8, 0]]);
  table.rssKiB[0] = ABSENT;
  table.oomScore[0] = 700;
  expect(grown()).toEqual([[8, 0]]);
  table.rssKiB[0] = 500 * MIB;
  expect(grown()).toEqual([[8, 0]]);
});

it('are looked for among those who are armed first, so that a large host costs no more', () => {
  const crowd = Array.from({ length: 3000 }, (_, at) => ({
    ...{ pid: 100 + at, rssKiB: ABSENT, oomScore: 700, flags: KNOWN & ~FLAG.ARMED },
  }));
  const { now } = watching([
    ...crowd,
    { pid: 7, rssKiB: 3000 * MIB },
    { pid: 9, flags: FLAG.KTHREAD | FLAG.IDENTIFIED },
  ]);
  const { known, top } = now();
  expect(known).toBe(3002);
  expect(top[0]?.pid).toBe(7);
  expect(top).toHaveLength(10);
});

it('are not those who share their memory with somebody protected', () => {
  const shared = { rssKiB: 900 * MIB, mmGroup: 0 };
  const rows = [
    { ...shared, pid: 7, flags: KNOWN | FLAG.MM_CHECKED },
    { ...shared, pid: 8, exe: '/usr/bin/db', flags: (KNOWN | FLAG.MM_CHECKED) & ~FLAG.ARMED },
    { pid: 9, rssKiB: 100 * MIB },
  ];
  const { now } = watching(rows, 'select: { protect: [{ exe: /usr/bin/db, reason: data }] }');
  expect(now().top.map(({ pid }) => pid)).toEqual([9]);
});

it('have not grown since a round before the last', () => {
  const { table, grown } = watching([{ pid: 7, rssKiB: 100 * MIB }]);
  grown();
  const flags = table.flags[0] as number;
  table.flags[0] = 0;
  expect(grown()).toEqual([]);
  table.flags[0] = flags;
  grow(table, 0, 50 * MIB);
  expect(grown()).toEqual([[7, 0]]);
});

it('leave the ranking of the running episode alone', () => {
  const { state, now } = watching([{ pid: 7, rssKiB: 100 * MIB }]);
  state.ranking.order.fill(3);
  state.ranking.count = 2;
  state.ranking.points.fill(5);
  const before = JSON.stringify([state.ranking, state.episode]);
  expect(now().top).toHaveLength(1);
  expect(JSON.stringify([state.ranking, state.episode])).toBe(before);
});
