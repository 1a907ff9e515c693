/** Metrics of what happened, counted from control's events, and of what became of them in the report process. */
import type { MetricRow } from './metric-row.ts';

/** From "hardly noticed" to "the machine hung"; the mark between well and ill is 1 s. */
const LATENESS_S = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
/** A scan with open descriptors takes milliseconds, one that must allocate in a thrashing kernel took 16 s. */
const SCAN_S = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];
/** From a container to a host of many thousand processes. */
const SCANNED = [10, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 25_000];
/** Some 15 ms for 100 MiB; what takes more than a second waits for mmap_lock. */
const REAP_S = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

export const OCCURRENCE_METRICS = {
  oomwatchd_signals_total: {
    type: 'counter',
    help: 'Signals to victims; mode="observe" counts those that would have been sent.',
    labels: ['signal', 'mode'],
  },
  oomwatchd_outcomes_total: {
    type: 'counter',
    help: 'Victims by the verdict on them, their last signal, its first reason and the class of livelock then; a combination is absent until it happens.',
    labels: ['signal', 'reason', 'class', 'verdict'],
  },
  oomwatchd_would_have_killed_total: {
    type: 'counter',
    help: 'Victims that mode enforce would have signalled, once each in an episode; other: by a rule for a cgroup.',
    labels: ['reason'],
  },
  oomwatchd_signal_failures_total: { type: 'counter', help: 'Signals that the kernel refused.', labels: ['errno'] },
  oomwatchd_verifications_total: {
    type: 'counter',
    help: 'Judgements on victims after the signal.',
    labels: ['verdict'],
  },
  oomwatchd_no_action_total: { type: 'counter', help: 'Shortages without a signal, by reason.', labels: ['reason'] },
  oomwatchd_held_bytes: {
    type: 'gauge',
    help: 'Memory that no death returns, by who holds it, while it makes a shortage; kinds overlap (a cgroup is charged for a tmpfs).',
    labels: ['kind'],
  },
  oomwatchd_episodes_total: { type: 'counter', help: 'Episodes of shortage, counted when they begin.' },
  oomwatchd_returned_bytes_total: { type: 'counter', help: 'Memory that came back in episodes that have ended.' },
  oomwatchd_detections_total: {
    type: 'counter',
    help: 'Rises of the level, by the detectors behind them.',
    labels: ['detector', 'level'],
  },
  oomwatchd_late_tick_seconds: {
    type: 'histogram',
    help: 'Lateness of the ticks that were later than the configured limit.',
    buckets: LATENESS_S,
  },
  oomwatchd_scan_duration_seconds: {
    type: 'histogram',
    help: 'Duration of the scans that ranked candidates.',
    buckets: SCAN_S,
  },
  oomwatchd_scan_processes: {
    type: 'histogram',
    help: 'Processes that the scans which ranked candidates looked at.',
    buckets: SCANNED,
  },
  oomwatchd_verdict_to_signal_seconds: {
    type: 'histogram',
    help: 'From the start of the tick that brought the verdict to the return of the system call.',
    buckets: SCAN_S,
  },

  oomwatchd_victims: {
    type: 'gauge',
    help: 'Dying processes that are followed now, by stage and by the time since they were killed.',
    labels: ['life', 'age'],
  },
  oomwatchd_victim_oldest_seconds: {
    type: 'gauge',
    help: 'Time since the oldest of them was killed, 0 while there is none.',
  },
  oomwatchd_victims_total: {
    type: 'counter',
    help: 'Stages that dying processes have come to, by who killed them.',
    labels: ['killed_by', 'life'],
  },
  oomwatchd_victims_delayed_total: {
    type: 'counter',
    help: 'Dying processes that did not go, by the reason that was found.',
    labels: ['reason'],
  },
  oomwatchd_reaps_total: {
    type: 'counter',
    help: 'Calls of process_mrelease(2), by what they came to.',
    labels: ['result'],
  },
  oomwatchd_reaped_bytes_total: { type: 'counter', help: 'Memory that process_mrelease(2) gave back.' },
  oomwatchd_reap_seconds: { type: 'histogram', help: 'Duration of the calls of process_mrelease(2).', buckets: REAP_S },
  oomwatchd_remedies_total: {
    type: 'counter',
    help: 'Remedies for what blocks a victim or a cgroup, by what their writes came to; withheld: no memory to spare.',
    labels: ['remedy', 'result'],
  },
  oomwatchd_remedy_effects_total: {
    type: 'counter',
    help: 'What remedies brought.',
    labels: ['remedy', 'effect'],
  },
  oomwatchd_kernel_kills_total: {
    type: 'counter',
    help: "Kills of the kernel's own OOM killer, once a victim.",
    labels: ['scope'],
  },
  oomwatchd_kernel_notes_total: {
    type: 'counter',
    help: 'Records of the kernel log that tell of trouble with memory.',
    labels: ['note'],
  },
  oomwatchd_kernel_kills_unseen_total: {
    type: 'counter',
    help: 'Kills that the kernel counted and no record told of.',
  },
  oomwatchd_kernel_records_unread_total: {
    type: 'counter',
    help: 'Records of the kernel log that could not be read, within 10 s of a kill that the kernel counted and no record told of.',
  },
  oomwatchd_kill_bursts_total: { type: 'counter', help: 'Times that the kernel killed more than once in a second.' },
  oomwatchd_forced_total: {
    type: 'counter',
    help: 'Forced selections (kill-now, SIGUSR2), by what they came to.',
    labels: ['by', 'outcome'],
  },

  oomwatchd_cgroup_conditions_total: {
    type: 'counter',
    help: 'Lines about cgroups that are short of memory within their own limits, one a minute while it lasts.',
    labels: ['condition'],
  },
  oomwatchd_cgroup_rules_total: {
    type: 'counter',
    help: 'Lines about rules for cgroups, by what they came to.',
    labels: ['outcome'],
  },
  oomwatchd_rung: {
    type: 'gauge',
    help: '1 for the highest rung of the ladder that the present episode has reached.',
    labels: ['rung'],
  },
  oomwatchd_sysrq_total: {
    type: 'counter',
    help: 'Presses of SysRq-f by the ladder, and what became of all presses.',
    labels: ['outcome'],
  },
  oomwatchd_oom_score_adj_left_total: {
    type: 'counter',
    help: 'Processes whose oom_score_adj was changed for a press and could not be put back.',
  },
  oomwatchd_last_resorts_total: { type: 'counter', help: 'Last resorts that were taken.', labels: ['action'] },

  oomwatchd_notices_total: {
    type: 'counter',
    help: 'Notices to commands, webhooks, terminals and owners, by what came of them.',
    labels: ['kind', 'result'],
  },
  oomwatchd_drills_total: {
    type: 'counter',
    help: 'Kills of a child of ours for trial, at start and by schedule; not_calm: put off.',
    labels: ['result'],
  },
  oomwatchd_drill_last_successful: { type: 'gauge', help: '0 while the last of them has failed.' },
  oomwatchd_drill_duration_seconds: { type: 'gauge', help: 'Duration of the last of them.' },
  oomwatchd_drill_last_success_timestamp_seconds: {
    type: 'gauge',
    help: 'When a rehearsal passed last, Unix time; absent while none has.',
  },

  oomwatchd_textfile_writes_total: {
    type: 'counter',
    help: 'Writes of the file for the textfile collector of node_exporter.',
    labels: ['result'],
  },
  oomwatchd_log_lines_lost_total: { type: 'counter', help: 'Log lines that could not be written.' },
  oomwatchd_log_lines_suppressed_total: { type: 'counter', help: 'Log lines held back by the rate limit.' },
  oomwatchd_channel_skipped_bytes_total: { type: 'counter', help: 'Bytes from control that belonged to no frame.' },
  oomwatchd_channel_bad_frames_total: { type: 'counter', help: 'Frames from control that could not be used.' },
  oomwatchd_report_faults_total: { type: 'counter', help: 'Faults of the report process that it went on after.' },
} as const satisfies Record<string, MetricRow>;
