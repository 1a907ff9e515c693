/** Rules as they were written -> rules of the policy, each with its name, reason and numbers. */
import type { CgroupRule, PolicyRule, RuleAction } from '../core/policy.ts';
import { ABSENT } from '../core/units.ts';
import type { ConfigDocument } from './document.ts';
import { formatPath } from './problem.ts';
import { OOM_SCORE_ADJ_MAX, OOM_SCORE_ADJ_MIN } from './schema/select.ts';
import type { Settings } from './schema.ts';

/** Order of the policy within one file. */
const ACTIONS = ['only', 'protect', 'prefer', 'avoid'] as const satisfies readonly RuleAction[];

/** core compares command names byte by byte, decoded as latin1 (see core/process-table.ts): so must the globs be. */
const asBytes = (glob: string): string => Buffer.from(glob).toString('latin1');

/** The rules of one file, with ids such as "select.protect[0]" or "50-db.yaml:select.avoid[2]". */
export const rulesOf = (document: ConfigDocument, label: string, select: Settings['select']): PolicyRule[] =>
  ACTIONS.flatMap((action) =>
    select[action].map((rule, index): PolicyRule => {
      const path = ['select', action, index];
      const { line } = document.locate(path);
      const points = rule.points ?? 0;
      return {
        id: `${label}${formatPath(path)}`,
        action,
        points: action === 'avoid' ? -points : points,
        reason: rule.reason ?? `configured in ${document.file}:${line}`,
        unit: rule.unit ?? [],
        cgroup: rule.cgroup ?? [],
        exe: rule.exe ?? [],
        comm: (rule.comm ?? []).map(asBytes),
        uids: rule.user ?? [],
        oomScoreAdjMin: rule.oom_score_adj?.min ?? OOM_SCORE_ADJ_MIN,
        oomScoreAdjMax: rule.oom_score_adj?.max ?? OOM_SCORE_ADJ_MAX,
      };
    }),
  );

const NO_MARK = { kib: ABSENT, permyriad: ABSENT };

/** The rules for cgroups of one file, with ids such as "cgroups[0]". */
export const cgroupRulesOf = (document: ConfigDocument, label: string, rules: Settings['cgroups']): CgroupRule[] =>
  rules.map((rule, index): CgroupRule => {
    const path = ['cgroups', index];
    return {
      id: `${label}${formatPath(path)}`,
      cgroup: rule.cgroup ?? [],
      unit: rule.unit ?? [],
      memory: rule.memory ?? NO_MARK,
      somePermyriad: rule.pressure_some ?? ABSENT,
      fullPermyriad: rule.pressure_full ?? ABSENT,
      oomLoop: rule.oom_loop ?? false,
      holdMs: rule.for,
      action: rule.action,
      scope: rule.scope,
      unkillable: rule.kill_unkillable,
      reason: rule.reason ?? `configured in ${document.file}:${document.locate(path).line}`,
    };
  });
