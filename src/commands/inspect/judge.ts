/** The verdict on every process, as selection gives it, with the reasons in words. */
import { EXCLUSIONS, type Exclusion } from '../../core/event.ts';
import { markKiB } from '../../core/mark.ts';
import type { Policy, PolicyRule } from '../../core/policy.ts';
import type { ProcessTable } from '../../core/process-table.ts';
import { badnessOfScore, disagreesWithKernel, rowBadness } from '../../core/select/badness.ts';
import { hasScope, ruleMatches } from '../../core/select/policy-match.ts';
import { createRanking, type Ranking, rank, sharerBehind } from '../../core/select/rank.ts';
import { ABSENT } from '../../core/units.ts';
import { size } from '../../report/amount.ts';
import { EXCLUSION_WORDS, sharesWords } from '../../report/exclusion-words.ts';

export interface Judged {
  readonly ranking: Ranking;
  /** Every slot: candidates best first, then the others by badness. */
  readonly order: readonly number[];
  readonly minimumKiB: number;
}

/** Whom the kernel has refused is known to the daemon alone. */
const nobody = (): boolean => false;

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
    isRefused: nobody,
  });
  const candidates = Array.from(ranking.order.subarray(0, ranking.count));
  const others = Array.from(table.rows.subarray(0, table.count))
    .filter((slot) => ranking.exclusion[slot] !== ABSENT)
    .sort((a, b) => rowBadness(table, b) - rowBadness(table, a) || (table.pid[a] as number) - (table.pid[b] as number));
  return { ranking, order: [...candidates, ...others], minimumKiB };
};

export const rulesOf = (table: ProcessTable, policy: Policy, slot: number): PolicyRule[] =>
  policy.select.rules.filter((rule) => ruleMatches(rule, table, slot));

const ruleWords = (rule: PolicyRule): string => {
  const points = rule.points === 0 ? '' : ` ${rule.points > 0 ? '+' : ''}${rule.points}`;
  return `${rule.action}${points} by ${rule.id}: ${rule.reason}`;
};

const sharing = (table: ProcessTable, { ranking }: Judged, slot: number): string => {
  const sharer = sharerBehind(ranking, table, slot, nobody);
  if (sharer === ABSENT) return EXCLUSION_WORDS.mm_group;
  const why = EXCLUSIONS[ranking.exclusion[sharer] as number] as Exclusion;
  const named = { pid: table.pid[sharer] as number, comm: table.comm[sharer] as string };
  return sharesWords(named, table.mmGroup[slot] !== ABSENT, EXCLUSION_WORDS[why]);
};

/** Why a process is where it is, best reason first. */
export const reasonsOf = (table: ProcessTable, policy: Policy, judged: Judged, slot: number): string[] => {
  const reasons: string[] = [];
  const exclusion = EXCLUSIONS[judged.ranking.exclusion[slot] as number];
  if (exclusion === 'below_minimum_size')
    reasons.push(`${EXCLUSION_WORDS[exclusion]} (minimum ${size(judged.minimumKiB)})`);
  else if (exclusion === 'mm_group') reasons.push(sharing(table, judged, slot));
  else if (exclusion !== undefined && exclusion !== 'protected') reasons.push(EXCLUSION_WORDS[exclusion]);
  for (const rule of rulesOf(table, policy, slot)) reasons.push(ruleWords(rule));
  if (exclusion === undefined && disagreesWithKernel(table, slot)) {
    const kernel = badnessOfScore(table.oomScore[slot] as number, table.totalPages);
    reasons.push(`the kernel counts about ${Math.round(kernel)} pages (oom_score ${table.oomScore[slot]})`);
  }
  return reasons;
};
