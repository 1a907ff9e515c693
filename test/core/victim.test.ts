import { describe, expect, it } from 'vitest';
import { createProcessTable } from '../../src/core/process-table.ts';
import { ABSENT } from '../../src/core/units.ts';
import { spareProtected, type Victim } from '../../src/core/victim.ts';

const victim = (slot: number, pid: number, signal: Victim['signal']): Victim =>
  ({ slot, facts: { pid }, signal, exitedMs: ABSENT, verdict: null }) as Victim;

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
