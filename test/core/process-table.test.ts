import { expect, it } from 'vitest';
import { clearSlot, createProcessTable, FLAG } from '../../src/core/process-table.ts';
import { ABSENT } from '../../src/core/units.ts';
import { tableOf } from './support/tables.ts';

it('has one bit for each flag', () => {
  const bits = Object.values(FLAG);
  expect(new Set(bits).size).toBe(bits.length);
  for (const bit of bits) expect(Number.isInteger(Math.log2(bit))).toBe(true);
});

it('forgets everything of the process that had a slot before', () => {
  const table = tableOf([{ pid: 5, protectRule: 3, policyPoints: 9, oomScoreAdj: -1000, flags: 255, swapKiB: 7 }]);
  clearSlot(table, 0, 6);
  const fresh = createProcessTable(1);
  clearSlot(fresh, 0, 6);
  const columns = Object.keys(fresh).filter(
    (name) => !['capacity', 'totalPages', 'rows', 'count', 'pageKiB', 'arrivals', 'arrival'].includes(name),
  );
  const valuesOf = (of: object): unknown[] => columns.map((name) => (of as Record<string, unknown[]>)[name]?.[0]);
  expect(valuesOf(table)).toEqual(valuesOf(fresh));
  expect([table.arrival[0], table.arrivals], 'it came after the last').toEqual([6, 6]);
  expect([table.pid[0], table.flags[0], table.protectRule[0], table.rssKiB[0]]).toEqual([6, 0, ABSENT, ABSENT]);
});
