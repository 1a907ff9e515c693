/**
 * Whom a press of SysRq-f would kill, and whether it may: nobody whom policy protects, as far as the model of this kernel
 * tells (core/kernel-model). Undirected, the kernel chooses as it would; directed, oom_score_adj is changed before so that it
 * chooses our candidate, and nobody who is protected should that one be gone by then.
 */
import type { Steer } from './intent.ts';
import { decide } from './kernel-model/as-kernel.ts';
import type { Decision } from './kernel-model/decision.ts';
import { contextAsSeen } from './kernel-model/seen.ts';
import { behaviourOf, type KernelVersion } from './kernel-model/versions.ts';
import { FLAG, type ProcessTable } from './process-table.ts';
import { OOM_SCORE_ADJ_MIN, rowBadness, rowSizeKiB } from './select/badness.ts';
import { ABSENT } from './units.ts';

/** OOM_SCORE_ADJ_MAX of include/uapi/linux/oom.h. */
const OOM_SCORE_ADJ_MAX = 1000;

/**
 * Readings are some milliseconds apart, per-CPU counters lag, and an unread row is known to 0.15 % (kernel-facts 4.3, 4.5):
 * whoever is protected must be smaller than whom the kernel takes by this share of all memory, thousandths.
 */
const MARGIN_PERMILLE = 30;

/** Processes whose oom_score_adj is changed for one press at the most: each is a line of the journal, which is one page. */
export const STEERED_MAX = 48;

/** Who is taken, and whose oom_score_adj is changed before. */
export interface Aim {
  readonly slot: number;
  readonly steer: readonly Steer[];
}

export type Aimed =
  | Aim
  | { readonly refusal: 'sysrq_would_fail' | 'sysrq_would_hit_protected'; readonly detail: string };

export interface AimRules {
  readonly kernel: KernelVersion;
  /** The policy has an `only` list. */
  readonly narrowed: boolean;
  readonly directed: boolean;
  /** A death that returns less is not worth it, KiB. */
  readonly minimumKiB: number;
}

const NO_PROCESS = FLAG.KTHREAD | FLAG.INIT | FLAG.GONE | FLAG.NO_MM;
const OURS = FLAG.SELF | FLAG.ANCESTOR;

/** Whether somebody must not die of it: by policy, by -1000, or because nobody knows yet what it is. */
const isGuarded = (table: ProcessTable, slot: number, narrowed: boolean): boolean => {
  const flags = table.flags[slot] as number;
  if ((flags & NO_PROCESS) !== 0) return false;
  if ((flags & FLAG.IDENTIFIED) === 0 || (flags & OURS) !== 0) return true;
  if (table.protectRule[slot] !== ABSENT || table.oomScoreAdj[slot] === OOM_SCORE_ADJ_MIN) return true;
  return narrowed && table.onlyRule[slot] === ABSENT;
};

const sharesMm = (table: ProcessTable, slot: number, other: number): boolean =>
  table.mmGroup[slot] !== ABSENT && table.mmGroup[other] === table.mmGroup[slot];

/** Who dies with `slot` by the kernel's hand: sharers of its mm even at -1000, and its cgroup with memory.oom.group. */
const diesWith = (table: ProcessTable, slot: number, other: number): boolean => {
  if (other === slot || sharesMm(table, slot, other)) return true;
  const group = table.oomGroup[slot] as string;
  return group !== '' && table.oomGroup[other] === group && table.oomScoreAdj[other] !== OOM_SCORE_ADJ_MIN;
};

const rowsOf = (table: ProcessTable): Int32Array => table.rows.subarray(0, table.count);

const nameOf = (table: ProcessTable, slot: number): string => `pid ${table.pid[slot]} (${table.comm[slot]})`;

const refuse = (detail: string, refusal: 'sysrq_would_fail' | 'sysrq_would_hit_protected'): Aimed => ({
  refusal,
  detail,
});

/** Whom the death of `slot` would take along although it must live; ABSENT: nobody. */
const guardedWith = (table: ProcessTable, slot: number, narrowed: boolean): number =>
  rowsOf(table).find((other) => diesWith(table, slot, other) && isGuarded(table, other, narrowed)) ?? ABSENT;

/** Those whom the kernel could take in the place of one with `points`, as far as `admits` says; largest first. */
const rivals = (table: ProcessTable, points: number, admits: (slot: number) => boolean): number[] =>
  [...rowsOf(table)]
    .filter((slot) => ((table.flags[slot] as number) & NO_PROCESS) === 0)
    .filter((slot) => table.oomScoreAdj[slot] !== OOM_SCORE_ADJ_MIN && admits(slot))
    .filter((slot) => rowBadness(table, slot) >= points - (table.totalPages * MARGIN_PERMILLE) / 1000)
    .sort((a, b) => rowBadness(table, b) - rowBadness(table, a));

const ask = (table: ProcessTable, kernel: KernelVersion): Decision =>
  decide(
    behaviourOf(kernel),
    table,
    contextAsSeen(table, true, (slot) => rowBadness(table, slot)),
  );

/** Who dies when nothing is changed before. */
const undirected = (table: ProcessTable, { kernel, narrowed, minimumKiB }: AimRules): Aimed => {
  const { slot, outcome, because } = ask(table, kernel);
  if (slot === ABSENT) return refuse('the kernel would find nobody', 'sysrq_would_fail');
  const taken = `the kernel would take ${nameOf(table, slot)}`;
  const guarded = guardedWith(table, slot, narrowed);
  if (guarded !== ABSENT) {
    const whom = guarded === slot ? 'which must live' : `and with it ${nameOf(table, guarded)}, which must live`;
    return refuse(`${taken}, ${whom}`, 'sysrq_would_hit_protected');
  }
  // An origin is first whatever its size; of the others one that is nearly as large may be taken instead.
  const mustLive = (other: number): boolean => isGuarded(table, other, narrowed);
  const [rival] = because === 'origin' ? [] : rivals(table, rowBadness(table, slot), mustLive);
  if (rival !== undefined) {
    return refuse(`${taken}, or ${nameOf(table, rival)}, which must live`, 'sysrq_would_hit_protected');
  }
  if (outcome === 'kill' && because !== 'origin' && rowSizeKiB(table, slot) < minimumKiB) {
    return refuse(`${taken}, whose death returns too little`, 'sysrq_would_fail');
  }
  return { slot, steer: [] };
};

/** `slot` and all that share its mm: the kernel writes to all of them what is written to one (__set_oom_adj(), 4.8). */
const steerOf = (table: ProcessTable, slot: number, to: number): Steer[] =>
  [...rowsOf(table)]
    .filter((other) => other === slot || sharesMm(table, slot, other))
    .map((other) => ({
      ...{ slot: other, pid: table.pid[other] as number, startTimeTicks: table.startTimeTicks[other] as number },
      ...{ from: table.oomScoreAdj[other] as number, to },
    }));

/** Our candidate to the top, and out of reach whoever must live and would be next. */
const directed = (table: ProcessTable, candidate: number, rules: AimRules): Aimed => {
  const { narrowed } = rules;
  const guarded = guardedWith(table, candidate, narrowed);
  const whom = nameOf(table, candidate);
  if (guarded !== ABSENT) {
    return refuse(`${nameOf(table, guarded)}, which must live, dies with ${whom}`, 'sysrq_would_hit_protected');
  }
  const isChild = (other: number): boolean =>
    table.ppid[other] === table.pid[candidate] && isGuarded(table, other, narrowed);
  if (behaviourOf(rules.kernel).sacrificesChild && rowsOf(table).some(isChild)) {
    return refuse(`this kernel takes a child of ${whom} in its place`, 'sysrq_would_hit_protected');
  }
  const isOther = (slot: number): boolean => !sharesMm(table, candidate, slot) && slot !== candidate;
  const mustLive = (slot: number): boolean => isOther(slot) && isGuarded(table, slot, narrowed);
  const mayDie = (slot: number): boolean => isOther(slot) && !isGuarded(table, slot, narrowed);
  const raised =
    rowBadness(table, candidate) +
    (OOM_SCORE_ADJ_MAX - (table.oomScoreAdj[candidate] as number)) * Math.trunc(table.totalPages / 1000);
  const [next] = rivals(table, Number.NEGATIVE_INFINITY, mayDie);
  const inReach = next === undefined ? Number.NEGATIVE_INFINITY : Math.min(raised, rowBadness(table, next));
  const steer = steerOf(table, candidate, OOM_SCORE_ADJ_MAX);
  // Whoever is at 1000 himself and larger, and who must live and would be next should the candidate be gone by then.
  for (const slot of [...rivals(table, raised, isOther), ...rivals(table, inReach, mustLive)]) {
    if (steer.some((each) => each.slot === slot)) continue;
    const more = steerOf(table, slot, OOM_SCORE_ADJ_MIN);
    if (steer.length + more.length <= STEERED_MAX) steer.push(...more);
    else if (rowBadness(table, slot) >= raised)
      return refuse(`too many are at ${OOM_SCORE_ADJ_MAX} beside ${whom}`, 'sysrq_would_fail');
  }
  return { slot: candidate, steer };
};

/**
 * How a press would end. `candidate`: whom we would choose, ABSENT for nobody; the kernel need not let us signal it. A
 * swapoff or KSM unmerge is the kernel's first choice whatever oom_score_adj says, so nothing steers it then.
 */
export const aim = (table: ProcessTable, candidate: number, rules: AimRules): Aimed => {
  const isSteered = rules.directed && candidate !== ABSENT && ask(table, rules.kernel).because !== 'origin';
  return isSteered ? directed(table, candidate, rules) : undirected(table, rules);
};
