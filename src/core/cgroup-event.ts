/** What is told of single cgroups, and what rules for them came to. */
/** What can be wrong with one cgroup within its own limits; core/cgroup has what each one is. */
export const CGROUP_CONDITIONS = ['oom_loop', 'under_oom', 'memory_high', 'at_limit'] as const;
export type CgroupCondition = (typeof CGROUP_CONDITIONS)[number];

/**
 * What a rule for cgroups came to. reached: all of its marks have been held; over: they are not any more. The others say why
 * nobody was signalled.
 */
export const CGROUP_RULE_OUTCOMES = [
  'reached',
  'over',
  'nobody',
  'protected_inside',
  'unknown_inside',
  'waiting_for_victim',
  'budget_exhausted',
] as const;
export type CgroupRuleOutcome = (typeof CGROUP_RULE_OUTCOMES)[number];

export type CgroupEvent =
  /** A cgroup is short of memory within its own limits while the host need not be. */
  | {
      kind: 'cgroup';
      path: string;
      condition: CgroupCondition;
      /** false: it is over. */
      holds: boolean;
      forMs: number;
      currentKiB: number;
      limitKiB: number;
      /** Events a second of the limit: high, max or oom. */
      perS: number;
      fullPermyriad: number;
      /** Of it and below; ABSENT when nobody looked. */
      processes: number;
      /** Of those, at oom_score_adj -1000. */
      unkillable: number;
      members: string;
    }
  /** A rule for cgroups is reached by one of them, or what came of it. */
  | {
      kind: 'cgroup_rule';
      rule: string;
      path: string;
      outcome: CgroupRuleOutcome;
      action: 'tell' | 'term' | 'kill';
      forMs: number;
      currentKiB: number;
      limitKiB: number;
      somePermyriad: number;
      fullPermyriad: number;
      /** Of the rule, in the words of whoever wrote it. */
      reason: string;
    };
