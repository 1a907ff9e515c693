import { describe, expect, it } from 'vitest';
import type { KilledBy } from '../../src/core/dying.ts';
import type { TickOutput } from '../../src/core/output.ts';
import type { Policy } from '../../src/core/policy.ts';
import { FLAG } from '../../src/core/process-table.ts';
import { enter } from '../../src/core/register/register.ts';
import {
  choose,
  isVictimOf,
  minimumKiBOf,
  noteDying,
  pushSignals,
  waitsFor,
  whyNobody,
} from '../../src/core/selection.ts';
import { createState } from '../../src/core/state.ts';
import { ABSENT, GIB, MIB } from '../../src/core/units.ts';
import { defaultPolicy } from '../support/policy.ts';
import { aSample } from './support/samples.ts';
import { KNOWN, type Row, tableOf } from './support/tables.ts';
import { aVictim, someFacts } from './support/victims.ts';

const MINIMUM_KIB = 64 * MIB;
const POLICY = defaultPolicy('mode: enforce\nselect: { minimum_size: 64MiB }');
const DYING = KNOWN | FLAG.SIGKILL_PENDING;
const EXITING = KNOWN | FLAG.EXITING;

const corrected = (corrections: Partial<Policy['select']['corrections']>): Policy => ({
  ...POLICY,
  select: { ...POLICY.select, corrections: { ...POLICY.select.corrections, ...corrections } },
});

const scene = (rows: readonly Partial<Row>[]) => {
  const out: TickOutput = { intents: [], events: [], tasks: [] };
  return { state: createState(16), table: tableOf(rows), out };
};

describe('who is dying without our doing', () => {
  const noted = (row: Partial<Row>): unknown[] => {
    const { state, table, out } = scene([row]);
    noteDying(state, table, MINIMUM_KIB, 70, out);
    expect(out.events.map((event) => event.kind)).toEqual(state.register.dying.map(() => 'victim'));
    return state.register.dying.map(({ pid, killedBy, sizeKiB, sinceMs }) => [pid, killedBy, sizeKiB, sinceMs]);
  };

  it.each<[string, Partial<Row>, unknown[]]>([
    ['killed by somebody', { flags: DYING, swapKiB: MIB }, [[1000, 'other', GIB + MIB, 70]]],
    ['leaving by itself', { flags: EXITING }, [[1000, 'itself', GIB, 70]]],
    ['killed while it was leaving', { flags: DYING | EXITING }, [[1000, 'other', GIB, 70]]],
    ['of the minimum size', { flags: DYING, rssKiB: MINIMUM_KIB }, [[1000, 'other', MINIMUM_KIB, 70]]],
  ])('is entered and told: %s', (_, row, expected) => {
    expect(noted(row)).toEqual(expected);
  });

  it.each<[string, Partial<Row>]>([
    ['is not dying', {}],
    ['has nothing worth a wait', { flags: DYING, rssKiB: MINIMUM_KIB - 1 }],
    ['is gone', { flags: DYING | FLAG.GONE }],
    ['has no mm any more', { flags: EXITING | FLAG.NO_MM }],
    ['is a kernel thread', { flags: EXITING | FLAG.KTHREAD }],
  ])('is not entered when it %s', (_, row) => {
    expect(noted(row)).toEqual([]);
  });

  it('is entered once; one of ours that somebody else has killed meanwhile as well', () => {
    const { state, table, out } = scene([{ flags: DYING }, { pid: 8, flags: DYING }]);
    state.victims.push(aVictim({ slot: 1, facts: someFacts({ pid: 8 }) }));
    noteDying(state, table, MINIMUM_KIB, 70, out);
    noteDying(state, table, MINIMUM_KIB, 90, out);
    expect(state.register.dying.map(({ pid }) => pid)).toEqual([1000, 8]);
    expect(out.events).toHaveLength(2);
    expect([isVictimOf(state, table, 0), isVictimOf(state, table, 1)]).toEqual([true, true]);
  });

  it('is waited for also when only its threads have its memory, of which nothing was read', () => {
    const unread = { rssKiB: ABSENT, rssAnonKiB: ABSENT, swapKiB: ABSENT, oomScore: 900 };
    const { state, table, out } = scene([{ ...unread, flags: DYING | FLAG.ZOMBIE_LEADER }]);
    noteDying(state, table, MINIMUM_KIB, 0, out);
    expect(state.register.dying[0]?.sizeKiB).toBe(ABSENT);
    expect(waitsFor(state, POLICY, aSample(), 10)).toContain('pid 1000');
  });

  it('is left out where the register is full: its pending SIGKILL keeps it from being chosen', () => {
    const { state, table, out } = scene([{ flags: DYING }]);
    for (let pid = 1; pid <= 256; pid++) enter(state.register, ABSENT, pid, 'many', 'other', MIB, 0);
    noteDying(state, table, MINIMUM_KIB, 70, out);
    expect(out.events).toEqual([]);
    expect(choose(state, table, POLICY, MINIMUM_KIB)).toBe(ABSENT);
  });
});

describe('the wait', () => {
  const waits = (killedBy: KilledBy, policy: Policy, oomKillAllocatingTask: number): string => {
    const { state } = scene([]);
    enter(state.register, 0, 7, 'leak', killedBy, GIB, 100);
    return waitsFor(state, policy, aSample({ oomKillAllocatingTask }), 350);
  };

  it('is told with whom it is for', () => {
    expect(waits('other', POLICY, 0)).toBe('pid 7 is dying since 250 ms, killed by other');
  });

  it('is for victims of the kernel under oom_kill_allocating_task as well (patch 6)', () => {
    expect(waits('kernel', POLICY, 1)).not.toBe('');
  });

  it('is not for them where patch 6 is off, nor is that of others touched', () => {
    const off = corrected({ waitAllocatingTask: false });
    expect(waits('kernel', off, 1)).toBe('');
    expect(waits('kernel', off, 0)).not.toBe('');
    expect(waits('other', off, 1)).not.toBe('');
  });

  it('is for nobody where nobody is dying', () => {
    expect(waitsFor(createState(1), POLICY, aSample(), 0)).toBe('');
  });
});

describe('a choice', () => {
  it('is nobody, neither a victim nor anybody else, while somebody exits and patch 2 is off', () => {
    const { state, table } = scene([{}, { flags: EXITING }]);
    expect(choose(state, table, corrected({ exitingDoesNotAbort: false }), MINIMUM_KIB)).toBe(ABSENT);
    expect(state.ranking.abortedBy).toBe(1);
    expect(choose(state, table, POLICY, MINIMUM_KIB)).toBe(0);
  });

  it('is the swapoff, small as it is, and never one that was refused', () => {
    const { state, table } = scene([{ rssKiB: 8 * GIB }, { rssKiB: MIB, flags: KNOWN | FLAG.ORIGIN }]);
    expect(choose(state, table, POLICY, MINIMUM_KIB)).toBe(1);
    state.refused.push({ slot: 1, pid: 1001 });
    expect(choose(state, table, POLICY, MINIMUM_KIB)).toBe(0);
    // Another process in the slot was refused, not this one.
    state.refused.splice(0, 1, { slot: 1, pid: 5 });
    expect(choose(state, table, POLICY, MINIMUM_KIB)).toBe(1);
  });

  it('has a minimum that follows from the memory there is', () => {
    const share = defaultPolicy('select: { minimum_size: 1% }');
    expect(minimumKiBOf(share, aSample({ memTotalKiB: 100 * GIB }))).toBe(GIB);
    expect(minimumKiBOf(POLICY, aSample())).toBe(MINIMUM_KIB);
    expect(
      minimumKiBOf(
        { ...POLICY, select: { ...POLICY.select, minimumSize: { kib: ABSENT, permyriad: ABSENT } } },
        aSample(),
      ),
    ).toBe(0);
  });

  it('is signalled with all that go along, the chosen one first', () => {
    const { state, table, out } = scene([{}, { rssKiB: 2 * GIB, mmGroup: 1 }, { mmGroup: 1 }]);
    const slot = choose(state, table, POLICY, MINIMUM_KIB);
    pushSignals(state, table, slot, 'TERM', false, '', out);
    const common = { kind: 'signal', signal: 'TERM', dryRun: false, reason: '', companyOf: 1 };
    expect(out.intents).toEqual([
      { ...common, slot: 1, pid: 1001, company: '' },
      { ...common, slot: 2, pid: 1002, company: 'mm_group' },
    ]);
    expect(state.company).toEqual([{ slot: 2, pid: 1002, company: 'mm_group' }]);
  });

  it.each<[string, Partial<Row>[], string]>([
    ['a protected one would have been worth it', [{ protectRule: 0 }, { rssKiB: MIB }], 'all_protected'],
    ['all are small', [{ protectRule: 0, rssKiB: MIB }, { rssKiB: MIB }], 'below_minimum_size'],
    ['protected ones are small and there is no other', [{ protectRule: 0, rssKiB: MIB }], 'all_protected'],
    ['nobody is there', [{ flags: KNOWN | FLAG.INIT }], 'no_candidate'],
  ])('that finds nobody says why: %s', (_, rows, reason) => {
    const { state, table } = scene(rows);
    expect(choose(state, table, POLICY, MINIMUM_KIB)).toBe(ABSENT);
    expect(whyNobody(state, table, MINIMUM_KIB)).toBe(reason);
  });
});
