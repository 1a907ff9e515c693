import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Aimed, type AimRules, aim, STEERED_MAX } from '../../src/core/aim.ts';
import { decide } from '../../src/core/kernel-model/as-kernel.ts';
import { contextAsSeen } from '../../src/core/kernel-model/seen.ts';
import { behaviourOf } from '../../src/core/kernel-model/versions.ts';
import { FLAG, type ProcessTable } from '../../src/core/process-table.ts';
import { rowBadness } from '../../src/core/select/badness.ts';
import { ABSENT, GIB, MIB } from '../../src/core/units.ts';
import { KNOWN, type Row, tableOf } from './support/tables.ts';

const RULES: AimRules = { kernel: '6.1', narrowed: false, directed: false, minimumKiB: 64 * MIB };
const PROTECTED = { protectRule: 0 };
const hog = { comm: 'hog', rssKiB: 8 * GIB };
const small = { comm: 'small', rssKiB: GIB };

const aimed = (rows: readonly Partial<Row>[], rules: Partial<AimRules> = {}, candidate: number = ABSENT): Aimed =>
  aim(tableOf(rows), candidate, { ...RULES, ...rules });

describe('undirected, the kernel takes whom it would', () => {
  it.each<[string, Partial<Row>[], number]>([
    ['the largest', [small, hog], 1],
    ['one beside a protected one that is much smaller', [hog, { ...small, ...PROTECTED }], 0],
    [
      'a swapoff, whatever its size',
      [
        { ...small, rssKiB: MIB, flags: KNOWN | FLAG.ORIGIN },
        { ...hog, ...PROTECTED },
      ],
      0,
    ],
    [
      'one who is dying already, though nobody new dies of it',
      [small, { ...hog, flags: KNOWN | FLAG.SIGKILL_PENDING }],
      1,
    ],
  ])('%s', (_, rows, slot) => {
    expect(aimed(rows)).toEqual({ slot, steer: [] });
  });

  it.each<[string, Partial<Row>[], Partial<AimRules>]>([
    ['it is protected', [{ ...hog, ...PROTECTED }, small], {}],
    ['it is not known yet what it is', [{ ...hog, flags: 0 }, small], {}],
    ['it is ours', [{ ...hog, flags: KNOWN | FLAG.SELF }, small], {}],
    ['it is the session of whoever runs this', [{ ...hog, flags: KNOWN | FLAG.ANCESTOR }, small], {}],
    ['policy names others', [hog, { ...small, onlyRule: 0 }], { narrowed: true }],
    [
      'one who shares its memory is protected',
      [
        { ...hog, mmGroup: 0 },
        { ...small, mmGroup: 0, ...PROTECTED },
      ],
      {},
    ],
    [
      'one who shares its memory is at -1000',
      [
        { ...hog, mmGroup: 0 },
        { ...small, mmGroup: 0, oomScoreAdj: -1000 },
      ],
      {},
    ],
    [
      'one of its cgroup with memory.oom.group is',
      [
        { ...hog, oomGroup: '/a' },
        { ...small, oomGroup: '/a', ...PROTECTED },
      ],
      {},
    ],
    ['a swapoff at -1000 would be taken (patch 4)', [{ ...small, flags: KNOWN | FLAG.ORIGIN, oomScoreAdj: -1000 }], {}],
    ['a protected one is nearly as large', [hog, { ...hog, rssKiB: 7.5 * GIB, ...PROTECTED }], {}],
  ])('but is not asked when %s', (_, rows, rules) => {
    expect(aimed(rows, rules)).toMatchObject({ refusal: 'sysrq_would_hit_protected' });
  });

  it.each<[string, Partial<Row>[], string]>([
    ['there is nobody', [], 'nobody'],
    ['whom it would take has too little', [{ ...small, rssKiB: MIB }], 'too little'],
  ])('nor when %s', (_, rows, detail) => {
    expect(aimed(rows)).toMatchObject({ refusal: 'sysrq_would_fail', detail: expect.stringContaining(detail) });
  });

  it('one at -1000 in a cgroup with memory.oom.group stays alive, and is no reason', () => {
    const rows = [
      { ...hog, oomGroup: '/a' },
      { ...small, oomGroup: '/a', oomScoreAdj: -1000 },
    ];
    expect(aimed(rows)).toMatchObject({ slot: 0 });
  });
});

describe('directed, the kernel takes our candidate', () => {
  const DIRECTED = { directed: true };
  const steerOf = (rows: readonly Partial<Row>[], candidate: number) => {
    const answer = aimed(rows, DIRECTED, candidate);
    if ('refusal' in answer) throw new Error(answer.detail);
    expect(answer.slot).toBe(candidate);
    return answer.steer.map(({ slot, from, to }) => `${slot}: ${from} -> ${to}`);
  };

  it.each<[string, Partial<Row>[], number, string[]]>([
    ['raised, whoever is larger', [hog, small], 1, ['1: 0 -> 1000']],
    [
      'with all who share its memory',
      [{ ...small, mmGroup: 0 }, hog, { ...small, mmGroup: 0 }],
      0,
      ['0: 0 -> 1000', '2: 0 -> 1000'],
    ],
    [
      'who must live and is larger than the next lowered',
      [{ ...hog, ...PROTECTED }, small, small],
      1,
      ['1: 0 -> 1000', '0: 0 -> -1000'],
    ],
    ['who must live and is small left alone', [{ ...small, rssKiB: MIB, ...PROTECTED }, hog, hog], 1, ['1: 0 -> 1000']],
    ['who is at -1000 already left alone', [{ ...hog, oomScoreAdj: -1000 }, small], 1, ['1: 0 -> 1000']],
    [
      'sharers of whom must live lowered once',
      [{ ...hog, ...PROTECTED, mmGroup: 0 }, small, { ...hog, ...PROTECTED, mmGroup: 0 }],
      1,
      ['1: 0 -> 1000', '0: 0 -> -1000', '2: 0 -> -1000'],
    ],
  ])('%s', (_, rows, candidate, expected) => {
    expect(steerOf(rows, candidate)).toEqual(expected);
  });

  it('lowering whoever is at 1000 himself and larger, or nobody when those are too many', () => {
    const rival = { ...hog, oomScoreAdj: 1000 };
    expect(steerOf([small, rival], 0)).toEqual(['0: 0 -> 1000', '1: 1000 -> -1000']);
    const many = Array.from({ length: STEERED_MAX }, () => rival);
    expect(aimed([small, ...many], DIRECTED, 0)).toMatchObject({ refusal: 'sysrq_would_fail' });
  });

  it('or nobody, when somebody who must live would die with it', () => {
    const rows = [
      { ...hog, oomGroup: '/a' },
      { ...small, oomGroup: '/a', ...PROTECTED },
    ];
    expect(aimed(rows, DIRECTED, 0)).toMatchObject({ refusal: 'sysrq_would_hit_protected' });
  });

  it('or nobody, when an old kernel would take a child that must live in its place', () => {
    const table = tableOf([hog, { ...small, ...PROTECTED }]);
    table.ppid[1] = table.pid[0] as number;
    expect(aim(table, 0, { ...RULES, directed: true, kernel: '4.9' })).toMatchObject({
      detail: expect.stringContaining('child'),
    });
    expect(aim(table, 0, { ...RULES, directed: true, kernel: '5.10' })).toMatchObject({ slot: 0 });
  });

  it('as without a candidate, and under a swapoff, nothing is changed', () => {
    expect(aimed([hog, small], DIRECTED)).toEqual({ slot: 0, steer: [] });
    expect(aimed([hog, { ...small, flags: KNOWN | FLAG.ORIGIN }], DIRECTED, 0)).toEqual({ slot: 1, steer: [] });
  });

  it('by no more changes than a journal has room for, the largest first', () => {
    const many = Array.from({ length: STEERED_MAX + 9 }, (_, at) => ({ ...hog, rssKiB: GIB + at * MIB, ...PROTECTED }));
    const steer = steerOf([small, ...many], 0);
    expect(steer).toHaveLength(STEERED_MAX);
    expect(steer[1]).toBe(`${many.length}: 0 -> -1000`);
  });
});

describe('whatever the table', () => {
  const row = fc.record({
    rssKiB: fc.integer({ min: 0, max: 20 * GIB }),
    oomScoreAdj: fc.constantFrom(-1000, -500, 0, 300, 1000),
    protectRule: fc.constantFrom(ABSENT, 0),
    mmGroup: fc.constantFrom(ABSENT, 0),
    oomGroup: fc.constantFrom('', '/a'),
    flags: fc.constantFrom(KNOWN, 0, KNOWN | FLAG.SIGKILL_PENDING, KNOWN | FLAG.ORIGIN),
  });
  const kernel = fc.constantFrom('4.9' as const, '5.10' as const, '6.1' as const, '7.2' as const);

  /** Whom the model takes once everything is steered as was answered. */
  const taken = (table: ProcessTable, answer: Exclude<Aimed, { refusal: string }>, rules: AimRules): number => {
    const points = Array.from({ length: table.count }, (_, slot) => rowBadness(table, slot));
    for (const { slot, from, to } of answer.steer) {
      points[slot] = (points[slot] as number) + ((to - from) * table.totalPages) / 1000;
      table.oomScoreAdj[slot] = to;
    }
    return decide(
      behaviourOf(rules.kernel),
      table,
      contextAsSeen(table, true, (slot) => points[slot] as number),
    ).slot;
  };

  it('no press is made that the model says takes somebody who is protected', () => {
    fc.assert(
      fc.property(
        fc.array(row, { minLength: 1, maxLength: 8 }),
        kernel,
        fc.boolean(),
        fc.nat(),
        (rows, version, directed, pick) => {
          const table = tableOf(rows);
          const candidate = pick % rows.length;
          const isEligible = rows[candidate]?.protectRule === ABSENT && rows[candidate]?.flags === KNOWN;
          const rules = { ...RULES, kernel: version, directed };
          const answer = aim(table, isEligible ? candidate : ABSENT, rules);
          if ('refusal' in answer) return;
          const slot = taken(table, answer, rules);
          // All that share its mm die together, whichever of them is named.
          const isSharer = table.mmGroup[slot] !== ABSENT && table.mmGroup[slot] === table.mmGroup[answer.slot];
          expect(slot === answer.slot || isSharer).toBe(true);
          expect(table.protectRule[slot]).toBe(ABSENT);
        },
      ),
      { numRuns: 300 },
    );
  });
});
