/**
 * Which policy lines touch a process. Answered when identity changes, not in an emergency: the result is kept in three
 * columns of the table.
 */

import { anyGlobMatches } from '../glob.ts';
import type { PolicyRule, SelectPolicy } from '../policy.ts';
import { FLAG, type ProcessTable } from '../process-table.ts';
import { ABSENT } from '../units.ts';

/**
 * Whether a rule matches the row: every criterion that the rule gives must. exe counts only when it was verified to be
 * this host's file (a container can have a namesake); comm can be set by any process, so the loader admits it for
 * prefer and avoid alone.
 */
export const ruleMatches = (rule: PolicyRule, table: ProcessTable, slot: number): boolean => {
  const adj = table.oomScoreAdj[slot] as number;
  if (adj < rule.oomScoreAdjMin || adj > rule.oomScoreAdjMax) return false;
  if (rule.uids.length > 0 && !rule.uids.includes(table.uid[slot] as number)) return false;
  if (rule.unit.length > 0 && !anyGlobMatches(rule.unit, table.unit[slot] as string)) return false;
  if (rule.cgroup.length > 0 && !anyGlobMatches(rule.cgroup, table.cgroup[slot] as string)) return false;
  if (rule.comm.length > 0 && !anyGlobMatches(rule.comm, table.comm[slot] as string)) return false;
  if (rule.exe.length === 0) return true;
  const verified = ((table.flags[slot] as number) & FLAG.EXE_VERIFIED) !== 0;
  return verified && anyGlobMatches(rule.exe, table.exe[slot] as string);
};

/** Writes protectRule, onlyRule and policyPoints of one row. */
export const applyPolicy = (policy: SelectPolicy, table: ProcessTable, slot: number): void => {
  table.protectRule[slot] = ABSENT;
  table.onlyRule[slot] = ABSENT;
  table.policyPoints[slot] = 0;
  for (let index = 0; index < policy.rules.length; index++) {
    const rule = policy.rules[index] as PolicyRule;
    if (!ruleMatches(rule, table, slot)) continue;
    if (rule.action === 'protect') {
      if (table.protectRule[slot] === ABSENT) table.protectRule[slot] = index;
    } else if (rule.action === 'only') {
      if (table.onlyRule[slot] === ABSENT) table.onlyRule[slot] = index;
    } else table.policyPoints[slot] = (table.policyPoints[slot] as number) + rule.points;
  }
};

/** Whether the policy narrows candidates to an `only` list at all. */
export const hasScope = (policy: SelectPolicy): boolean => policy.rules.some((rule) => rule.action === 'only');
