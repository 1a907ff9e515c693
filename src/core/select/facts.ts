/** A row as plain facts, for events, incidents and commands. */
import type { ProcessFacts } from '../event.ts';
import type { ProcessTable } from '../process-table.ts';
import { rowBadness } from './badness.ts';

export const factsOf = (table: ProcessTable, slot: number): ProcessFacts => ({
  pid: table.pid[slot] as number,
  comm: table.comm[slot] as string,
  startTimeTicks: table.startTimeTicks[slot] as number,
  uid: table.uid[slot] as number,
  unit: table.unit[slot] as string,
  exe: table.exe[slot] as string,
  rssKiB: table.rssKiB[slot] as number,
  swapKiB: table.swapKiB[slot] as number,
  pageTablesKiB: table.pageTablesKiB[slot] as number,
  oomScoreAdj: table.oomScoreAdj[slot] as number,
  badnessPages: Math.round(rowBadness(table, slot)),
});
