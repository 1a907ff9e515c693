/**
 * What control hands to the report process when it starts it: the read end of the pipe as a descriptor and one JSON
 * text in the environment. Both sides take the names from here.
 */
import type { ReportPolicy } from '../core/policy.ts';

/** Descriptor of the pipe's read end in the report process. */
export const REPORT_FD = 3;

/** Descriptor of the write end of the pipe in which the report process asks for a drill, see control/drill-requests.ts. */
export const REQUEST_FD = 4;

/** Name of the environment variable that holds the JSON of a ReportStart. */
export const REPORT_ENV = 'OOMWATCHD_REPORT';

export interface ReportStart {
  readonly version: string;
  readonly mode: 'observe' | 'enforce';
  /** Longest time between two ticks in milliseconds (policy.pace.maxMs): silence is only judged beyond it. */
  readonly paceMaxMs: number;
  readonly policy: ReportPolicy;
  /** REQUEST_FD is there. Absent: control is of an older version, and that number may be anything. */
  readonly takesRequests?: true;
}
