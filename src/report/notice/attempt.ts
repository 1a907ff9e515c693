/** What one attempt to deliver a notice came to. */

export interface Attempt {
  readonly result: 'ok' | 'failed' | 'timeout';
  /** Printable, and without secrets: no address, no header, no body of an answer. */
  readonly detail: string;
  /** May go better another time: not before so many milliseconds. Absent: it never will. */
  readonly retryAfterMs?: number;
}
