/** Process tables for tests: `tableOf([{ pid: 7, rssKiB: 4 * MIB }])`, one slot a row in the order given. */
import { clearSlot, createProcessTable, FLAG, type ProcessTable } from '../../../src/core/process-table.ts';
import { oomScoreOf, rowBadness } from '../../../src/core/select/badness.ts';
import { ABSENT, GIB } from '../../../src/core/units.ts';

export interface Row {
  pid: number;
  ppid: number;
  /** Left out: unknown. */
  session: number;
  /** Left out: in the order of pids. */
  arrival: number;
  startTimeTicks: number;
  uid: number;
  rssKiB: number;
  rssAnonKiB: number;
  swapKiB: number;
  pageTablesKiB: number;
  oomScoreAdj: number;
  /** Left out: what the kernel would show for the row. */
  oomScore: number;
  /** Left out: it has come since the last calm round. */
  calmKiB: number;
  flags: number;
  comm: string;
  exe: string;
  cgroup: string;
  unit: string;
  mmKey: number;
  mmGroup: number;
  oomGroup: string;
  protectRule: number;
  onlyRule: number;
  policyPoints: number;
}

/** Flags of a process that the index has identified and holds descriptors of. */
export const KNOWN = FLAG.IDENTIFIED | FLAG.EXE_VERIFIED | FLAG.ARMED;

/** 24 GiB in pages of 4 KiB. */
export const TOTAL_PAGES = (24 * GIB) / 4;

const DEFAULTS: Row = {
  pid: 1000,
  ppid: 1,
  session: ABSENT,
  arrival: ABSENT,
  startTimeTicks: 500,
  uid: 1000,
  rssKiB: GIB,
  rssAnonKiB: GIB,
  swapKiB: 0,
  pageTablesKiB: 0,
  oomScoreAdj: 0,
  oomScore: ABSENT,
  calmKiB: ABSENT,
  flags: KNOWN,
  comm: 'app',
  exe: '/usr/bin/app',
  cgroup: '/system.slice/app.service',
  unit: 'app.service',
  mmKey: ABSENT,
  mmGroup: ABSENT,
  oomGroup: '',
  protectRule: ABSENT,
  onlyRule: ABSENT,
  policyPoints: 0,
};

export const writeRow = (table: ProcessTable, slot: number, differences: Partial<Row>): void => {
  const row: Row = { ...DEFAULTS, pid: 1000 + slot, ...differences };
  row.rssAnonKiB = differences.rssAnonKiB ?? row.rssKiB;
  // Those who share one mm have one key.
  row.mmKey = differences.mmKey ?? row.mmGroup;
  row.arrival = differences.arrival ?? row.pid;
  const { arrivals } = table;
  clearSlot(table, slot, row.pid);
  table.arrivals = Math.max(arrivals, row.arrival);
  for (const name of Object.keys(row) as (keyof Row)[]) {
    (table[name] as (number | string)[])[slot] = row[name];
  }
  if (differences.oomScore === undefined && row.rssKiB !== ABSENT) {
    table.oomScore[slot] = oomScoreOf(rowBadness(table, slot), table.totalPages);
  }
};

export const tableOf = (rows: readonly Partial<Row>[], totalPages = TOTAL_PAGES): ProcessTable => {
  const table = createProcessTable(Math.max(1, rows.length));
  table.totalPages = totalPages;
  rows.forEach((row, slot) => {
    writeRow(table, slot, row);
    table.rows[slot] = slot;
  });
  table.count = rows.length;
  return table;
};
