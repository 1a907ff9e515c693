/** Who may never be chosen, in the order in which it is told. The first reason that holds is the one that counts. */
import { isWithin } from '../cgroup-row.ts';
import { EXCLUSIONS, type Exclusion } from '../event.ts';
import type { Corrections } from '../policy.ts';
import { FLAG, type ProcessTable } from '../process-table.ts';
import { ABSENT } from '../units.ts';
import { OOM_SCORE_ADJ_MIN, rowSizeKiB } from './badness.ts';
import { OPINION } from './rules/correction.ts';
import { opinionOf, situationOf } from './rules/table.ts';

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
const EXITING = code('exiting');
const MM_GROUP = code('mm_group');
const HIDDEN = code('hidden_from_kernel');
const BELOW_MINIMUM = code('below_minimum_size');

/** What judgeRow answers besides an index into EXCLUSIONS. */
export const ELIGIBLE: number = ABSENT;
export const FIRST_CHOICE = -2;
export const ABORTS = -3;

/** At and below this oom_score reads 0 for a healthy process too: (1000 - 999) * 2 / 3 rounds to 0 (kernel-facts 4.1). */
const ADJ_READS_ZERO = -990;

export interface Scope {
  readonly corrections: Corrections;
  /** Rehearsal: the one pid that may be chosen; ABSENT otherwise. */
  readonly onlyPid: number;
  /** The policy has an `only` list. */
  readonly narrowed: boolean;
  readonly minimumKiB: number;
  /** Choosing whom to identify and arm, in calm times: what is not known yet is worth knowing. */
  readonly admitsUnidentified: boolean;
  /** Signalled already, or known to be dying. */
  readonly isVictim: (slot: number) => boolean;
  /** The kernel has refused to let us signal it in this episode. */
  readonly isRefused: (slot: number) => boolean;
  /** Choosing within one cgroup, for a rule; null: on the whole host. */
  readonly within?: Within;
}

export interface Within {
  readonly path: string;
  /** Its limit in pages: totalpages of a memcg's OOM (mm/oom_kill.c, constrained_alloc()). */
  readonly totalPages: number;
  /** The rule admits processes at oom_score_adj -1000, which badness then takes as if it were 0. */
  readonly admitsUnkillable: boolean;
}

/** Index into EXCLUSIONS, or ELIGIBLE, FIRST_CHOICE or ABORTS. `isVetoed`: a process that shares its mm may not be killed. */
export const judgeRow = (table: ProcessTable, slot: number, scope: Scope, isVetoed: boolean): number => {
  const flags = table.flags[slot] as number;
  if ((flags & FLAG.KTHREAD) !== 0) return KERNEL_THREAD;
  if ((flags & FLAG.INIT) !== 0) return INIT;
  if ((flags & FLAG.GONE) !== 0) return GONE;
  if (scope.onlyPid !== ABSENT) return table.pid[slot] === scope.onlyPid ? ELIGIBLE : OUTSIDE_SCOPE;
  const { within } = scope;
  if (within !== undefined && !isWithin(table.cgroup[slot] as string, within.path)) return OUTSIDE_SCOPE;
  if ((flags & FLAG.SELF) !== 0) return SELF;
  if ((flags & FLAG.ANCESTOR) !== 0) return ANCESTOR;
  if ((flags & FLAG.NO_MM) !== 0) return NO_MM;
  const adj = table.oomScoreAdj[slot] as number;
  const opinion = opinionOf(situationOf(table, slot, scope.isVictim(slot)), scope.corrections);
  const isUnkillable = adj === OOM_SCORE_ADJ_MIN && opinion !== OPINION.FIRST && within?.admitsUnkillable !== true;
  if (opinion === OPINION.UNKILLABLE || isUnkillable) return ADJ_MIN;
  // Policy protects by what a process is: one of which that is not known yet could be protected.
  if ((flags & FLAG.IDENTIFIED) === 0 && !scope.admitsUnidentified) return UNIDENTIFIED;
  if ((table.protectRule[slot] as number) !== ABSENT) return PROTECTED;
  if (scope.narrowed && (table.onlyRule[slot] as number) === ABSENT) return OUTSIDE_SCOPE;
  if (opinion === OPINION.VICTIM || scope.isRefused(slot)) return ALREADY_VICTIM;
  if (opinion === OPINION.EXITING) return EXITING;
  if (opinion === OPINION.ABORT) return ABORTS;
  if (isVetoed) return MM_GROUP;
  // Small as it is: what it does to memory ends with it.
  if (opinion === OPINION.FIRST) return FIRST_CHOICE;
  if ((table.oomScore[slot] as number) === 0 && adj > ADJ_READS_ZERO) return HIDDEN;
  if (rowSizeKiB(table, slot) < scope.minimumKiB) return BELOW_MINIMUM;
  return ELIGIBLE;
};

/** Whoever is excluded for one of these keeps all that share its mm alive: they cannot be killed without it. */
const VETOES: readonly boolean[] = EXCLUSIONS.map((reason) =>
  [
    'kernel_thread',
    'init',
    'self',
    'ancestor',
    'oom_score_adj_min',
    'unidentified',
    'protected',
    'outside_scope',
  ].includes(reason),
);

export const isVeto = (answer: number): boolean => answer >= 0 && (VETOES[answer] as boolean);

const MUST_LIVE: readonly boolean[] = EXCLUSIONS.map((reason) =>
  ['init', 'ancestor', 'oom_score_adj_min', 'protected'].includes(reason),
);

/**
 * Whoever must live: also who only may share its mm is left alone. One that is merely out of scope does not weigh so much, and
 * with processes of our own nobody shares: each of them has exec'ed. They are like any other program of Node.js.
 */
export const mustLive = (answer: number): boolean => answer >= 0 && (MUST_LIVE[answer] as boolean);
