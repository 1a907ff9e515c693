/** The verdict on every process, as selection gives it, with the reasons in words. */
import { EXCLUSIONS, type Exclusion } from '../../core/event.ts';
import { markKiB } from '../../core/mark.ts';
import type { Policy, PolicyRule } from '../../core/policy.ts';
import type { ProcessTable } from '../../core/process-table.ts';
import { badnessOfScore, disagreesWithKernel, OOM_SCORE_ADJ_MIN, rowBadness } from '../../core/select/badness.ts';
import { hasScope, ruleMatches } from '../../core/select/policy-match.ts';
import { createRanking, type Ranking, rank } from '../../core/select/rank.ts';
import { ABSENT } from '../../core/units.ts';
import { size } from '../../report/amount.ts';

export interface Judged {
  readonly ranking: Ranking;
  /** Every slot: candidates best first, then the others by badness. */
  readonly order: readonly number[];
  readonly minimumKiB: number;
}

export const judge = (table: ProcessTable, policy: Policy, memTotalKiB: number): Judged => {
  const ranking = createRanking(table.capacity, Math.max(1, table.count));
  const minimumKiB = Math.max(0, markKiB(policy.select.minimumSize, memTotalKiB));
  rank(ranking, table, {
    onlyPid: ABSENT,
    narrowed: hasScope(policy.select),
    minimumKiB,
    admitsUnidentified: false,
    corrections: policy.select.corrections,
    isVictim: () => false,
    isRefused: () => false,
  });
  const candidates = Array.from(ranking.order.subarray(0, ranking.count));
  const others = Array.from(table.rows.subarray(0, table.count))
    .filter((slot) => ranking.exclusion[slot] !== ABSENT)
    .sort((a, b) => rowBadness(table, b) - rowBadness(table, a) || (table.pid[a] as number) - (table.pid[b] as number));
  return { ranking, order: [...candidates, ...others], minimumKiB };
};

const WORDS: Readonly<Record<Exclusion, string>> = {
  kernel_thread: 'kernel thread: has no memory of its own',
  init: 'pid 1: its death is a panic',
  self: 'oomwatchd itself',
  ancestor: 'parent of this oomwatchd: the session it was started from',
  gone: 'vanished while it was looked at',
  no_mm: 'zombie without memory',
  unidentified: 'could not be identified, so policy might protect it',
  oom_score_adj_min: `oom_score_adj is ${OOM_SCORE_ADJ_MIN}: out of bounds for the kernel and for us`,
  protected: 'protected',
  outside_scope: 'outside the scope that select.only gives',
  already_victim: 'SIGKILL is pending: dying already',
  exiting: 'exiting by itself: watched, and waited for no longer than a victim',
  mm_group: 'shares its memory with a process that may not be killed',
  hidden_from_kernel: 'oom_score is 0: the kernel has reaped it or it is a vfork child',
  below_minimum_size: 'too small: killing it would not help',
};

export const rulesOf = (table: ProcessTable, policy: Policy, slot: number): PolicyRule[] =>
  policy.select.rules.filter((rule) => ruleMatches(rule, table, slot));

const ruleWords = (rule: PolicyRule): string => {
  const points = rule.points === 0 ? '' : ` ${rule.points > 0 ? '+' : ''}${rule.points}`;
  return `${rule.action}${points} by ${rule.id}: ${rule.reason}`;
};

/** Why a process is where it is, best reason first. */
export const reasonsOf = (table: ProcessTable, policy: Policy, judged: Judged, slot: number): string[] => {
  const reasons: string[] = [];
  const exclusion = EXCLUSIONS[judged.ranking.exclusion[slot] as number];
  if (exclusion === 'below_minimum_size') reasons.push(`${WORDS[exclusion]} (minimum ${size(judged.minimumKiB)})`);
  else if (exclusion !== undefined && exclusion !== 'protected') reasons.push(WORDS[exclusion]);
  for (const rule of rulesOf(table, policy, slot)) reasons.push(ruleWords(rule));
  if (exclusion === undefined && disagreesWithKernel(table, slot)) {
    const kernel = badnessOfScore(table.oomScore[slot] as number, table.totalPages);
    reasons.push(`the kernel counts about ${Math.round(kernel)} pages (oom_score ${table.oomScore[slot]})`);
  }
  return reasons;
};
