/** The command line: one table of subcommands and their usage texts. */
import { DEFAULT_CONFIG, JOURNAL_PATH } from './exit.ts';

export interface Command {
  readonly name: string;
  readonly synopsis: string;
  readonly summary: string;
  /** Printed by `oomwatchd NAME --help` below the synopsis. */
  readonly details: string;
  /** Loaded when the command is called: control must never carry the libraries of the others. */
  readonly load: () => Promise<{ run: (argv: readonly string[]) => number | Promise<number> }>;
  readonly hidden?: true;
}

const CONFIG_OPTION = `  --config FILE   configuration to read (default ${DEFAULT_CONFIG}; drop-ins in FILE.d/*.yaml)`;
const CLIENT_OPTION = `  --client-cert FILE, --client-key FILE
                  shown where report.http.client_ca asks for one (default tls_cert and tls_key)`;

export const COMMANDS: readonly Command[] = [
  {
    name: 'run',
    synopsis: 'oomwatchd run [--config FILE] [--observe]',
    summary: 'watch this host; kills nothing unless the configuration says mode: enforce',
    details: `${CONFIG_OPTION}
  --observe       do everything but the last system call, whatever the configuration says

Signals: SIGHUP reads the configuration again, SIGUSR2 is kill-now, SIGTERM and SIGINT end it.
Exit: 0 ended by a signal, 69 enforcing would be unsafe here, 78 configuration refused.`,
    load: () => import('./commands/run.ts'),
  },
  {
    name: 'check',
    synopsis: 'oomwatchd check [--config FILE] [--json]',
    summary: 'validate the configuration and tell every error in it',
    details: `${CONFIG_OPTION}
  --json          print {"ok":BOOL,"errors":[{file,line,column,path,message}]}

Exit: 0 valid, 78 not.`,
    load: () => import('./commands/check.ts'),
  },
  {
    name: 'rank',
    synopsis: 'oomwatchd rank [--config FILE] [--top N] [--json]',
    summary: 'list processes as victims, best first, with points and reasons',
    details: `${CONFIG_OPTION}
  --top N         only the first N lines (default 15; 0 for all)
  --json          print all processes as one JSON object`,
    load: () => import('./commands/rank.ts'),
  },
  {
    name: 'explain',
    synopsis: 'oomwatchd explain [PID] [--as-kernel VERSION] [--config FILE] [--json]',
    summary: 'tell why one process would or would not be chosen, or whom a kernel would choose',
    details: `  --as-kernel VERSION
                  whom that kernel would take now, why, and which correction makes the difference: 4.5, 4.5+patches,
                  any release up to 7.2, or "running"; PID may be left out then
${CONFIG_OPTION}
  --json          print one JSON object

Exit: 0 told, 1 no such process.`,
    load: () => import('./commands/explain.ts'),
  },
  {
    name: 'kill-now',
    synopsis: 'oomwatchd kill-now [--observe] [--sysrq-f] [--reason TEXT] [--config FILE] [--json]',
    summary: 'have the running daemon choose and kill one process now, whatever memory there is',
    details: `  --observe       choose and tell, signal nobody
  --sysrq-f       press SysRq-f instead: the kernel kills, as act.sysrq_f has it and nobody who is protected
  --reason TEXT   why, for the log; at most 200 characters
${CONFIG_OPTION}
                  only its control.socket is used
  --json          print the answer as one JSON object

Exit: 0 done, 1 nobody was chosen or it was refused, 69 no daemon was reached, 78 configuration refused.`,
    load: () => import('./commands/kill-now.ts'),
  },
  {
    name: 'incidents',
    synopsis: 'oomwatchd incidents [list | show ID] [--html | --json] [--config FILE]',
    summary: 'list the reports of past shortages, livelocks and kills, or show one',
    details: `  list            newest first (what it does without a word)
  show ID         one report for reading; "last" is the newest
  --html          the report as the page that it is, for a browser
  --json          the list, or the report, as JSON
${CONFIG_OPTION}
                  only its report.incidents.directory is used

Reads the files itself, so that it also works when the daemon does not run.
Exit: 0 told, 1 no such report, 69 the directory or the report cannot be read, 78 configuration refused.`,
    load: () => import('./commands/incidents.ts'),
  },
  {
    name: 'doctor',
    synopsis: 'oomwatchd doctor [--json] [--config FILE]',
    summary: 'tell what this host lets oomwatchd do, and the remedy for what it does not',
    details: `  --json          print the findings as a JSON array
  --config FILE   whose remedies are looked at; the default file without it

Exit: 0 enforcing is safe, 1 it is not.`,
    load: () => import('./commands/doctor.ts'),
  },
  {
    name: 'status',
    synopsis: 'oomwatchd status [--json] [--check] [--config FILE] [--client-cert FILE --client-key FILE]',
    summary: 'tell what the running daemon sees and would do',
    details: `  --json          print the status document (as GET /api/status does)
  --check         print one line for Nagios or node-problem-detector
${CONFIG_OPTION}
                  only report.listen and report.http are used
${CLIENT_OPTION}

Exit: 0 told, 69 no daemon was reached, 78 configuration refused.
With --check: 0 well; 1 warning (level term, a source that is needed or was there is down, standby process down, reload failed, not ready yet); 2 critical
(level kill, livelock, a stuck victim, control silent, no daemon reached, configuration refused); 3 a state that this version does not know.`,
    load: () => import('./commands/status.ts'),
  },
  {
    name: 'top',
    synopsis: 'oomwatchd top [--interval SECONDS] [--config FILE] [--client-cert FILE --client-key FILE]',
    summary: 'the same, live in the terminal; q quits',
    details: `  --interval SECONDS
                  how often the daemon is asked (default 2, at least 1)
${CONFIG_OPTION}
                  only report.listen and report.http are used
${CLIENT_OPTION}

Without a terminal it prints once. Exit: 0 done, 69 no daemon was reached, 78 configuration refused.`,
    load: () => import('./commands/top.ts'),
  },
  {
    name: 'restore-adj',
    synopsis: 'oomwatchd restore-adj [--journal FILE]',
    summary: 'put oom_score_adj back that a daemon which was killed has left changed (act.sysrq_f: directed)',
    details: `  --journal FILE  what it had written down before it changed anything (default ${JOURNAL_PATH})

Only the very processes of the journal are touched, and a value that somebody else has changed meanwhile stays.
Exit: 0 done or nothing to do, 1 some could not be put back, 69 a daemon runs that does it by itself.`,
    load: () => import('./commands/restore-adj.ts'),
  },
  {
    name: 'standby',
    synopsis: 'oomwatchd standby',
    summary: 'act when the main process does not (started by run)',
    details: 'Not for use by hand.',
    load: () => import('./commands/standby.ts'),
    hidden: true,
  },
  {
    name: 'load-config',
    synopsis: 'oomwatchd load-config [--config FILE]',
    summary: 'print the validated configuration as JSON (used by run)',
    details: CONFIG_OPTION,
    load: () => import('./commands/load-config.ts'),
    hidden: true,
  },
];

export const usage = (): string => {
  const shown = COMMANDS.filter((command) => command.hidden !== true);
  const width = Math.max(...shown.map((command) => command.name.length));
  const lines = shown.map((command) => `  ${command.name.padEnd(width)}  ${command.summary}`);
  return `oomwatchd watches a Linux host for memory exhaustion, thrashing and silent OOM livelock.

Usage: oomwatchd COMMAND [OPTIONS]

${lines.join('\n')}

  --help      this text, or that of a command: oomwatchd COMMAND --help
  --version   the version
`;
};

export const commandUsage = (command: Command): string =>
  `Usage: ${command.synopsis}\n\n${command.summary}\n\n${command.details}\n  --help          this text\n`;
