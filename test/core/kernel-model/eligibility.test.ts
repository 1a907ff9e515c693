/** On 100,000 random tables of every kind of process: who is never selected, and what does not matter. */
import { describe, expect, it } from 'vitest';
import { asKernel } from '../../../src/core/kernel-model/as-kernel.ts';
import { KERNEL_VERSIONS } from '../../../src/core/kernel-model/versions.ts';
import { FLAG } from '../../../src/core/process-table.ts';
import { createRanking, rank } from '../../../src/core/select/rank.ts';
import { ABSENT } from '../../../src/core/units.ts';
import { defaultPolicy } from '../../support/policy.ts';
import { beginTable, createRandomTables, hasFlag, makeVictim, type RandomTables, ROWS_MAX } from './random-tables.ts';

const TABLES = 100_000;
const ranking = createRanking(ROWS_MAX, ROWS_MAX);
const { corrections } = defaultPolicy().select;

const FLAGS = [FLAG.KTHREAD, FLAG.INIT, FLAG.SELF, FLAG.ANCESTOR, FLAG.GONE, FLAG.NO_MM, FLAG.EXITING, FLAG.ORIGIN];

interface Wild extends RandomTables {
  readonly refused: Uint8Array;
  narrowed: boolean;
}

const fill = (wild: Wild): void => {
  const { table, chance, pick } = wild;
  beginTable(wild, 4);
  wild.narrowed = chance(0.2);
  for (let slot = 0; slot < table.count; slot++) {
    let flags = table.flags[slot] as number;
    for (let times = pick([0, 0, 1, 1, 2]); times > 0; times--) flags |= pick(FLAGS);
    table.flags[slot] = chance(0.05) ? flags & ~FLAG.IDENTIFIED : flags;
    table.oomScoreAdj[slot] = pick([-1000, -999, -100, 0, 0, 0, 0, 500]);
    table.oomScore[slot] = pick([0, 700, 700, 700, 700]);
    table.protectRule[slot] = chance(0.1) ? 3 : ABSENT;
    table.onlyRule[slot] = chance(0.5) ? 1 : ABSENT;
    table.policyPoints[slot] = pick([0, 0, 300, -300]);
    table.mmGroup[slot] = pick([ABSENT, ABSENT, ABSENT, 0, 1]);
    wild.refused[slot] = chance(0.05) ? 1 : 0;
    if (chance(0.1)) makeVictim(wild, slot, pick([0, 60_000]));
  }
};

const selectFrom = (wild: Wild): readonly number[] => {
  rank(ranking, wild.table, {
    corrections,
    onlyPid: ABSENT,
    narrowed: wild.narrowed,
    minimumKiB: 8,
    admitsUnidentified: false,
    isVictim: wild.context.isVictim,
    isRefused: (slot) => wild.refused[slot] === 1,
  });
  return [...ranking.order.subarray(0, ranking.count)];
};

/** May not be killed by anybody's wish, so that whoever shares its mm may not be either. */
const isSacred = ({ table, narrowed }: Wild, slot: number): boolean =>
  hasFlag(table, slot, FLAG.KTHREAD | FLAG.INIT | FLAG.SELF | FLAG.ANCESTOR) ||
  !hasFlag(table, slot, FLAG.IDENTIFIED) ||
  table.oomScoreAdj[slot] === -1000 ||
  table.protectRule[slot] !== ABSENT ||
  (narrowed && table.onlyRule[slot] === ABSENT);

const sharesWithSacred = (wild: Wild, slot: number): boolean => {
  const { table } = wild;
  const group = table.mmGroup[slot];
  if (group === ABSENT) return false;
  for (let other = 0; other < table.count; other++) {
    const isAlive = !hasFlag(table, other, FLAG.GONE | FLAG.NO_MM);
    if (table.mmGroup[other] === group && isAlive && isSacred(wild, other)) return true;
  }
  return false;
};

const createWild = (seed: number): Wild => ({
  ...createRandomTables(seed),
  refused: new Uint8Array(ROWS_MAX),
  narrowed: false,
});

describe('a selection with all corrections', () => {
  it('never takes who is protected, out of bounds, dying, refused, or shares its mm with one that must live', () => {
    const wild = createWild(1);
    let taken = 0;
    for (let round = 0; round < TABLES; round++) {
      fill(wild);
      for (const slot of selectFrom(wild)) {
        taken++;
        const isWrong =
          isSacred(wild, slot) ||
          hasFlag(wild.table, slot, FLAG.GONE | FLAG.NO_MM | FLAG.EXITING | FLAG.SIGKILL_PENDING) ||
          wild.context.isVictim(slot) ||
          wild.refused[slot] === 1 ||
          sharesWithSacred(wild, slot);
        if (isWrong) expect.fail(`round ${round}: slot ${slot} is a candidate`);
      }
    }
    expect(taken).toBeGreaterThan(TABLES / 2);
  });

  it('is the same in whatever order the rows are', () => {
    const wild = createWild(2);
    for (let round = 0; round < TABLES; round++) {
      fill(wild);
      const order = selectFrom(wild).join();
      wild.shuffleRows();
      if (selectFrom(wild).join() !== order) expect.fail(`round ${round}: ${order}`);
    }
  });
});

/** Where nobody is a victim, exits or is an origin at -1000, there is nothing to correct. */
const fillCalm = (tables: RandomTables): void => {
  const { table, chance, pick } = tables;
  beginTable(tables, 4);
  for (let slot = 0; slot < table.count; slot++) {
    table.oomScoreAdj[slot] = pick([-1000, -999, -1, 0, 0, 0, 1]);
    if (table.oomScoreAdj[slot] !== -1000 && chance(0.1)) {
      table.flags[slot] = (table.flags[slot] as number) | FLAG.ORIGIN;
    }
  }
};

const SINCE_5_9 = KERNEL_VERSIONS.slice(KERNEL_VERSIONS.indexOf('5.9'));

describe('where there is nothing to correct', () => {
  it('we select as every kernel from 5.9 on, equal sizes and negative badness included', () => {
    const tables = createRandomTables(3);
    const { table, context } = tables;
    for (let round = 0; round < TABLES; round++) {
      fillCalm(tables);
      rank(ranking, table, {
        ...{ corrections, onlyPid: ABSENT, narrowed: false, minimumKiB: 0, admitsUnidentified: false },
        ...{ isVictim: () => false, isRefused: () => false },
      });
      const our = ranking.count === 0 ? ABSENT : ranking.order[0];
      context.sysrq = round % 2 === 0;
      const version = SINCE_5_9[round % SINCE_5_9.length] ?? '5.9';
      const { slot } = asKernel(version, table, context);
      if (slot !== our) expect.fail(`round ${round}: slot ${our} by us, ${slot} by ${version}`);
    }
  });

  it('no kernel depends on the order of the rows', () => {
    const tables = createRandomTables(4);
    const { table, context, pick, chance } = tables;
    for (let round = 0; round < TABLES; round++) {
      fillCalm(tables);
      for (let slot = 0; slot < table.count; slot++) {
        if (chance(0.1)) makeVictim(tables, slot, pick([0, 60_000]));
        if (chance(0.1)) table.flags[slot] = (table.flags[slot] as number) | FLAG.EXITING;
        if (chance(0.1)) table.flags[slot] = (table.flags[slot] as number) | FLAG.ZOMBIE_LEADER;
        if (chance(0.2)) table.ppid[slot] = table.pid[0] as number;
      }
      context.sysrq = chance(0.5);
      const version = KERNEL_VERSIONS[round % KERNEL_VERSIONS.length] ?? '4.5';
      const before = JSON.stringify(asKernel(version, table, context));
      tables.shuffleRows();
      const after = JSON.stringify(asKernel(version, table, context));
      if (before !== after) expect.fail(`round ${round}, ${version}: ${before}, then ${after}`);
    }
  });
});
