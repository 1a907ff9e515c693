/** What is counted of each event. Sees all events, also those whose log lines are held back. */
import { CGROUP_CONDITIONS, CGROUP_RULE_OUTCOMES } from '../core/cgroup-event.ts';
import {
  DETECTORS,
  type Finding,
  LEVELS,
  NO_ACTION_REASONS,
  type StampedEvent,
  VERIFY_VERDICTS,
} from '../core/event.ts';
import { HOLDER_KINDS } from '../core/holder.ts';
import { LIVELOCK_CLASSES } from '../core/livelock.ts';
import { DRILL_OUTCOMES } from '../core/own-process-event.ts';
import { createDyingMetrics } from './dying-metrics.ts';
import { setMode } from './frame-metrics.ts';
import { type Instruments, known } from './instruments.ts';
import { createKillMetrics } from './kill-metrics.ts';
import { createLadderMetrics } from './ladder-metrics.ts';

/** Words that control itself chooses are labels as they are; this bounds what a fault there could do. */
const WORD = /^[a-z0-9][a-z0-9_./-]{0,63}$/i;
const WORD_LIMIT = 64;

const ERRNO_NAMES = new Map([
  [1, 'EPERM'],
  [3, 'ESRCH'],
]);

/** Every combination begins at 0, so that the first increase is one for rate() and alerts. */
const startAtZero = (instruments: Instruments): void => {
  for (const signal of ['TERM', 'KILL']) {
    for (const mode of ['enforce', 'observe']) instruments.add('oomwatchd_signals_total', 0, { signal, mode });
  }
  for (const errno of [...ERRNO_NAMES.values(), 'other'])
    instruments.add('oomwatchd_signal_failures_total', 0, { errno });
  for (const verdict of VERIFY_VERDICTS) instruments.add('oomwatchd_verifications_total', 0, { verdict });
  for (const each of LIVELOCK_CLASSES.slice(1)) instruments.add('oomwatchd_livelocks_total', 0, { class: each });
  for (const reason of NO_ACTION_REASONS) instruments.add('oomwatchd_no_action_total', 0, { reason });
  for (const kind of HOLDER_KINDS) instruments.set('oomwatchd_held_bytes', 0, { kind });
  for (const result of ['success', 'failure']) instruments.add('oomwatchd_config_reloads_total', 0, { result });
  for (const result of DRILL_OUTCOMES) instruments.add('oomwatchd_drills_total', 0, { result });
  for (const condition of CGROUP_CONDITIONS) instruments.add('oomwatchd_cgroup_conditions_total', 0, { condition });
  for (const outcome of CGROUP_RULE_OUTCOMES) instruments.add('oomwatchd_cgroup_rules_total', 0, { outcome });
  for (const detector of DETECTORS) {
    for (const level of ['term', 'kill']) instruments.add('oomwatchd_detections_total', 0, { detector, level });
  }
};

/** Gives a function that counts one event. */
export const createEventMetrics = (instruments: Instruments): ((event: StampedEvent) => void) => {
  const findings = new Map<string, Finding['status']>();
  const sources = new Set<string>();
  const countDying = createDyingMetrics(instruments);
  const countLadder = createLadderMetrics(instruments);
  const countKill = createKillMetrics(instruments);

  startAtZero(instruments);

  const bounded = (word: string, seen: { has(word: string): boolean; size: number }): string =>
    seen.has(word) || (seen.size < WORD_LIMIT && WORD.test(word)) ? word : 'other';

  const configure = (event: { configHash: string; mode: 'observe' | 'enforce'; timeMs: number }): void => {
    instruments.clear('oomwatchd_config_info');
    instruments.set('oomwatchd_config_info', 1, { hash: WORD.test(event.configHash) ? event.configHash : 'other' });
    instruments.set('oomwatchd_config_last_reload_successful', 1);
    instruments.set('oomwatchd_config_last_reload_success_timestamp_seconds', event.timeMs / 1000);
    setMode(instruments, event.mode);
  };

  const find = (finding: Finding): void => {
    const name = bounded(finding.name, findings);
    const before = findings.get(name);
    if (before !== undefined) instruments.set('oomwatchd_finding', undefined, { name, status: before });
    const status = finding.status === 'ok' || finding.status === 'warn' ? finding.status : 'fatal';
    findings.set(name, status);
    instruments.set('oomwatchd_finding', 1, { name, status });
  };

  const countSignal = (event: Extract<StampedEvent, { kind: 'signal' }>): void => {
    // sent is false in observe mode, but also where a refused pidfd_open(2) left nothing to send through.
    const mode = event.sent || event.errno !== 0 ? 'enforce' : 'observe';
    instruments.add('oomwatchd_signals_total', 1, { signal: event.signal === 'KILL' ? 'KILL' : 'TERM', mode });
    instruments.observe('oomwatchd_verdict_to_signal_seconds', event.sinceVerdictMs / 1000);
    if (event.errno === 0) return;
    instruments.add('oomwatchd_signal_failures_total', 1, { errno: ERRNO_NAMES.get(event.errno) ?? 'other' });
  };

  const countLevel = (event: Extract<StampedEvent, { kind: 'level' }>): void => {
    if (LEVELS.indexOf(event.to) <= LEVELS.indexOf(event.from)) return;
    if (event.to !== 'term' && event.to !== 'kill') return;
    for (const detector of event.detectors) {
      instruments.add('oomwatchd_detections_total', 1, { detector: known(detector, DETECTORS), level: event.to });
    }
  };

  const hold = ({ holders }: Extract<StampedEvent, { kind: 'holders' }>): void => {
    for (const kind of HOLDER_KINDS) {
      // A size that is no number must not take those of the others with it.
      const sizes = holders.filter((holder) => holder.kind === kind && holder.sizeKiB > 0);
      const kib = sizes.reduce((sum, { sizeKiB }) => sum + sizeKiB, 0);
      instruments.set('oomwatchd_held_bytes', kib * 1024, { kind });
    }
  };

  const drill = (result: string, durationMs: number, timeMs: number): void => {
    instruments.add('oomwatchd_drills_total', 1, { result });
    if (result === 'not_calm') return;
    instruments.set('oomwatchd_drill_last_successful', Number(result === 'passed'));
    instruments.set('oomwatchd_drill_duration_seconds', durationMs / 1000);
    if (result === 'passed') instruments.set('oomwatchd_drill_last_success_timestamp_seconds', timeMs / 1000);
  };

  return (event) => {
    countKill(event);
    switch (event.kind) {
      case 'started':
        return configure(event);
      case 'policy_loaded':
        instruments.add('oomwatchd_config_reloads_total', 1, { result: 'success' });
        return configure(event);
      case 'policy_rejected':
        instruments.add('oomwatchd_config_reloads_total', 1, { result: 'failure' });
        return instruments.set('oomwatchd_config_last_reload_successful', 0);
      case 'rehearsed':
        return drill(event.ok ? 'passed' : 'failed', event.durationMs, event.timeMs);
      case 'drilled':
        return drill(known(event.outcome, DRILL_OUTCOMES), event.durationMs, event.timeMs);
      case 'finding':
        return find(event.finding);
      case 'source': {
        const source = bounded(event.name, sources);
        sources.add(source);
        const isAbsent = !event.up && event.fault === false;
        instruments.set('oomwatchd_source_absent', isAbsent ? 1 : undefined, { source });
        return instruments.set('oomwatchd_source_up', isAbsent ? undefined : Number(event.up), { source });
      }
      case 'signal':
        return countSignal(event);
      case 'level':
        return countLevel(event);
      case 'verify': {
        if (event.verdict === null) return;
        return instruments.add('oomwatchd_verifications_total', 1, { verdict: known(event.verdict, VERIFY_VERDICTS) });
      }
      case 'no_action':
        return instruments.add('oomwatchd_no_action_total', 1, { reason: known(event.reason, NO_ACTION_REASONS) });
      case 'holders':
        return hold(event);
      case 'episode_started':
        return instruments.add('oomwatchd_episodes_total', 1);
      case 'episode_ended':
        return instruments.add('oomwatchd_returned_bytes_total', event.returnedKiB * 1024);
      case 'ranked':
        instruments.observe('oomwatchd_scan_processes', event.scanned);
        return instruments.observe('oomwatchd_scan_duration_seconds', event.scanMs / 1000);
      case 'cgroup': {
        if (!event.holds) return;
        const condition = known(event.condition, CGROUP_CONDITIONS);
        return instruments.add('oomwatchd_cgroup_conditions_total', 1, { condition });
      }
      case 'cgroup_rule': {
        const outcome = known(event.outcome, CGROUP_RULE_OUTCOMES);
        return instruments.add('oomwatchd_cgroup_rules_total', 1, { outcome });
      }
      case 'stall':
        return instruments.add('oomwatchd_stall_warnings_total', 1);
      case 'livelock': {
        if (event.stage !== 'begins') return;
        return instruments.add('oomwatchd_livelocks_total', 1, { class: known(event.class, LIVELOCK_CLASSES) });
      }
      case 'late':
        return instruments.observe('oomwatchd_late_tick_seconds', event.lateMs / 1000);
      case 'sysrq':
      case 'restored':
      case 'last_resort':
        return countLadder(event);
      default:
        // What is left after that is for people, or counted by control itself and in the frame.
        return countDying(event);
    }
  };
};
