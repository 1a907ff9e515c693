import { mkdtempSync, openSync, readFileSync, readSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { OomwatchdEvent } from '../../src/core/event.ts';
import type { ReportPolicy } from '../../src/core/policy.ts';
import { createLogger, type Logger } from '../../src/report/logger.ts';
import { prettyLine, wantsColour } from '../../src/report/pretty.ts';
import { lineOf } from '../../src/report/wording.ts';
import { signal, stamped, verify, victim } from './events.ts';
import { createPipe, until } from './pipe.ts';
import { REPORT_POLICY } from './policy.ts';

const logged = async (policy: Partial<ReportPolicy>, use: (logger: Logger) => void): Promise<string[]> => {
  const path = join(mkdtempSync(join(tmpdir(), 'oomwatchd-log-')), 'log');
  const logger = createLogger({ ...REPORT_POLICY, ...policy }, openSync(path, 'w'), {});
  use(logger);
  expect(await logger.close(5000)).toBe(true);
  return readFileSync(path, 'utf8').split('\n').slice(0, -1);
};

const late: OomwatchdEvent = { kind: 'late', lateMs: 1200, majorFaults: 14 };

describe('the log', () => {
  test('is JSON lines with the time of the event', async () => {
    const [line, ...rest] = await logged({}, (logger) => logger.event(stamped(late)));
    expect(rest).toEqual([]);
    expect(JSON.parse(line ?? '')).toEqual({
      level: 'warn',
      time: '2026-11-22T19:45:00.250Z',
      monotonic_ms: 60_000,
      event: 'late',
      late_ms: 1200,
      major_faults: 14,
      msg: 'a tick came 1.2 s late; 14 own major faults so far',
    });
  });

  test('leaves out what is below the level asked for', async () => {
    const events = (logger: Logger): void => {
      logger.event(stamped({ ...verify, verdict: null }));
      logger.event(stamped(verify));
      logger.event(stamped(signal));
    };
    expect(await logged({ logLevel: 'debug' }, events)).toHaveLength(3);
    expect(await logged({}, events)).toHaveLength(2);
    expect(await logged({ logLevel: 'warn' }, events)).toHaveLength(1);
    expect(await logged({ logLevel: 'error' }, events)).toHaveLength(0);
  });

  test('cannot be flooded by one sort of event, and says what it held back', async () => {
    const lines = await logged({}, (logger) => {
      for (let i = 0; i < 1000; i++) logger.event(stamped(late));
      for (let i = 0; i < 1000; i++) logger.note({ kind: 'bug', error: 'x' });
      logger.event(stamped({ kind: 'stopping', signal: 'SIGTERM' }));
      expect(logger.linesSuppressed).toBe(2 * 980);
    });
    expect(lines).toHaveLength(20 + 20 + 1 + 2);
    expect(JSON.parse(lines.at(-2) ?? '')).toMatchObject({ event: 'report_suppressed', what: 'late', lines: 980 });
  });

  test('does not lose a victim of ours, or a dire word of the kernel, among what strangers can cause', async () => {
    const theirs = { ...victim, killedBy: 'other' } as const;
    const note = (name: 'allocation_failure' | 'no_killable'): OomwatchdEvent => ({
      kind: 'kernel_note',
      note: name,
      text: '',
    });
    const lines = await logged({}, (logger) => {
      for (let i = 0; i < 100; i++) logger.event(stamped({ ...theirs, pid: 5000 + i }));
      for (let i = 0; i < 100; i++) logger.event(stamped(note('allocation_failure')));
      logger.event(stamped(victim));
      logger.event(stamped(note('no_killable')));
    });
    const told = lines.map((line) => JSON.parse(line)).filter(({ event }) => event !== 'report_suppressed');
    expect(told).toHaveLength(20 + 20 + 2);
    expect(told.at(-2)).toMatchObject({ event: 'victim', pid: victim.pid, killed_by: 'oomwatchd' });
    expect(told.at(-1)).toMatchObject({ event: 'kernel_note', note: 'no_killable' });
  });

  test('never holds back a signal that was sent', async () => {
    const lines = await logged({}, (logger) => {
      for (let i = 0; i < 100; i++) logger.event(stamped(signal));
    });
    expect(lines).toHaveLength(100);
  });

  test('tells later that lines were lost', async () => {
    const { readFd, writeFd } = createPipe(0);
    const logger = createLogger(REPORT_POLICY, writeFd, {});
    for (let i = 0; i < 5000; i++) logger.event(stamped(signal));
    expect(logger.linesLost).toBeGreaterThan(0);
    const lost = logger.linesLost;
    let text = '';
    const buffer = Buffer.alloc(1 << 20);
    await until(() => {
      try {
        text += buffer.toString('utf8', 0, readSync(readFd, buffer));
      } catch {
        // Nothing to read at the moment.
      }
      return text.includes('report_lines_lost') && text.endsWith('\n');
    });
    const told = JSON.parse(text.split('\n').find((line) => line.includes('report_lines_lost')) ?? '');
    expect(told).toMatchObject({ level: 'warn', lines: lost, error: 'the reader is too slow' });
    expect(await logger.close(1000)).toBe(true);
  });

  test('survives a time that is none', async () => {
    const lines = await logged({}, (logger) => logger.event({ ...stamped(late), timeMs: 1e300 }));
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ time: 'invalid' });
  });
});

describe('the readable form', () => {
  const line = lineOf(stamped(late));

  test('is what was asked for, without colour where nobody sees it', async () => {
    const lines = await logged({ logFormat: 'pretty' }, (logger) => logger.event(stamped(late)));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^\d\d:\d\d:00\.250 WARN {2}a tick came 1\.2 s late/);
  });

  test('colours the level only', () => {
    expect(prettyLine(line, 0, true)).toContain('\x1b[33mWARN \x1b[0m a tick came');
    expect(prettyLine(line, Number.NaN, false)).toMatch(/^--:--:--\.--- WARN/);
  });

  test('honours NO_COLOR and a dumb terminal', () => {
    expect(wantsColour(true, {})).toBe(true);
    expect(wantsColour(false, {})).toBe(false);
    expect(wantsColour(true, { NO_COLOR: '1' })).toBe(false);
    expect(wantsColour(true, { NO_COLOR: '' })).toBe(true);
    expect(wantsColour(true, { TERM: 'dumb' })).toBe(false);
  });
});
