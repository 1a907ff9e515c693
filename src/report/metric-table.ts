/**
 * Every metric: name, type, help, labels. Base units (seconds, bytes) and names as Prometheus wants them; label values
 * are enumerated words or facts of the program itself, never names of processes, so that no stranger can grow the set.
 */

import { DEATH_METRICS } from './death-metric-table.ts';

export interface MetricRow {
  readonly type: 'gauge' | 'counter' | 'histogram';
  readonly help: string;
  readonly labels?: readonly string[];
  readonly buckets?: readonly number[];
}

/** From "hardly noticed" to "the machine hung"; the mark between well and ill is 1 s. */
const LATENESS_S = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
/** A scan with open descriptors takes milliseconds, one that must allocate in a thrashing kernel took 16 s. */
const SCAN_S = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];
/** From a container to a host of many thousand processes. */
const SCANNED = [10, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 25_000];

export const METRICS = {
  oomwatchd_build_info: { type: 'gauge', help: 'Version that runs, always 1.', labels: ['version', 'node_version'] },
  oomwatchd_host_info: {
    type: 'gauge',
    help: 'The host, always 1; absent until it is known, a label is empty where it is not.',
    labels: ['kernel', 'distro', 'architecture', 'virtualization'],
  },
  oomwatchd_mode: { type: 'gauge', help: '1 for the mode in force.', labels: ['mode'] },
  oomwatchd_config_info: { type: 'gauge', help: 'Hash of the configuration in force, always 1.', labels: ['hash'] },
  oomwatchd_config_reloads_total: { type: 'counter', help: 'Reloads of the configuration.', labels: ['result'] },
  oomwatchd_config_last_reload_successful: { type: 'gauge', help: '0 while the last reload was rejected.' },
  oomwatchd_config_last_reload_success_timestamp_seconds: {
    type: 'gauge',
    help: 'When the configuration in force was loaded, Unix time.',
  },
  oomwatchd_finding: {
    type: 'gauge',
    help: 'What the check at start found: 1 for the present status of each finding that was told.',
    labels: ['name', 'status'],
  },
  oomwatchd_source_up: { type: 'gauge', help: '0 while a source of numbers cannot be read.', labels: ['source'] },

  oomwatchd_last_sample_age_seconds: { type: 'gauge', help: 'Age of the numbers from control below.' },
  oomwatchd_memory_bytes: { type: 'gauge', help: 'Memory of the host as /proc/meminfo has it.', labels: ['kind'] },
  oomwatchd_swap_bytes: { type: 'gauge', help: 'Swap of the host as /proc/meminfo has it.', labels: ['kind'] },
  oomwatchd_memory_stall_seconds_total: {
    type: 'counter',
    help: 'Time that some or all tasks stalled on memory since boot (PSI total).',
    labels: ['kind'],
  },
  oomwatchd_io_stall_seconds_total: {
    type: 'counter',
    help: 'Time that all tasks stalled on I/O since boot (PSI total).',
    labels: ['kind'],
  },
  oomwatchd_stall_threads: {
    type: 'gauge',
    help: 'Threads that stall in memory allocation, have SIGKILL pending, are exiting, are of OOM victims; 0 while nothing stalls.',
    labels: ['kind'],
  },
  oomwatchd_stall_longest_seconds: {
    type: 'gauge',
    help: 'How long the thread has stalled that has stalled longest, 0 while none does.',
  },
  oomwatchd_stall_warnings_total: { type: 'counter', help: 'Warnings of threads that stalled for long.' },
  oomwatchd_headroom_bytes: { type: 'gauge', help: 'Memory above the term mark, negative below it.' },
  oomwatchd_exhaustion_seconds: {
    type: 'gauge',
    help: 'Time until memory is exhausted at the present slope; absent while it is not shrinking.',
  },
  oomwatchd_level: { type: 'gauge', help: '1 for the present level of shortage.', labels: ['level'] },
  oomwatchd_livelock: {
    type: 'gauge',
    help: '1 while the host, or a cgroup of it, makes no progress; absent while there is no livelock.',
    labels: ['class', 'cause'],
  },
  oomwatchd_livelock_seconds: { type: 'gauge', help: 'How long the present class of livelock has lasted.' },
  oomwatchd_livelocks_total: { type: 'counter', help: 'Livelocks, counted when they begin.', labels: ['class'] },
  oomwatchd_ticks_total: { type: 'counter', help: 'Ticks of the control loop.' },
  oomwatchd_tick_late_seconds: { type: 'gauge', help: 'How late the last tick began.' },
  oomwatchd_tick_late_max_seconds: {
    type: 'gauge',
    help: 'How late a tick has begun at worst since control started.',
  },
  oomwatchd_tick_duration_seconds: { type: 'gauge', help: 'Duration of the last tick.' },
  oomwatchd_control_major_faults_total: { type: 'counter', help: 'Major page faults of the control process.' },
  oomwatchd_control_resident_bytes: { type: 'gauge', help: 'Resident memory of the control process.' },
  oomwatchd_control_locked_bytes: { type: 'gauge', help: 'Locked memory of the control process.' },
  oomwatchd_processes: {
    type: 'gauge',
    help: 'Processes in the index; armed ones have their descriptors held open.',
    labels: ['state'],
  },
  oomwatchd_standby_up: {
    type: 'gauge',
    help: '1 while the second process stands by; absent when the configuration is against it.',
  },
  oomwatchd_rescues_total: {
    type: 'counter',
    help: 'What the second process came to while control was overdue.',
    labels: ['outcome'],
  },
  oomwatchd_events_dropped_total: { type: 'counter', help: 'Events that did not fit into the pipe to the reporter.' },
  oomwatchd_reporter_restarts_total: { type: 'counter', help: 'Restarts of the report process.' },

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

  ...DEATH_METRICS,

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

  oomwatchd_drills_total: { type: 'counter', help: 'Rehearsals of a kill on a child of ours.', labels: ['result'] },
  oomwatchd_drill_last_successful: { type: 'gauge', help: '0 while the last rehearsal has failed.' },
  oomwatchd_drill_duration_seconds: { type: 'gauge', help: 'Duration of the last rehearsal.' },
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

export type MetricName = keyof typeof METRICS;

/** Names of the metrics of one type. */
export type NameOf<T extends MetricRow['type']> = {
  [N in MetricName]: (typeof METRICS)[N]['type'] extends T ? N : never;
}[MetricName];
