/** What makes a fork storm, what does not, and who may never die of one. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createForkStorm,
  findStorm,
  isTellable,
  noteDeath,
  noteKernelDeaths,
  suspectsOf,
} from '../../src/core/fork-storm.ts';
import type { KernelEvent } from '../../src/core/kernel-event.ts';
import { FLAG, type ProcessTable } from '../../src/core/process-table.ts';
import { companyOf } from '../../src/core/select/company.ts';
import { createRanking, rank } from '../../src/core/select/rank.ts';
import { ABSENT, GIB, MIB } from '../../src/core/units.ts';
import { defaultPolicy } from '../support/policy.ts';
import { KNOWN, type Row, tableOf } from './support/tables.ts';

const { corrections } = defaultPolicy().select;
const NOBODY = (): boolean => false;
const rankedOf = (table: ProcessTable) => {
  const ranking = createRanking(table.capacity, 32);
  const scope = { onlyPid: ABSENT, narrowed: false, minimumKiB: 10 * MIB, admitsUnidentified: false };
  rank(ranking, table, { ...scope, corrections, isVictim: NOBODY, isRefused: NOBODY });
  return ranking;
};

const PARENT: Partial<Row> = { pid: 100, ppid: 50, session: 100, rssKiB: MIB, comm: 'storm' };
const child = (pid: number, row: Partial<Row> = {}): Partial<Row> => ({
  pid,
  ppid: 100,
  session: 100,
  rssKiB: 30 * MIB,
  comm: 'child',
  ...row,
});
const OLD = [101, 102, 103];
const YOUNG = [201, 202, 203];

/** The first three have died when the others are born. */
const played = (rows: Partial<Row>[], parent: Partial<Row> = PARENT, died = OLD, old: Partial<Row> = {}) => {
  const storm = createForkStorm();
  const before = tableOf([parent, ...died.map((pid) => child(pid, old))]);
  for (const at of died.keys()) noteDeath(storm, before, at + 1, at * 100);
  const table = tableOf([parent, ...rows]);
  const ranking = rankedOf(table);
  return { storm, table, ranking, found: findStorm(storm, table, ranking, 50 * MIB, 1000) };
};
const pids = (found: { members: ReadonlyMap<number, number> } | null): number[] =>
  [...(found?.members.values() ?? [])].sort();

describe('a fork storm', () => {
  it('is three deaths, two of the family younger than the first, and most memory', () => {
    const { found } = played(YOUNG.map((pid) => child(pid)));
    expect(found).toMatchObject({ slot: 0, isSpared: false, sizeKiB: 91 * MIB });
    expect(pids(found)).toEqual([100, ...YOUNG]);
  });

  it('is found through a shell in between, and with all that is below', () => {
    const storm = createForkStorm();
    const shells = [110, 120, 130].map((pid) => ({ ...PARENT, pid, ppid: 100, comm: 'sh' }));
    const before = tableOf([PARENT, ...shells, ...shells.map(({ pid }) => child(pid + 1, { ppid: pid }))]);
    for (const slot of [4, 5, 6]) noteDeath(storm, before, slot, 0);
    expect(suspectsOf(storm, 0)).toEqual([100, 50]);
    const after = [{ ...PARENT, pid: 300, ppid: 100 }, child(301, { ppid: 300 }), child(302, { ppid: 300 })];
    const table = tableOf([PARENT, ...after]);
    expect(pids(findStorm(storm, table, rankedOf(table), 50 * MIB, 1000))).toEqual([100, 300, 301, 302]);
  });

  it('is one where pids have begun anew since the first death', () => {
    const { found } = played([7, 8, 9].map((pid) => child(pid, { arrival: 200 + pid })));
    expect(pids(found)).toEqual([100, 7, 8, 9]);
  });

  it('counts those of the dead that were born after the first of them', () => {
    const storm = createForkStorm();
    noteDeath(storm, tableOf([PARENT, child(101)]), 1, 0);
    const before = tableOf([PARENT, child(201), child(202)]);
    for (const slot of [1, 2]) noteDeath(storm, before, slot, 100);
    const table = tableOf([PARENT, child(90), child(91)]);
    expect(findStorm(storm, table, rankedOf(table), 50 * MIB, 1000)?.slot).toBe(0);
  });

  it.each<[string, ReturnType<typeof played>]>([
    [
      'two deaths',
      played(
        YOUNG.map((pid) => child(pid)),
        PARENT,
        [101, 102],
      ),
    ],
    [
      'one death, told thrice',
      played(
        YOUNG.map((pid) => child(pid)),
        PARENT,
        [101, 101, 101],
      ),
    ],
    ['nobody is replaced', played([child(90), child(91), child(201)])],
    ['somebody is larger', played([...YOUNG.map((pid) => child(pid)), { pid: 7, rssKiB: GIB }])],
    [
      'somebody is in swapoff, whatever he has himself',
      played([...YOUNG.map((pid) => child(pid)), { pid: 7, rssKiB: 4, flags: KNOWN | FLAG.ORIGIN }]),
    ],
    ['the family is smaller than is worth a kill', played(YOUNG.map((pid) => child(pid, { rssKiB: 15 * MIB })))],
    [
      'the dead were only adopted',
      played(
        YOUNG.map((pid) => child(pid)),
        PARENT,
        OLD,
        { session: 9 },
      ),
    ],
    [
      'sessions are not known',
      played(
        YOUNG.map((pid) => child(pid, { session: ABSENT })),
        { ...PARENT, session: ABSENT },
        OLD,
        { session: ABSENT },
      ),
    ],
    [
      'the parent is not identified',
      played(
        YOUNG.map((pid) => child(pid)),
        { ...PARENT, flags: KNOWN & ~FLAG.IDENTIFIED },
      ),
    ],
    [
      'the parent has gone',
      played(
        YOUNG.map((pid) => child(pid)),
        { ...PARENT, flags: KNOWN | FLAG.GONE },
      ),
    ],
    [
      'the parent is being killed',
      played(
        YOUNG.map((pid) => child(pid)),
        { ...PARENT, flags: KNOWN | FLAG.SIGKILL_PENDING },
      ),
    ],
    [
      'the parent is init of the host',
      played(
        YOUNG.map((pid) => child(pid)),
        { ...PARENT, flags: KNOWN | FLAG.INIT },
      ),
    ],
  ])('is none when %s', (_, { found }) => expect(found).toBeNull());

  it.each<[string, Partial<Row>]>([
    ['protected', { protectRule: 0 }],
    ['at -1000', { oomScoreAdj: -1000 }],
    ['our ancestor', { flags: KNOWN | FLAG.ANCESTOR }],
  ])('has its parent spared when that is %s', (_, row) => {
    const { found, storm } = played(
      YOUNG.map((pid) => child(pid)),
      { ...PARENT, ...row },
    );
    expect(found?.isSpared).toBe(true);
    expect([isTellable(storm, 0), isTellable(storm, 9999), isTellable(storm, 10_000)]).toEqual([true, false, true]);
  });

  it('is forgotten ten seconds after the deaths', () => {
    const { storm, table, ranking } = played(YOUNG.map((pid) => child(pid)));
    expect(findStorm(storm, table, ranking, 0, 10_000)).toBeNull();
    expect(suspectsOf(storm, 20_000)).toEqual([]);
    expect(storm.deaths).toEqual([]);
  });

  it('remembers no more than the last deaths of a kernel that kills without end', () => {
    const storm = createForkStorm();
    const table = tableOf(Array.from({ length: 200 }, (_, at) => child(300 + at)));
    for (let slot = 0; slot < 200; slot++) noteDeath(storm, table, slot, 0);
    expect(storm.deaths.length).toBeLessThanOrEqual(65);
  });

  it('counts whom the kernel has killed, and not whom it only marked, nor whose parent is init or unknown', () => {
    const storm = createForkStorm();
    const init = { pid: 2000, flags: KNOWN | FLAG.INIT };
    const rows = [
      PARENT,
      ...OLD.map((pid) => child(pid)),
      child(400, { ppid: 1 }),
      child(401, { ppid: ABSENT }),
      init,
      child(402, { ppid: 2000 }),
    ];
    const table = tableOf(rows);
    const kinds = ['killed', 'victim_marked', 'killed', 'killed', 'killed', 'killed', 'killed'];
    const events = kinds.map((kind) => ({ kind }) as KernelEvent);
    noteKernelDeaths(storm, events, [1, 2, 3, ABSENT, 4, 5, 7], table, 0);
    expect(storm.deaths.map(({ pid }) => pid)).toEqual([101, 103]);
  });

  it('has no end in a circle of parents', () => {
    const storm = createForkStorm();
    const table = tableOf([child(100, { ppid: 101 }), child(101, { ppid: 100 }), child(102, { ppid: 100 })]);
    for (let slot = 0; slot < 3; slot++) noteDeath(storm, table, slot, 0);
    expect(() => findStorm(storm, table, rankedOf(table), 0, 0)).not.toThrow();
  });
});

describe('whoever goes along', () => {
  it('is of the family, and in the slot that it had', () => {
    const { found, table, ranking } = played(YOUNG.map((pid) => child(pid)));
    table.pid[2] = 999;
    const company = companyOf(table, ranking, 0, null, found?.members);
    expect(company.map(({ pid, company: name }) => `${pid} ${name}`)).toEqual(['201 fork_storm', '203 fork_storm']);
    expect(companyOf(table, ranking, 0)).toEqual([]);
  });

  it('is never one outside of the subtree and session, never a protected one, whatever the host looks like', () => {
    const row = fc.record({
      ppid: fc.constantFrom(1, 50, 100, 201, 202, 203, 204),
      session: fc.constantFrom(100, 7, ABSENT),
      oomScoreAdj: fc.constantFrom(0, 0, 0, -1000),
      protectRule: fc.constantFrom(ABSENT, ABSENT, 0),
      flags: fc.constantFrom(
        KNOWN,
        KNOWN,
        KNOWN & ~FLAG.IDENTIFIED,
        KNOWN | FLAG.GONE,
        KNOWN | FLAG.SELF,
        KNOWN | FLAG.ANCESTOR,
      ),
    });
    fc.assert(
      fc.property(fc.array(row, { maxLength: 12 }), (rows) => {
        const { found, table, ranking } = played(rows.map((each, at) => child(201 + at, each)));
        if (found === null) return;
        const parentOf = new Map(rows.map(({ ppid }, at) => [201 + at, ppid]));
        for (const { slot, pid } of companyOf(table, ranking, found.slot, null, found.members)) {
          const one = rows[slot - 1];
          expect([one?.session, one?.protectRule, one?.oomScoreAdj]).toEqual([100, ABSENT, 0]);
          expect((one?.flags ?? 0) & (FLAG.SELF | FLAG.ANCESTOR | FLAG.GONE)).toBe(0);
          const seen = new Set<number>();
          let at: number | undefined = pid;
          while (at !== undefined && at !== 100 && !seen.has(at)) {
            seen.add(at);
            at = parentOf.get(at);
          }
          expect(at).toBe(100);
        }
      }),
    );
  });
});
