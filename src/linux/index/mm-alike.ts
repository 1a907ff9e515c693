/** What the table says against two processes having one mm, after kcmp(2) has answered. */
import { areAlike, areOfOneSize, FLAG, type ProcessTable } from '../../core/process-table.ts';
import { ABSENT } from '../../core/units.ts';

const isArmed = (table: ProcessTable, slot: number): boolean =>
  ((table.flags[slot] as number) & (FLAG.ARMED | FLAG.GONE)) === FLAG.ARMED;

/**
 * After a scan: who is not like the first of its group any more has called exec since, as every vfork child does, and must
 * not be killed along with it. The key of one that is not armed was read a while ago, and grows with a JIT: of that one
 * only the size counts. Allocates nothing.
 */
export const leaveGroups = (table: ProcessTable): void => {
  for (let row = 0; row < table.count; row++) {
    const slot = table.rows[row] as number;
    const first = table.mmGroup[slot] as number;
    if (first === ABSENT || first === slot || table.mmGroup[first] !== first || !isArmed(table, first)) continue;
    const stays = isArmed(table, slot) ? areAlike(table, slot, first) : areOfOneSize(table, slot, first);
    if (!stays) table.mmGroup[slot] = ABSENT;
  }
};
