import { describe, expect, it } from 'vitest';
import { EXCLUSIONS } from '../../../src/core/event.ts';
import { FLAG } from '../../../src/core/process-table.ts';
import { companyOf, memberToSpare } from '../../../src/core/select/company.ts';
import type { Scope } from '../../../src/core/select/eligible.ts';
import { createRanking, rank } from '../../../src/core/select/rank.ts';
import { ABSENT, GIB, MIB } from '../../../src/core/units.ts';
import { SCOPE } from '../support/scope.ts';
import { KNOWN, type Row, tableOf } from '../support/tables.ts';

const judged = (rows: readonly Partial<Row>[], scope: Partial<Scope> = {}) => {
  const table = tableOf(rows);
  const ranking = createRanking(table.capacity, table.capacity);
  rank(ranking, table, { ...SCOPE, ...scope });
  return { table, ranking };
};

/** Who goes along with row 0: "1 mm_group". */
const company = (rows: readonly Partial<Row>[], scope: Partial<Scope> = {}): string[] => {
  const { table, ranking } = judged(rows, scope);
  return companyOf(table, ranking, 0).map(({ slot, pid, company: why }) => {
    expect(pid).toBe(1000 + slot);
    return `${slot} ${why}`;
  });
};

const exclusion = (rows: readonly Partial<Row>[], scope: Partial<Scope> = {}): string => {
  const { ranking } = judged(rows, scope);
  return EXCLUSIONS[ranking.exclusion[0] as number] ?? 'candidate';
};

const MATE: Partial<Row> = { mmGroup: 0 };
const POD: Partial<Row> = { oomGroup: '/pod' };

describe('processes that share one mm', () => {
  it('go together, and nobody else', () => {
    expect(company([MATE, { ...MATE }, {}, { mmGroup: 3 }])).toEqual(['1 mm_group']);
  });

  it('go together though some look like nothing: small, or vfork children', () => {
    expect(company([MATE, { ...MATE, rssKiB: MIB }, { ...MATE, oomScore: 0 }])).toEqual(['1 mm_group', '2 mm_group']);
  });

  it('are not signalled again when they are being killed, or gone', () => {
    const dying = { ...MATE, flags: KNOWN | FLAG.SIGKILL_PENDING };
    const rows = [MATE, dying, { ...MATE, flags: KNOWN | FLAG.GONE }, { ...MATE, flags: KNOWN | FLAG.EXITING }];
    expect(company(rows)).toEqual([]);
    expect(exclusion(rows)).toBe('candidate');
  });

  it('are candidates each, so that the one of most points is first', () => {
    const { ranking, table } = judged([MATE, { ...MATE, rssKiB: 2 * GIB }, {}]);
    expect(Array.from(ranking.order.subarray(0, ranking.count), (slot) => table.pid[slot])).toEqual([1001, 1002, 1000]);
  });

  it.each<[string, Partial<Row>, Partial<Scope>]>([
    ['is protected', { protectRule: 2 }, {}],
    ['is at -1000', { oomScoreAdj: -1000 }, {}],
    ['is init', { flags: KNOWN | FLAG.INIT }, {}],
    ['is unidentified: it could be protected', { flags: FLAG.ARMED }, {}],
    ['is ours', { flags: KNOWN | FLAG.SELF }, {}],
    ['is our ancestor', { flags: KNOWN | FLAG.ANCESTOR }, {}],
    ['is outside of the "only" list', { onlyRule: ABSENT }, { narrowed: true }],
  ])('are no candidates when one of them %s', (_, row, scope) => {
    const first = { ...MATE, onlyRule: 1 };
    expect(exclusion([first, { ...MATE, ...row }], scope)).toBe('mm_group');
    // By itself it would be one, and so it is where that row has another mm.
    expect(exclusion([first, { ...row, mmGroup: 1 }], scope)).toBe('candidate');
  });

  it('are candidates in calm times though one is unidentified: it is worth a look', () => {
    expect(exclusion([MATE, { ...MATE, flags: FLAG.ARMED }], { admitsUnidentified: true })).toBe('candidate');
  });

  it('are no first choice either', () => {
    const swapoff = { ...MATE, flags: KNOWN | FLAG.ORIGIN };
    expect(exclusion([swapoff, { ...MATE, protectRule: 2 }])).toBe('mm_group');
  });

  it('are judged anew in each ranking', () => {
    const table = tableOf([MATE, { ...MATE, protectRule: 2 }]);
    const ranking = createRanking(2, 2);
    rank(ranking, table, SCOPE);
    table.protectRule[1] = ABSENT;
    rank(ranking, table, SCOPE);
    expect(ranking.count).toBe(2);
  });
});

describe('a cgroup with memory.oom.group', () => {
  it('goes as a whole', () => {
    expect(company([POD, { ...POD }, {}, { oomGroup: '/pod2' }, { ...POD, rssKiB: MIB }])).toEqual([
      '1 oom_group',
      '4 oom_group',
    ]);
  });

  it.each<[string, Partial<Row>]>([
    ['protected', { protectRule: 2 }],
    ['at -1000', { oomScoreAdj: -1000 }],
    ['unidentified', { flags: FLAG.ARMED }],
    ['gone', { flags: KNOWN | FLAG.GONE }],
    ['being killed already', { flags: KNOWN | FLAG.SIGKILL_PENDING }],
    ['ours', { flags: KNOWN | FLAG.SELF }],
  ])('but for a member that is %s, which keeps nobody else alive', (_, row) => {
    expect(company([POD, { ...POD, ...row }, { ...POD }])).toEqual(['2 oom_group']);
    expect(exclusion([POD, { ...POD, ...row }])).toBe('candidate');
  });

  it('but for a member that shares its mm with somebody protected', () => {
    expect(company([POD, { ...POD, mmGroup: 1 }, { mmGroup: 1, protectRule: 0 }])).toEqual([]);
  });

  it('takes along who shares the mm of a member, wherever it is, as the kernel does', () => {
    expect(company([POD, { ...POD, mmGroup: 1 }, { mmGroup: 1 }, {}])).toEqual(['1 oom_group', '2 mm_group']);
    expect(company([POD, { mmGroup: 2 }, { ...POD, mmGroup: 2 }])).toEqual(['2 oom_group', '1 mm_group']);
  });

  it('counts what its members share among themselves once', () => {
    expect(company([POD, { ...POD, mmGroup: 1 }, { ...POD, mmGroup: 1 }])).toEqual(['1 oom_group', '2 mm_group']);
  });

  it('counts a member that shares the mm of the victim as sharing it', () => {
    const both = { ...POD, ...MATE };
    expect(company([both, { ...both }, { ...POD }])).toEqual(['1 mm_group', '2 oom_group']);
  });
});

it('the rehearsal kills its child and nobody else', () => {
  const both = { ...POD, ...MATE };
  expect(company([both, { ...both }], { onlyPid: 1000 })).toEqual([]);
});

describe('the last look before a cgroup is killed as a whole', () => {
  const KILL = { path: '/pod', admitsUnkillable: false, sinceMs: 0 };
  const spared = (rows: readonly Partial<Row>[], narrowed = false, admitsUnkillable = false): number =>
    memberToSpare(tableOf(rows), [...rows.keys()], { ...KILL, admitsUnkillable }, narrowed);

  it('finds nobody to spare among those that may be chosen, or have gone', () => {
    expect(spared([{}, { rssKiB: 0 }, { flags: KNOWN | FLAG.GONE, protectRule: 0 }])).toBe(ABSENT);
    expect(spared([])).toBe(ABSENT);
  });

  it.each<[string, Partial<Row>]>([
    ['protected', { protectRule: 0 }],
    ['not known yet', { flags: 0 }],
    ['the daemon', { flags: KNOWN | FLAG.SELF }],
    ['pid 1', { flags: KNOWN | FLAG.INIT }],
    ['a parent of the daemon', { flags: KNOWN | FLAG.ANCESTOR }],
    ['at oom_score_adj -1000', { oomScoreAdj: -1000 }],
  ])('spares one that is %s', (_, row) => {
    expect(spared([{}, row])).toBe(1);
  });

  it('spares nobody at -1000 where the rule admits them', () => {
    expect(spared([{ oomScoreAdj: -1000 }], false, true)).toBe(ABSENT);
  });

  it('spares whom an "only" list does not name', () => {
    expect(spared([{ onlyRule: 0 }, { onlyRule: ABSENT }], true)).toBe(1);
    expect(spared([{ onlyRule: 0 }], true)).toBe(ABSENT);
  });
});
