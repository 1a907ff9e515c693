/** Who outgrew every known candidate within one round: looked at before the shot, or an innocent would die in its place. */
import { FLAG, type ProcessTable } from '../process-table.ts';
import { ABSENT } from '../units.ts';
import type { Ranking } from './rank.ts';

/** The slot of the unidentified process with the most points above those of the best candidate; ABSENT: none has more. */
export const largestUnidentified = (ranking: Ranking, table: ProcessTable): number => {
  let largest: number = ABSENT;
  let bar = ranking.count === 0 ? Number.NEGATIVE_INFINITY : (ranking.points[ranking.order[0] as number] as number);
  for (let row = 0; row < table.count; row++) {
    const slot = table.rows[row] as number;
    if (((table.flags[slot] as number) & (FLAG.IDENTIFIED | FLAG.GONE)) !== 0) continue;
    if ((ranking.points[slot] as number) <= bar) continue;
    largest = slot;
    bar = ranking.points[slot] as number;
  }
  return largest;
};
