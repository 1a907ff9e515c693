import { expect, test } from 'vitest';
import { type Note, noteLine } from '../../src/report/notes.ts';
import { TALLIED, type Tallied } from '../../src/report/schedule/tally.ts';

const notice = { kind: 'notice', about: 'signal', to: 'command', name: 'page' } as const;
const NOTHING = Object.fromEntries(TALLIED.map((name) => [name, 0])) as Record<Tallied, number>;

test.each<[Note, string]>([
  [{ kind: 'listening', address: '127.0.0.1:1', port: 1 }, 'info: metrics and health on 127.0.0.1:1'],
  [
    { kind: 'listen_failed', address: '[::1]:1', error: 'EADDRINUSE', retryMs: 500 },
    'error: cannot listen on [::1]:1 (EADDRINUSE), next try in 500 ms',
  ],
  [{ kind: 'listen_invalid', address: 'x' }, 'error: no metrics and health: "x" is not an address'],
  [{ kind: 'lines_lost', lines: 1, error: 'ENOSPC' }, 'warn: lost 1 log line that could not be written (ENOSPC)'],
  [
    { kind: 'suppressed', what: 'late', lines: 2, seconds: 10 },
    'warn: 2 more lines like "late" suppressed within 10 s',
  ],
  [
    { kind: 'unprotect_failed', error: 'EACCES' },
    'warn: the report process keeps the oom_score_adj of control (EACCES)',
  ],
  [
    {
      ...{ kind: 'incident_written', id: '20261125T213412Z-1', file: '/var/lib/é/1.html' },
      title: 'Short of memory: killed "Café"',
    },
    'info: incident 20261125T213412Z-1: Short of memory: killed "Café"; its report is /var/lib/é/1.html',
  ],
  [{ kind: 'pipe_failed', error: 'EIO' }, 'error: the pipe from control failed (EIO)'],
  [{ kind: 'bug', error: 'Error: x\n  at y' }, 'error: fault in the report process: Error: x\\n  at y'],
  [
    { ...notice, result: 'ok', attempts: 1, durationMs: 80, detail: 'exit 0' },
    'info: notice of signal to command page delivered (80 ms)',
  ],
  [
    { ...notice, result: 'timeout', attempts: 5, durationMs: 90_000, detail: 'no answer\nin 10 s' },
    'warn: notice of signal to command page not delivered in 5 attempts: no answer\\nin 10 s',
  ],
  [
    { ...notice, result: 'dropped', attempts: 0, durationMs: 0, detail: '32 notices wait already' },
    'warn: notice of signal to command page dropped: 32 notices wait already',
  ],
  [{ kind: 'summary', hours: 24, figures: NOTHING }, 'info: in the last 24 h: no shortage, nothing was done'],
  [
    { kind: 'summary', hours: 5, figures: { ...NOTHING, kills: 1, shortages: 2 } },
    'info: in 5 of the last 24 h: 1 SIGKILL, 2 shortages',
  ],
  [
    { kind: 'summary', hours: 0, figures: { ...NOTHING, no_action: 3, events_dropped: 1 } },
    'warn: in less than one of the last 24 h: 3 times nothing was done, 1 lost event',
  ],
  [{ kind: 'pruned', reports: 2 }, 'info: 2 incident reports beyond the limits deleted'],
  [{ kind: 'self_check', faults: 'only 3 MiB are left' }, 'warn: self-check: only 3 MiB are left'],
])('%#', (note, sentence) => {
  const { level, msg, fields } = noteLine(note);
  expect(`${level}: ${msg}`).toBe(sentence);
  expect(fields).not.toHaveProperty('kind');
  if ('title' in note) expect(fields).toMatchObject({ title: note.title });
});
