/** What every command shares: exit numbers (sysexits.h where one fits) and the default configuration file. */

export const EXIT = {
  OK: 0,
  /** The command did its work and the answer is "no": doctor found enforcing unsafe, explain found no such process. */
  NEGATIVE: 1,
  USAGE: 64,
  UNAVAILABLE: 69,
  SOFTWARE: 70,
  CONFIG: 78,
} as const;

export const DEFAULT_CONFIG = '/etc/oomwatchd/config.yaml';

/** Where changed oom_score_adj are written down before: a directory of memory, made by systemd/oomwatchd.tmpfiles. */
export const JOURNAL_PATH = '/run/oomwatchd/oom_score_adj.journal';
