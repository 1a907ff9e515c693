import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EXCLUSIONS, type Exclusion } from '../../../src/core/event.ts';
import { FLAG } from '../../../src/core/process-table.ts';
import { judgeRow, type Scope } from '../../../src/core/select/eligible.ts';
import { ABSENT, GIB, MIB } from '../../../src/core/units.ts';
import { SCOPE } from '../support/scope.ts';
import { KNOWN, type Row, tableOf } from '../support/tables.ts';

const reasonFor = (row: Partial<Row>, scope: Partial<Scope> = {}, isVetoed = false): Exclusion | 'candidate' => {
  const index = judgeRow(tableOf([row]), 0, { ...SCOPE, ...scope }, isVetoed);
  return index === ABSENT ? 'candidate' : (EXCLUSIONS[index] as Exclusion);
};

/** For each reason the least that gives it, in the order in which they are told. */
const GROUNDS: Readonly<Record<Exclusion, { row: Partial<Row>; scope?: Partial<Scope>; isVetoed?: true }>> = {
  kernel_thread: { row: { flags: KNOWN | FLAG.KTHREAD } },
  init: { row: { flags: KNOWN | FLAG.INIT } },
  gone: { row: { flags: KNOWN | FLAG.GONE } },
  self: { row: { flags: KNOWN | FLAG.SELF } },
  ancestor: { row: { flags: KNOWN | FLAG.ANCESTOR } },
  no_mm: { row: { flags: KNOWN | FLAG.NO_MM } },
  oom_score_adj_min: { row: { oomScoreAdj: -1000 } },
  unidentified: { row: { flags: FLAG.ARMED } },
  protected: { row: { protectRule: 3 } },
  outside_scope: { row: {}, scope: { narrowed: true } },
  already_victim: { row: { flags: KNOWN | FLAG.SIGKILL_PENDING } },
  exiting: { row: { flags: KNOWN | FLAG.EXITING } },
  mm_group: { row: {}, isVetoed: true },
  hidden_from_kernel: { row: { oomScore: 0 } },
  below_minimum_size: { row: { rssKiB: 64 * MIB - 1 } },
};

describe('eligibility', () => {
  it('admits an identified process that is large enough', () => {
    expect(reasonFor({})).toBe('candidate');
  });

  it.each(EXCLUSIONS)('tells %s', (reason) => {
    const { row, scope, isVetoed } = GROUNDS[reason];
    expect(reasonFor(row, scope, isVetoed)).toBe(reason);
  });

  it('tells the first of two reasons in the documented order', () => {
    for (let first = 0; first < EXCLUSIONS.length; first++) {
      for (let second = first + 1; second < EXCLUSIONS.length; second++) {
        const [a, b] = [EXCLUSIONS[first] as Exclusion, EXCLUSIONS[second] as Exclusion];
        const [one, two] = [GROUNDS[a], GROUNDS[b]];
        // "unidentified" is a missing flag, every other flag ground has it.
        const missing = a === 'unidentified' || b === 'unidentified' ? FLAG.IDENTIFIED : 0;
        const flags = ((one.row.flags ?? KNOWN) | (two.row.flags ?? KNOWN)) & ~missing;
        const isVetoed = one.isVetoed ?? two.isVetoed ?? false;
        const told = reasonFor({ ...one.row, ...two.row, flags }, { ...one.scope, ...two.scope }, isVetoed);
        expect([b, told]).toEqual([b, a]);
      }
    }
  });

  it('takes a process once: what is a victim already or was refused is left out', () => {
    expect(reasonFor({}, { isVictim: (slot) => slot === 0 })).toBe('already_victim');
    expect(reasonFor({}, { isRefused: (slot) => slot === 0 })).toBe('already_victim');
  });

  it('admits a process of which only oom_score is known', () => {
    expect(reasonFor({ rssKiB: ABSENT, oomScore: 900, flags: FLAG.IDENTIFIED })).toBe('candidate');
  });

  it.each([
    [-989, 'hidden_from_kernel'],
    // At and below -990 a healthy process reads 0 as well.
    [-990, 'candidate'],
    [-999, 'candidate'],
  ])('judges oom_score 0 at oom_score_adj %i: %s', (oomScoreAdj, expected) => {
    expect(reasonFor({ oomScore: 0, oomScoreAdj })).toBe(expected);
  });

  it('admits what matches an "only" rule when there is such a list', () => {
    expect(reasonFor({ onlyRule: 2 }, { narrowed: true })).toBe('candidate');
  });

  it('lets protection win over an "only" rule', () => {
    expect(reasonFor({ onlyRule: 2, protectRule: 5 }, { narrowed: true })).toBe('protected');
  });

  it('counts swap to the size', () => {
    expect(reasonFor({ rssKiB: MIB, swapKiB: 63 * MIB })).toBe('candidate');
  });
});

describe('an unidentified process', () => {
  const row = { flags: FLAG.ARMED };

  it('is never chosen: policy might protect it', () => {
    expect(reasonFor(row)).toBe('unidentified');
  });

  it('is worth identifying in calm times', () => {
    expect(reasonFor(row, { admitsUnidentified: true })).toBe('candidate');
  });
});

describe('the rehearsal', () => {
  const scope = { onlyPid: 1000 };

  it('admits its child, which is our own and small', () => {
    expect(reasonFor({ pid: 1000, flags: KNOWN | FLAG.SELF, rssKiB: MIB }, scope)).toBe('candidate');
  });

  it.each([
    ['another process', { pid: 1001 }, 'outside_scope'],
    ['a child that has ended', { pid: 1000, flags: KNOWN | FLAG.GONE }, 'gone'],
    ['init, even if it were named', { pid: 1000, flags: KNOWN | FLAG.INIT }, 'init'],
  ])('does not admit %s', (_, differences, expected) => {
    expect(reasonFor(differences, scope)).toBe(expected);
  });
});

it('never admits a process that may not be killed, whatever else is true of it', () => {
  const deadly = [FLAG.KTHREAD, FLAG.INIT, FLAG.SELF, FLAG.ANCESTOR, FLAG.GONE, FLAG.NO_MM, FLAG.SIGKILL_PENDING];
  fc.assert(
    fc.property(
      fc.constantFrom(...deadly, 'adj', 'protected', 'outside'),
      fc.integer({ min: 0, max: 2047 }),
      fc.integer({ min: -1000, max: 1000 }),
      fc.integer({ min: 0, max: 20 * GIB }),
      fc.boolean(),
      (ground, anyFlags, oomScoreAdj, rssKiB, admitsUnidentified) => {
        const row = {
          flags: typeof ground === 'number' ? anyFlags | ground : anyFlags,
          oomScoreAdj: ground === 'adj' ? -1000 : oomScoreAdj,
          protectRule: ground === 'protected' ? 0 : ABSENT,
          rssKiB,
        };
        expect(reasonFor(row, { narrowed: ground === 'outside', admitsUnidentified })).not.toBe('candidate');
      },
    ),
  );
});
