import { describe, expect, it } from 'vitest';
import { createProcessTable } from '../../src/core/process-table.ts';
import { ABSENT } from '../../src/core/units.ts';
import { type Companion, isVictimSlot, spareProtected, type Victim } from '../../src/core/victim.ts';
import { aVictim, someFacts } from './support/victims.ts';

const victim = (slot: number, pid: number, signal: Victim['signal'], company: Companion[] = []): Victim =>
  aVictim({ slot, facts: someFacts({ pid }), signal, company });

const tableOf = (protectRules: readonly number[]) => {
  const table = createProcessTable(protectRules.length);
  protectRules.forEach((rule, slot) => {
    table.pid[slot] = 100 + slot;
    table.protectRule[slot] = rule;
  });
  return table;
};

describe('a new policy', () => {
  it('spares who was asked to leave and is protected now', () => {
    const victims = [victim(0, 100, 'TERM'), victim(1, 101, 'TERM')];
    spareProtected(victims, tableOf([3, ABSENT]));
    expect(victims.map(({ slot }) => slot)).toEqual([1]);
  });

  it('goes on watching who was killed: that cannot be taken back', () => {
    const victims = [victim(0, 100, 'KILL')];
    spareProtected(victims, tableOf([3]));
    expect(victims).toHaveLength(1);
  });

  it('does not take the slot for the process: the next one in it is another', () => {
    const victims = [victim(0, 7, 'TERM')];
    spareProtected(victims, tableOf([3]));
    expect(victims).toHaveLength(1);
  });
});

describe('a new policy and those who go along', () => {
  const along = (company: Companion['company'], pid = 101): Companion => ({ slot: 1, pid, company });

  it('spares a victim that shares its mm with somebody protected: neither can be killed alone', () => {
    const victims = [victim(0, 100, 'TERM', [along('mm_group')])];
    spareProtected(victims, tableOf([ABSENT, 3]));
    expect(victims).toEqual([]);
  });

  it('spares the protected one alone where they share a cgroup only', () => {
    const other: Companion = { slot: 2, pid: 102, company: 'oom_group' };
    const victims = [victim(0, 100, 'TERM', [along('oom_group'), other])];
    spareProtected(victims, tableOf([ABSENT, 3, ABSENT]));
    expect(victims.map(({ company }) => company)).toEqual([[other]]);
  });

  it('does not take the slot of a companion for the process', () => {
    const victims = [victim(0, 100, 'TERM', [along('mm_group', 9)])];
    spareProtected(victims, tableOf([ABSENT, 3]));
    expect(victims).toHaveLength(1);
  });
});

describe('who is being killed already', () => {
  const pair = victim(0, 100, 'KILL', [{ slot: 1, pid: 101, company: 'mm_group' }]);

  it.each([
    ['the victim', pair, 0, 100, true],
    ['who goes along with it', pair, 1, 101, true],
    ['the next process in its slot', pair, 0, 102, false],
    ['the next process in the slot of a companion', pair, 1, 102, false],
    ['somebody else', pair, 2, 100, false],
    ['one that has left', { ...pair, exitedMs: 5 }, 0, 100, false],
    ['one that was only named', { ...pair, simulated: true }, 0, 100, false],
  ] as const)('%s', (_, of, slot, pid, expected) => {
    expect(isVictimSlot([of], slot, pid)).toBe(expected);
  });
});
