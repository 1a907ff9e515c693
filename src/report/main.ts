/**
 * Entry of the report process, started by control as `node dist/report/main.js` with the pipe as descriptor 3 and a
 * ReportStart in the environment. Imports the rest only after it has given up control's protection, which it inherits.
 */
import { writeFileSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';
import { REPORT_ENV, type ReportStart } from '../channel/report-start.ts';
import type { Note } from './notes.ts';

/** EX_USAGE of sysexits.h: nobody but control is meant to start this. */
const EX_USAGE = 64;

/**
 * The reporter must be killable, or a leak in it would cost the host what control is there to save. Raising
 * oom_score_adj needs no privilege (proc_pid_oom_score_adj(5)).
 */
const giveUpProtection = (): Note[] => {
  try {
    writeFileSync('/proc/self/oom_score_adj', '0');
    return [];
  } catch (error) {
    return [{ kind: 'unprotect_failed', error: error instanceof Error ? error.message : String(error) }];
  }
};

/**
 * Control's niceness is for control: what a scraper or a flood has this process do must not be done at -20. To become nicer
 * needs no privilege (setpriority(2)).
 */
const giveUpPriority = (): void => {
  if (getPriority() < 0) setPriority(0);
};

const readStart = (): ReportStart | undefined => {
  try {
    const start: ReportStart = JSON.parse(process.env[REPORT_ENV] ?? '');
    return typeof start?.policy?.listen === 'string' && typeof start.paceMaxMs === 'number' ? start : undefined;
  } catch {
    // Not started by control; the caller says so.
    return undefined;
  }
};

const earlyNotes = giveUpProtection();
giveUpPriority();
process.title = 'oomwatchd-report';
const start = readStart();
if (start === undefined) {
  const { NOT_STARTED_BY_CONTROL } = await import('./notes.ts');
  process.stderr.write(NOT_STARTED_BY_CONTROL);
  process.exitCode = EX_USAGE;
} else {
  const { serve } = await import('./serve.ts');
  serve(start, earlyNotes);
}
