/** Which rules for cgroups are reached by whom, since when, and which of them demands that something is done now. */
import { type CgroupRow, limitKiBOf } from '../cgroup-row.ts';
import type { OomwatchdEvent } from '../event.ts';
import { anyGlobMatches } from '../glob.ts';
import { markKiB } from '../mark.ts';
import type { CgroupRule } from '../policy.ts';
import { ABSENT } from '../units.ts';
import { isOomLoop } from './condition.ts';

/** A rule and a cgroup that has reached all of its marks. */
export interface Demand {
  readonly rule: CgroupRule;
  readonly path: string;
  sinceMs: number;
  /** ABSENT: not told yet. */
  toldMs: number;
  row: CgroupRow;
  serial: number;
}

export interface RuleWatch {
  readonly held: Demand[];
  /** The one that is to be acted on now; null: none. */
  demand: Demand | null;
  /** Whose members must be known before; "" nobody's. */
  wanted: string;
  serial: number;
}

export const createRuleWatch = (): RuleWatch => ({ held: [], demand: null, wanted: '', serial: 0 });

/** The same is told again after this. */
const REPEAT_MS = 60_000;

/** The unit whose own cgroup a path is: every component above it is a slice (systemd.slice(5)); "" when it is none's. */
const unitAt = (path: string): string => {
  const components = path.split('/').slice(1);
  const last = components.pop() ?? '';
  // cg_escape() of systemd puts "_" before a name that the kernel could take for one of its own files.
  return components.every((component) => component.endsWith('.slice')) ? last.replace(/^_/, '') : '';
};

/** Whether the rule is about the cgroup at `path`. */
export const isNamedBy = (rule: CgroupRule, path: string): boolean =>
  anyGlobMatches(rule.cgroup, path) || (rule.unit.length > 0 && anyGlobMatches(rule.unit, unitAt(path)));

/** Whether a mark that may not be asked for is reached. An amount that is not known reaches none. */
const isAtLeast = (amount: number, mark: number): boolean => mark === ABSENT || (amount !== ABSENT && amount >= mark);

const isMemoryReached = ({ memory }: CgroupRule, row: CgroupRow): boolean => {
  if (memory.kib === ABSENT && memory.permyriad === ABSENT) return true;
  const limitKiB = limitKiBOf(row);
  // A share of no limit is never reached; a size alone is one without a limit as well.
  if (limitKiB === ABSENT && memory.permyriad !== ABSENT) return false;
  return isAtLeast(row.currentKiB, markKiB(memory, limitKiB));
};

/** Whether all marks of the rule are reached in this reading. */
export const areMarksReached = (rule: CgroupRule, row: CgroupRow): boolean =>
  isMemoryReached(rule, row) &&
  isAtLeast(row.somePermyriad, rule.somePermyriad) &&
  isAtLeast(row.fullPermyriad, rule.fullPermyriad) &&
  (!rule.oomLoop || isOomLoop(row));

/** What is told of a rule and a cgroup. */
export const ruleEvent = (
  { rule, path, sinceMs, row }: Demand,
  outcome: Extract<OomwatchdEvent, { kind: 'cgroup_rule' }>['outcome'],
  nowMs: number,
): OomwatchdEvent => ({
  kind: 'cgroup_rule',
  rule: rule.id,
  path,
  outcome,
  action: rule.action,
  forMs: nowMs - sinceMs,
  currentKiB: row.currentKiB,
  limitKiB: limitKiBOf(row),
  somePermyriad: row.somePermyriad,
  fullPermyriad: row.fullPermyriad,
  reason: rule.reason,
});

const isDue = ({ rule, sinceMs }: Demand, nowMs: number): boolean => nowMs - sinceMs >= rule.holdMs;

/** One new reading. Appends what is to be told. */
export const followRules = (
  watch: RuleWatch,
  rules: readonly CgroupRule[],
  rows: readonly CgroupRow[],
  nowMs: number,
  events: OomwatchdEvent[],
): void => {
  watch.demand = null;
  watch.wanted = '';
  if (rules.length === 0 && watch.held.length === 0) return;
  watch.serial++;
  // By rules first: the order of the list is that of precedence. Rows come with the worst first.
  for (const rule of rules) {
    for (const row of rows) {
      if (!isNamedBy(rule, row.path) || !areMarksReached(rule, row)) continue;
      let held = watch.held.find((each) => each.rule === rule && each.path === row.path);
      if (held === undefined) {
        held = { rule, path: row.path, sinceMs: nowMs, toldMs: ABSENT, row, serial: 0 };
        watch.held.push(held);
      }
      held.row = row;
      held.serial = watch.serial;
      if (rule.action !== 'tell' && watch.wanted === '') watch.wanted = row.path;
      if (!isDue(held, nowMs)) continue;
      if (rule.action !== 'tell' && watch.demand === null) {
        watch.demand = held;
        watch.wanted = row.path;
      }
      if (held.toldMs !== ABSENT && nowMs - held.toldMs < REPEAT_MS) continue;
      held.toldMs = nowMs;
      events.push(ruleEvent(held, 'reached', nowMs));
    }
  }
  for (let at = watch.held.length - 1; at >= 0; at--) {
    const held = watch.held[at] as Demand;
    if (held.serial === watch.serial) continue;
    watch.held.splice(at, 1);
    if (held.toldMs !== ABSENT) events.push(ruleEvent(held, 'over', nowMs));
  }
};
