/** What is told with a victim: by what the others were ranked, and why the largest of them were not taken. */
import { describe, expect, it } from 'vitest';
import { encodeEvent, MAX_FRAME_BYTES } from '../../src/channel/frame.ts';
import type { SignalIntent } from '../../src/core/intent.ts';
import { FLAG, type ProcessTable } from '../../src/core/process-table.ts';
import { FIRST_POINTS, type RankedEvent } from '../../src/core/ranked-event.ts';
import { rank } from '../../src/core/select/rank.ts';
import { minimumKiBOf, scopeOf } from '../../src/core/selection.ts';
import { createState, type State } from '../../src/core/state.ts';
import { rankedEvent } from '../../src/core/tell-choice.ts';
import { GIB, MIB } from '../../src/core/units.ts';
import { defaultPolicy } from '../support/policy.ts';
import { aSample } from './support/samples.ts';
import { KNOWN, type Row, TOTAL_PAGES, tableOf } from './support/tables.ts';

const PLAIN = defaultPolicy();
const LEAK: Partial<Row> = { pid: 70, comm: 'leak', rssKiB: 4 * GIB };

interface Told {
  readonly policy?: typeof PLAIN;
  readonly intent?: Partial<SignalIntent>;
  readonly prepare?: (state: State) => void;
}

/** What is told when the process `pid` is taken out of `rows`. */
const tell = (rows: Partial<Row>[], pid: number, { policy = PLAIN, intent = {}, prepare }: Told = {}): RankedEvent => {
  const table: ProcessTable = tableOf(rows);
  const state = createState(table.capacity);
  prepare?.(state);
  rank(state.ranking, table, scopeOf(state, table, policy, minimumKiBOf(policy, aSample()), null));
  const slot = rows.findIndex((row) => row.pid === pid);
  return rankedEvent(
    state,
    table,
    policy,
    {
      ...{ kind: 'signal', signal: 'KILL', slot, pid, dryRun: false, reason: '', company: '', companyOf: slot },
      ...intent,
    },
    3,
  );
};

const passedOver = (rows: Partial<Row>[], told: Told = {}) =>
  tell([LEAK, ...rows], 70, told).passedOver?.map(({ pid, why, rules }) => [pid, why, ...(rules ?? [])]);

describe('who was passed over', () => {
  const db: Partial<Row> = { pid: 80, comm: 'postgres', rssKiB: 8 * GIB };

  it.each<[string, Partial<Row>, readonly unknown[]]>([
    ['protected, by the rule that does it', { protectRule: 0 }, ['protected', PLAIN.select.rules[0]?.id]],
    ['oom_score_adj -1000', { oomScoreAdj: -1000 }, ['oom_score_adj_min']],
    ['pid 1', { flags: KNOWN | FLAG.INIT }, ['init']],
    ['of our own', { flags: KNOWN | FLAG.SELF }, ['self']],
    ['not identified', { flags: FLAG.ARMED }, ['unidentified']],
    ['dying already', { flags: KNOWN | FLAG.SIGKILL_PENDING }, ['already_victim']],
    ['exiting', { flags: KNOWN | FLAG.EXITING }, ['exiting']],
    ['hidden by the kernel', { oomScore: 0 }, ['hidden_from_kernel']],
  ])('is told with its reason: %s', (_, row, why) => {
    expect(passedOver([{ ...db, ...row }])).toEqual([[80, ...why]]);
  });

  it('is told as out of scope, as a sharer of an mm, as refused', () => {
    const only = defaultPolicy('select: { only: [{ unit: [app.service] }] }');
    expect(tell([{ ...LEAK, onlyRule: 0 }, db], 70, { policy: only }).passedOver).toMatchObject([
      { pid: 80, why: 'outside_scope' },
    ]);
    const sharers = [
      { ...db, mmGroup: 1 },
      { ...db, pid: 81, mmGroup: 1, protectRule: 0 },
    ];
    expect(passedOver(sharers)?.map(([pid, why]) => [pid, why])).toEqual([
      [80, 'mm_group'],
      [81, 'protected'],
    ]);
    const prepare = (state: State): void => void state.refused.push({ slot: 1, pid: 80 });
    expect(passedOver([db], { prepare })).toEqual([[80, 'refused']]);
  });

  describe('for an mm that must live', () => {
    const sharedWith = (rows: Partial<Row>[], told: Told = {}) => {
      const [first] = tell([LEAK, ...rows], 70, told).passedOver ?? [];
      return first?.why === 'mm_group' ? first.sharesWith : first?.why;
    };
    const shares = { ...db, mmGroup: 2 };
    const stranger = { ...db, pid: 79, rssKiB: 0, mmGroup: 1, protectRule: 0 };
    const keeper = { ...db, pid: 82, comm: 'keeper', rssKiB: 0, mmGroup: 2 };

    it.each<[string, Partial<Row>, string]>([
      ['protected', { protectRule: 0 }, 'protected'],
      ['at oom_score_adj -1000', { oomScoreAdj: -1000 }, 'oom_score_adj_min'],
      ['not known yet', { flags: FLAG.ARMED }, 'unidentified'],
    ])('says whose it is: %s', (_, row, why) => {
      const companion = { ...shares, pid: 81, rssKiB: 0 };
      const keeping = { pid: 82, comm: 'keeper', why, isCertain: true };
      expect(sharedWith([shares, stranger, companion, { ...keeper, ...row }])).toEqual(keeping);
    });

    it('says which of them the kernel does not let us signal', () => {
      const prepare = (state: State): void => void state.refused.push({ slot: 2, pid: 82 });
      expect(sharedWith([shares, keeper], { prepare })).toMatchObject({ pid: 82, why: 'refused' });
    });

    it('says that it may be so while kcmp has not been asked', () => {
      const alike = { ...db, mmKey: 9 };
      const alive = { ...alike, pid: 82, comm: 'keeper', protectRule: 0 };
      const keeping = { pid: 82, comm: 'keeper', why: 'protected', isCertain: false };
      expect(sharedWith([alike, { ...alive, mmKey: 8, pid: 81 }, alive])).toEqual(keeping);
    });

    it('is not asked about where another reason counts', () => {
      expect(tell([LEAK, { ...shares, protectRule: 0 }], 70).passedOver?.[0]).not.toHaveProperty('sharesWith');
    });
  });

  it('is told with its points where many stand before it, and what took them', () => {
    const policy = defaultPolicy('select: { avoid: [{ unit: [db.service], points: 500 }] }');
    const many = Array.from({ length: 5 }, (_, at) => ({ pid: 71 + at, rssKiB: GIB }));
    const rows = [LEAK, ...many, { ...db, unit: 'db.service', policyPoints: -500, oomScoreAdj: -100 }];
    expect(tell(rows, 70, { policy }).passedOver).toEqual([
      {
        ...{ pid: 80, comm: 'postgres', unit: 'db.service', sizeKiB: 8 * GIB, oomScoreAdj: -100, why: 'outranked' },
        ...{ pointsPages: 2 * GIB - 100 * Math.trunc(TOTAL_PAGES / 1000) - TOTAL_PAGES / 2 },
        ...{ policyPoints: -500, rules: ['select.avoid[0]'] },
      },
    ]);
  });

  it('is the largest five, and nobody who is much smaller, dies with it, is gone or no process', () => {
    const sizes = [2.1, 9, 5, 7, 3, 8, 6, 1.9].map((gib, at) => ({
      ...db,
      pid: 90 + at,
      rssKiB: gib * GIB,
      protectRule: 0,
    }));
    expect(passedOver(sizes)?.map(([pid]) => pid)).toEqual([91, 95, 93, 96, 92]);
    const none = [FLAG.GONE, FLAG.NO_MM, FLAG.KTHREAD].map((flag, at) => ({
      ...db,
      pid: 81 + at,
      flags: KNOWN | flag,
    }));
    expect(passedOver(none)).toEqual([]);
    const prepare = (state: State): void => {
      state.company = [{ slot: 1, pid: 80, company: 'oom_group' }];
    };
    expect(passedOver([{ ...db, oomScore: 0 }], { prepare })).toEqual([]);
  });

  it('is of the cgroup where a rule for it asks', () => {
    const intent = { isOfCgroup: true } as const;
    const prepare = (state: State): void => {
      state.cgroupAction.path = '/pod';
    };
    const rows = [
      { ...db, protectRule: 0, cgroup: '/pod/a' },
      { ...db, pid: 81, protectRule: 0, cgroup: '/podium' },
    ];
    expect(passedOver(rows, { intent, prepare })?.map(([pid]) => pid)).toEqual([80]);
  });
});

describe('the way of a choice', () => {
  const small = { pid: 72, comm: 'small', rssKiB: 100 * MIB };

  it('is by points where the first is taken, which carry what policy adds', () => {
    const policy = defaultPolicy('select: { prefer: [{ comm: [leak], points: 100 }] }');
    const told = tell([{ ...LEAK, policyPoints: 100 }, small], 70, { policy });
    expect(told).toMatchObject({ chosen: 70, choice: 'points' });
    expect(told.top).toMatchObject([
      { pid: 70, pointsPages: Math.round(GIB + TOTAL_PAGES / 10), policyPoints: 100, rules: ['select.prefer[0]'] },
      { pid: 72, pointsPages: (100 * MIB) / 4 },
    ]);
    expect(told.top[1]).not.toHaveProperty('rules');
  });

  it('is by points where those before it would take along who must live', () => {
    const policy = defaultPolicy('act: { scope: unit }');
    const kept = { ...LEAK, unit: 'a.service', cgroup: '/system.slice/a.service' };
    const rows = [
      kept,
      { ...kept, pid: 71, rssKiB: MIB, protectRule: 0 },
      { ...small, unit: 'b.service', cgroup: '/b.service' },
    ];
    const told = tell(rows, 72, { policy });
    expect(told).toMatchObject({ chosen: 72, choice: 'points', top: [{ pid: 70, keptBy: 'unit' }, { pid: 72 }] });
    expect(tell(rows, 72, { policy, intent: { isOfCgroup: true } }).top[0]).not.toHaveProperty('keptBy');
  });

  it('is a swarm where another than the first was taken, who is told behind the others', () => {
    const swarm = Array.from({ length: 6 }, (_, at) => ({ ...small, pid: 80 + at, rssKiB: (200 - at) * MIB }));
    expect(tell([LEAK, small], 72)).toMatchObject({ chosen: 72, choice: 'swarm' });
    const told = tell([LEAK, ...swarm, small], 72);
    expect(told.top.map(({ pid, place }) => [pid, place])).toEqual([
      ...[70, 80, 81, 82, 83].map((pid) => [pid, undefined]),
      [72, 8],
    ]);
  });

  it('is a fork storm where its parent was taken, who may be too small to be ranked', () => {
    const told = tell([LEAK, { ...small, rssKiB: MIB }], 72, { intent: { reason: 'fork_storm' } });
    expect(told).toMatchObject({ chosen: 72, choice: 'fork_storm', top: [{ pid: 70 }, { pid: 72, place: 0 }] });
  });

  it('has the points of one in swapoff, which stand before all others', () => {
    expect(tell([{ ...LEAK, flags: KNOWN | FLAG.ORIGIN }], 70).top[0]?.pointsPages).toBe(FIRST_POINTS);
  });
});

it.each([
  ['the names of containers', 'prometheus-serv', 5],
  ['names that take six bytes a character', '\x01'.repeat(15), 2],
])('fits into a frame with %s and all reasons', (_, comm, entries) => {
  const unit = `cri-containerd-${'0123456789abcdef'.repeat(4)}.scope`;
  const row = { ...LEAK, unit, exe: `/opt/${'vendor/'.repeat(60)}bin/java`, comm, policyPoints: -1 };
  const rows = [...Array(6).keys()].map((pid) => ({ ...row, pid: 100 + pid }));
  const spared = rows.map((each) => ({
    ...each,
    pid: each.pid + 100,
    protectRule: 0,
    flags: KNOWN | FLAG.SIGKILL_PENDING,
  }));
  const policy = defaultPolicy(`select: { avoid: [{ unit: [${unit}], points: 1 }] }`);
  const buffer = Buffer.alloc(MAX_FRAME_BYTES);
  const length = encodeEvent({ ...tell([...rows, ...spared], 105, { policy }), timeMs: 1, monotonicMs: 1 }, buffer);
  const told: RankedEvent = JSON.parse(buffer.toString('utf8', 16, length));
  expect(told.top).toHaveLength(entries);
  expect(told.passedOver).toHaveLength(entries);
  expect(told.passedOver?.[0]).toMatchObject({ comm });
});
