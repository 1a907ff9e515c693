/** The part of the table of metrics that is about processes which die, whoever killed them; same rules as metric-table.ts. */

/** Some 15 ms for 100 MiB; what takes more than a second waits for mmap_lock. */
const REAP_S = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

export const DEATH_METRICS = {
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
} as const;
