/** What the report process says about itself, in its log and in its HTTP answers. Same rules as wording.ts. */
import { count, span } from './amount.ts';
import { type NoticeNote, noticeNoteSentence } from './notice-wording.ts';
import { ownDetail as detail } from './sentence.ts';
import type { Line } from './wording.ts';

export type Note =
  | { kind: 'listening'; address: string; port?: number }
  | { kind: 'listen_failed'; address: string; error: string; retryMs: number }
  | { kind: 'listen_invalid'; address: string }
  | { kind: 'textfile_failed'; path: string; directory: string; error: string }
  | { kind: 'access_failed'; file: string; error: string; hasOld: boolean; retryMs: number }
  | { kind: 'access_renewed' }
  | { kind: 'lines_lost'; lines: number; error: string }
  | { kind: 'suppressed'; what: string; lines: number; seconds: number }
  | { kind: 'incident_written'; id: string; title: string; file: string }
  | { kind: 'incidents_unwritable'; directory: string; error: string }
  | { kind: 'incidents_unreadable'; directory: string; count: number; id: string; error: string }
  | { kind: 'unprotect_failed'; error: string }
  | { kind: 'pipe_failed'; error: string }
  | { kind: 'bug'; error: string }
  | NoticeNote;

const sentence = (note: Note): readonly [Line['level'], string] => {
  switch (note.kind) {
    case 'listening':
      return ['info', `metrics and health on ${detail(note.address)}`];
    case 'listen_failed':
      return [
        'error',
        `cannot listen on ${detail(note.address)} (${detail(note.error)}), next try in ${span(note.retryMs)}`,
      ];
    case 'listen_invalid':
      return ['error', `no metrics and health: "${detail(note.address)}" is not an address`];
    case 'textfile_failed':
      return [
        'error',
        `cannot write ${detail(note.path)} (${detail(note.error)}): metrics for the textfile collector are missing or old; the user of the report process needs to write to ${detail(note.directory)}, and the unit needs a ReadWritePaths= for it (systemd/textfile.conf)`,
      ];
    case 'access_failed':
      return [
        'error',
        `report.http: ${detail(note.file)} ${detail(note.error)}; ${note.hasOld ? 'the old one stays in use' : 'nothing listens until it can be used'}, next try in ${span(note.retryMs)}`,
      ];
    case 'access_renewed':
      return ['info', 'report.http: the token or certificate has changed and is in use'];
    case 'lines_lost':
      return ['warn', `lost ${count(note.lines, 'log line')} that could not be written (${detail(note.error)})`];
    case 'suppressed':
      return [
        'warn',
        `${count(note.lines, 'more line')} like "${detail(note.what)}" suppressed within ${note.seconds} s`,
      ];
    case 'incident_written':
      return ['info', `incident ${note.id}: ${detail(note.title)}; its report is ${detail(note.file)}`];
    case 'incidents_unwritable':
      return [
        'warn',
        `incident reports stay in memory, the last few of them: ${detail(note.directory)} cannot be written to (${detail(note.error)}); ` +
          'remedy: systemd-tmpfiles --create oomwatchd.conf makes it, or name another in report.incidents.directory',
      ];
    case 'incidents_unreadable':
      return [
        'warn',
        `${count(note.count, 'incident report')} in ${detail(note.directory)} cannot be read, the first is ${detail(note.id)} (${detail(note.error)})`,
      ];
    case 'unprotect_failed':
      return ['warn', `the report process keeps the oom_score_adj of control (${detail(note.error)})`];
    case 'pipe_failed':
      return ['error', `the pipe from control failed (${detail(note.error)})`];
    case 'bug':
      return ['error', `fault in the report process: ${detail(note.error)}`];
    default:
      return noticeNoteSentence(note);
  }
};

/** The log line for a note. */
export const noteLine = (note: Note): Line => {
  const [level, msg] = sentence(note);
  const { kind: _, ...fields } = note;
  const safe = Object.entries(fields).map(([name, value]) => [name, typeof value === 'string' ? detail(value) : value]);
  return { level, msg, fields: Object.fromEntries(safe) };
};

/** Why /healthz answers 503. `ageMs` is undefined when nothing has ever arrived. */
export const unhealthyReason = (ageMs: number | undefined, limitMs: number): string =>
  ageMs === undefined
    ? 'control has sent no numbers yet'
    : `no numbers from control for ${span(ageMs)} (limit ${span(limitMs)}): it is stuck, stopped or starved`;

export const NOT_READY = 'control has not finished starting';
export const NOT_FOUND = 'not found; there are /, /api/status, /metrics, /healthz and /readyz\n';
export const NO_FILE = 'is no regular file';
export const TOO_LARGE = 'is too large for what it should hold';
export const OPEN_TO_OTHERS = 'may be used by everybody on this host: chmod 640';
export const NO_TOKEN = 'holds no token of 16 characters or more: openssl rand -base64 32 makes one';
export const NOT_READABLE = (code: string): string =>
  `cannot be read by the user of report.user (${code}): chgrp it to that user's group, chmod 640`;
export const INCIDENT_GONE = 'no such incident is kept\n';
export const UNAUTHORIZED =
  'this needs the token of report.http.token_file: "Authorization: Bearer TOKEN", or TOKEN as password of any user\n';
export const FOREIGN_NAME =
  'this page names processes and is given only to who asks by an address, "localhost" or the name of this host\n';
export const NO_BODY = 'no body is taken\n';
export const TOO_OFTEN = 'asked too often, once a second is enough\n';
export const TOO_MUCH_UNREAD = 'too many answers are waiting to be read, try again\n';
export const METHOD_NOT_ALLOWED = 'only GET and HEAD\n';
export const INTERNAL_ERROR = 'the answer could not be made\n';
export const NOT_STARTED_BY_CONTROL = 'this is the report process, which oomwatchd starts itself\n';
