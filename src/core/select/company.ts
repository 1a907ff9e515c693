/**
 * Who goes along with a victim. The kernel kills all processes that share its mm (mm/oom_kill.c, __oom_kill_process()):
 * killed alone, it would free nothing. With memory.oom.group it kills the whole cgroup (mem_cgroup_get_oom_group(), 4.19)
 * but for those at oom_score_adj -1000; those that policy protects are as much out of bounds here.
 */
import { EXCLUSIONS } from '../event.ts';
import { FLAG, type ProcessTable } from '../process-table.ts';
import { ABSENT } from '../units.ts';
import type { Companion } from '../victim.ts';
import type { Ranking } from './rank.ts';

const HIDDEN = EXCLUSIONS.indexOf('hidden_from_kernel');
const BELOW_MINIMUM = EXCLUSIONS.indexOf('below_minimum_size');

/** Small, or hidden as vfork children are: no victims by themselves, but nothing protects them. */
const mayDie = (exclusion: number): boolean =>
  exclusion === ABSENT || exclusion === HIDDEN || exclusion === BELOW_MINIMUM;

/**
 * Everybody else who dies with the process in `slot`, as the last ranking saw them. mm_group: shares its mm, or that of a
 * member before it, so that killing it returns nothing more.
 */
export const companyOf = (table: ProcessTable, ranking: Ranking, slot: number): Companion[] => {
  const company: Companion[] = [];
  const cgroup = table.oomGroup[slot] as string;
  const mms = [table.mmGroup[slot] as number];
  const sharesMm = (other: number): boolean =>
    table.mmGroup[other] !== ABSENT && mms.includes(table.mmGroup[other] as number);
  const add = (belongs: (other: number) => boolean): void => {
    for (let row = 0; row < table.count; row++) {
      const other = table.rows[row] as number;
      if (other === slot || !mayDie(ranking.exclusion[other] as number) || !belongs(other)) continue;
      if (((table.flags[other] as number) & FLAG.GONE) !== 0 || company.some((each) => each.slot === other)) continue;
      company.push({
        slot: other,
        pid: table.pid[other] as number,
        company: sharesMm(other) ? 'mm_group' : 'oom_group',
      });
      mms.push(table.mmGroup[other] as number);
    }
  };
  // The column names the highest cgroup that has it set, so all of its members have the same.
  if (cgroup !== '') add((other) => table.oomGroup[other] === cgroup);
  if (mms.some((mm) => mm !== ABSENT)) add(sharesMm);
  return company;
};
