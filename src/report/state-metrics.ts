/** Metrics of how things stand: the program itself, and the numbers of control's frames. */
import { TICK_DURATION_MS, TICK_LATENESS_MS } from '../channel/tick-buckets.ts';
import type { MetricRow } from './metric-row.ts';

const inSeconds = (boundsMs: readonly number[]): readonly number[] => boundsMs.map((ms) => ms / 1000);

export const STATE_METRICS = {
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
  oomwatchd_source_up: {
    type: 'gauge',
    help: '0 while a source of numbers that is needed, or was there, cannot be read.',
    labels: ['source'],
  },
  oomwatchd_source_absent: {
    type: 'gauge',
    help: '1 while the host lacks a source that is not needed; oomwatchd_source_up has no sample of it then.',
    labels: ['source'],
  },

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
  oomwatchd_tick_late_seconds: { type: 'gauge', help: 'How late the last tick had read the host.' },
  oomwatchd_tick_late_max_seconds: {
    type: 'gauge',
    help: 'How late a tick had read the host at worst since control started.',
  },
  oomwatchd_tick_duration_seconds: { type: 'gauge', help: 'Duration of the last tick.' },
  oomwatchd_tick_lateness_seconds: {
    type: 'histogram',
    help: 'How late ticks had read the host, all of them; counted by control, also while the reporter does not run.',
    buckets: inSeconds(TICK_LATENESS_MS),
    isCounted: true,
  },
  oomwatchd_tick_seconds: {
    type: 'histogram',
    help: 'Duration of ticks, all of them, by a clock of whole milliseconds; counted by control.',
    buckets: inSeconds(TICK_DURATION_MS),
    isCounted: true,
  },
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
} as const satisfies Record<string, MetricRow>;
