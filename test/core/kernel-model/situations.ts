/** Situations for the model: rows with what the test is about, and the kernel that is asked. */
import { asKernel } from '../../../src/core/kernel-model/as-kernel.ts';
import type { Decision, KernelContext } from '../../../src/core/kernel-model/decision.ts';
import type { KernelVersion } from '../../../src/core/kernel-model/versions.ts';
import type { ProcessTable } from '../../../src/core/process-table.ts';
import { rowBadness } from '../../../src/core/select/badness.ts';
import { ABSENT } from '../../../src/core/units.ts';
import { type Row, tableOf } from '../support/tables.ts';

export interface KernelRow extends Partial<Row> {
  readonly ppid?: number;
  readonly threads?: number;
  /** A victim of the OOM killer since so many ms. */
  readonly victimMs?: number;
  readonly isReaped?: true;
}

export interface Situation {
  readonly table: ProcessTable;
  readonly context: KernelContext;
}

/** Pids are 1000, 1001 ... in the order of the rows, which is that of the task list. */
export const situationOf = (rows: readonly KernelRow[], differences: Partial<KernelContext> = {}): Situation => {
  const table = tableOf(rows.map(({ ppid, threads, victimMs, isReaped, ...row }) => row));
  rows.forEach(({ ppid = 1, threads = 1 }, slot) => {
    table.ppid[slot] = ppid;
    table.threads[slot] = threads;
  });
  const context: KernelContext = {
    sysrq: false,
    oomKillAllocatingTask: false,
    currentSlot: ABSENT,
    badness: (slot) => rowBadness(table, slot),
    isVictim: (slot) => rows[slot]?.victimMs !== undefined,
    isReaped: (slot) => rows[slot]?.isReaped === true,
    sinceKillMs: (slot) => rows[slot]?.victimMs ?? ABSENT,
    ...differences,
  };
  return { table, context };
};

/** "kill 1001: largest" */
export const told = ({ table }: Situation, { outcome, slot, because }: Decision): string =>
  `${outcome} ${slot === ABSENT ? 'nobody' : table.pid[slot]}: ${because}`;

export const asked = (
  version: KernelVersion,
  rows: readonly KernelRow[],
  differences: Partial<KernelContext> = {},
): string => {
  const situation = situationOf(rows, differences);
  return told(situation, asKernel(version, situation.table, situation.context));
};

export const SYSRQ = { sysrq: true };
