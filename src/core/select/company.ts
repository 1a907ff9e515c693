/**
 * Who goes along with a victim. The kernel kills all processes that share its mm (mm/oom_kill.c, __oom_kill_process()):
 * killed alone, it would free nothing. With memory.oom.group it kills the whole cgroup (mem_cgroup_get_oom_group(), 4.19)
 * but for those at oom_score_adj -1000; those that policy protects are as much out of bounds here.
 */
import { isWithin } from '../cgroup-row.ts';
import { EXCLUSIONS } from '../event.ts';
import { FLAG, type ProcessTable } from '../process-table.ts';
import { ABSENT } from '../units.ts';
import type { Companion } from '../victim.ts';
import { OOM_SCORE_ADJ_MIN } from './badness.ts';
import { isVeto } from './eligible.ts';
import type { Ranking } from './rank.ts';

const HIDDEN = EXCLUSIONS.indexOf('hidden_from_kernel');
const MM_GROUP = EXCLUSIONS.indexOf('mm_group');
const BELOW_MINIMUM = EXCLUSIONS.indexOf('below_minimum_size');

const OUT_OF_BOUNDS = FLAG.KTHREAD | FLAG.INIT | FLAG.SELF | FLAG.ANCESTOR;

const NO_MEMBERS: ReadonlyMap<number, number> = new Map();

/** Small, or hidden as vfork children are: no victims by themselves, but nothing protects them. */
export const mayDie = (exclusion: number): boolean =>
  exclusion === ABSENT || exclusion === HIDDEN || exclusion === BELOW_MINIMUM;

/** A cgroup that a rule kills as a whole, with everything below it. */
export interface WholeCgroup {
  readonly path: string;
  readonly company: 'cgroup' | 'unit';
}

/**
 * Whether all in `path` may die, as the last ranking saw them: cgroup.kill spares nobody, so one that is protected, shares
 * its mm with such a one or is not known yet keeps all of them alive.
 */
export const mayDieWhole = (table: ProcessTable, ranking: Ranking, path: string): boolean => {
  for (let row = 0; row < table.count; row++) {
    const slot = table.rows[row] as number;
    const exclusion = ranking.exclusion[slot] as number;
    if (!isVeto(exclusion) && exclusion !== MM_GROUP) continue;
    if (((table.flags[slot] as number) & FLAG.GONE) === 0 && isWithin(table.cgroup[slot] as string, path)) return false;
  }
  return true;
};

/** A cgroup whose cgroup.kill is to be written, since when, and whether it may take those at oom_score_adj -1000. */
export interface WholeKill {
  readonly path: string;
  readonly admitsUnkillable: boolean;
  readonly sinceMs: number;
}

/**
 * The last look before cgroup.kill is written: the first of its members (slots) that must live, as the table has them now;
 * ABSENT when there is none. `narrowed`: the policy has an `only` list.
 */
export const memberToSpare = (
  table: ProcessTable,
  members: readonly number[],
  { admitsUnkillable }: WholeKill,
  narrowed: boolean,
): number =>
  members.find((slot) => {
    const flags = table.flags[slot] as number;
    if ((flags & FLAG.GONE) !== 0) return false;
    if ((flags & OUT_OF_BOUNDS) !== 0 || (flags & FLAG.IDENTIFIED) === 0) return true;
    if (table.oomScoreAdj[slot] === OOM_SCORE_ADJ_MIN && !admitsUnkillable) return true;
    return table.protectRule[slot] !== ABSENT || (narrowed && table.onlyRule[slot] === ABSENT);
  }) ?? ABSENT;

/**
 * Everybody else who dies with the process in `slot`, as the last ranking saw them. mm_group: shares its mm, or that of a
 * member before it, so that killing it returns nothing more. `members`: slot and pid of a fork storm's family.
 */
export const companyOf = (
  table: ProcessTable,
  ranking: Ranking,
  slot: number,
  whole: WholeCgroup | null = null,
  members: ReadonlyMap<number, number> = NO_MEMBERS,
): Companion[] => {
  const company: Companion[] = [];
  const cgroup = table.oomGroup[slot] as string;
  const mms = [table.mmGroup[slot] as number];
  const sharesMm = (other: number): boolean =>
    table.mmGroup[other] !== ABSENT && mms.includes(table.mmGroup[other] as number);
  const add = (as: Companion['company'], belongs: (other: number) => boolean): void => {
    for (let row = 0; row < table.count; row++) {
      const other = table.rows[row] as number;
      if (other === slot || !mayDie(ranking.exclusion[other] as number) || !belongs(other)) continue;
      if (((table.flags[other] as number) & FLAG.GONE) !== 0 || company.some((each) => each.slot === other)) continue;
      company.push({
        slot: other,
        pid: table.pid[other] as number,
        company: sharesMm(other) ? 'mm_group' : as,
      });
      mms.push(table.mmGroup[other] as number);
    }
  };
  // The column names the highest cgroup that has it set, so all of its members have the same.
  if (whole !== null) add(whole.company, (other) => isWithin(table.cgroup[other] as string, whole.path));
  if (cgroup !== '') add('oom_group', (other) => table.oomGroup[other] === cgroup);
  if (members.get(slot) === table.pid[slot]) {
    // A slot and pid may be given again within an episode; the session of the family is not.
    const session = table.session[slot];
    add('fork_storm', (other) => members.get(other) === table.pid[other] && table.session[other] === session);
  }
  if (mms.some((mm) => mm !== ABSENT)) add('mm_group', sharesMm);
  return company;
};
