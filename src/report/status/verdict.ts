/**
 * Whether all is well, in the three words that monitoring knows (Nagios plugins, node-problem-detector): critical is what
 * somebody must look at now, warning what should not stay so. Findings of `doctor` are no part of it: what a host lacks it
 * lacks every day, and an alarm that is always on is none. The same holds for sources that are not needed and were never there.
 */
import { quotedShown } from '../printable.ts';
import type { Problem, Severity, StatusFacts } from './document.ts';
import { PROBLEM_WORDS, type ProblemName } from './status-wording.ts';

type Facts = Pick<StatusFacts, 'daemon' | 'now' | 'victims' | 'sources_down'>;

const SEVERITY: Readonly<Record<ProblemName, Exclude<Severity, 'ok'>>> = {
  // Nobody watches the host.
  control_silent: 'critical',
  // It is about to hang, or does.
  level_kill: 'critical',
  livelock: 'critical',
  // Its memory is not coming back by itself.
  stuck_victim: 'critical',
  level_term: 'warning',
  not_ready: 'warning',
  // It is blind on one eye.
  source_down: 'warning',
  // The settings in force are not those of the file.
  reload_failed: 'warning',
  // Works without, until it matters.
  standby_down: 'warning',
};

/** What is wrong, worst first, in the order of the list above within a severity. */
export const problemsOf = (facts: Facts): Problem[] => {
  const { daemon, now, victims, sources_down: down } = facts;
  const found: Problem[] = [];
  const add = (name: ProblemName, ...detail: string[]): void => {
    found.push({ severity: SEVERITY[name], name, text: PROBLEM_WORDS[name](facts, detail) });
  };
  const age = daemon.sample_age_ms;
  if (age === null || age > daemon.sample_age_limit_ms) add('control_silent');
  else {
    // What is old says nothing about now.
    if (now.level === 'kill') add('level_kill');
    if (now.livelock !== null) add('livelock');
  }
  for (const { comm, pid } of victims.filter(({ life }) => life === 'stuck'))
    add('stuck_victim', `${quotedShown(comm)} (pid ${pid})`);
  if (now.level === 'term' && age !== null && age <= daemon.sample_age_limit_ms) add('level_term');
  if (age !== null && !daemon.is_ready) add('not_ready');
  for (const { name, detail } of down) add('source_down', name, detail);
  if (daemon.reload?.ok === false) add('reload_failed', daemon.reload.errors[0] ?? '');
  if (now.standby_up === false) add('standby_down');
  return found.sort((a, b) => Number(b.severity === 'critical') - Number(a.severity === 'critical'));
};

export const severityOf = (problems: readonly Problem[]): string => problems[0]?.severity ?? 'ok';
