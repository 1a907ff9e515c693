/** Who may never be chosen, in the order in which it is told. The first reason that holds is the one that counts. */
import { EXCLUSIONS, type Exclusion } from '../event.ts';
import { FLAG, type ProcessTable } from '../process-table.ts';
import { ABSENT } from '../units.ts';
import { OOM_SCORE_ADJ_MIN, rowSizeKiB } from './badness.ts';

const code = (reason: Exclusion): number => EXCLUSIONS.indexOf(reason);
const KERNEL_THREAD = code('kernel_thread');
const INIT = code('init');
const SELF = code('self');
const ANCESTOR = code('ancestor');
const GONE = code('gone');
const NO_MM = code('no_mm');
const UNIDENTIFIED = code('unidentified');
const ADJ_MIN = code('oom_score_adj_min');
const PROTECTED = code('protected');
const OUTSIDE_SCOPE = code('outside_scope');
const ALREADY_VICTIM = code('already_victim');
const HIDDEN = code('hidden_from_kernel');
const BELOW_MINIMUM = code('below_minimum_size');

/** At and below this oom_score reads 0 for a healthy process too: (1000 - 999) * 2 / 3 rounds to 0 (kernel-facts 4.1). */
const ADJ_READS_ZERO = -990;

export interface Scope {
  /** Rehearsal: the one pid that may be chosen; ABSENT otherwise. */
  readonly onlyPid: number;
  /** The policy has an `only` list. */
  readonly narrowed: boolean;
  readonly minimumKiB: number;
  /** Choosing whom to identify and arm, in calm times: what is not known yet is worth knowing. */
  readonly admitsUnidentified: boolean;
  /** Signalled already and not given up on, or refused by the kernel in this episode. */
  readonly isTaken: (slot: number) => boolean;
}

/** Index into EXCLUSIONS, or ABSENT when the row is a candidate. */
export const exclusionOf = (table: ProcessTable, slot: number, scope: Scope): number => {
  const flags = table.flags[slot] as number;
  if ((flags & FLAG.KTHREAD) !== 0) return KERNEL_THREAD;
  if ((flags & FLAG.INIT) !== 0) return INIT;
  if ((flags & FLAG.GONE) !== 0) return GONE;
  if (scope.onlyPid !== ABSENT) return table.pid[slot] === scope.onlyPid ? ABSENT : OUTSIDE_SCOPE;
  if ((flags & FLAG.SELF) !== 0) return SELF;
  if ((flags & FLAG.ANCESTOR) !== 0) return ANCESTOR;
  if ((flags & FLAG.NO_MM) !== 0) return NO_MM;
  const adj = table.oomScoreAdj[slot] as number;
  if (adj === OOM_SCORE_ADJ_MIN) return ADJ_MIN;
  // Policy protects by what a process is: one of which that is not known yet could be protected.
  if ((flags & FLAG.IDENTIFIED) === 0 && !scope.admitsUnidentified) return UNIDENTIFIED;
  if ((table.protectRule[slot] as number) !== ABSENT) return PROTECTED;
  if (scope.narrowed && (table.onlyRule[slot] as number) === ABSENT) return OUTSIDE_SCOPE;
  if ((flags & FLAG.SIGKILL_PENDING) !== 0 || scope.isTaken(slot)) return ALREADY_VICTIM;
  if ((table.oomScore[slot] as number) === 0 && adj > ADJ_READS_ZERO) return HIDDEN;
  if (rowSizeKiB(table, slot) < scope.minimumKiB) return BELOW_MINIMUM;
  return ABSENT;
};
