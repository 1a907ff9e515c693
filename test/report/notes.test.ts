import { expect, test } from 'vitest';
import { type Note, noteLine } from '../../src/report/notes.ts';

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
  [{ kind: 'pipe_failed', error: 'EIO' }, 'error: the pipe from control failed (EIO)'],
  [{ kind: 'bug', error: 'Error: x\n  at y' }, 'error: fault in the report process: Error: x\\n  at y'],
])('%#', (note, sentence) => {
  const { level, msg, fields } = noteLine(note);
  expect(`${level}: ${msg}`).toBe(sentence);
  expect(fields).not.toHaveProperty('kind');
});
