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

/** Everybody else who dies with the process in `slot`, as the last ranking saw them. */
export const companyOf = (table: ProcessTable, ranking: Ranking, slot: number): Companion[] => {
  const company: Companion[] = [];
  const mm = table.mmGroup[slot] as number;
  const cgroup = table.oomGroup[slot] as string;
  if (mm === ABSENT && cgroup === '') return company;
  for (let row = 0; row < table.count; row++) {
    const other = table.rows[row] as number;
    if (other === slot || !mayDie(ranking.exclusion[other] as number)) continue;
    const sharesMm = mm !== ABSENT && table.mmGroup[other] === mm;
    // The column names the highest cgroup that has it set, so all of its members have the same.
    const isMember = cgroup !== '' && table.oomGroup[other] === cgroup;
    if ((!sharesMm && !isMember) || ((table.flags[other] as number) & FLAG.GONE) !== 0) continue;
    company.push({ slot: other, pid: table.pid[other] as number, company: sharesMm ? 'mm_group' : 'oom_group' });
  }
  return company;
};
