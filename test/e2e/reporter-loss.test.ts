/** The report process may die, hang or be cut off from its log: a kill must not depend on it, and nothing told is lost. */
import { closeSync, readSync, writeSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createPipe, until } from '../report/pipe.ts';
import { startChild } from './child.ts';
import {
  cleanUp,
  type Daemon,
  type LogLine,
  ready,
  skipUnlessEnforcing,
  startDaemon,
  startEnforcing,
  writeConfig,
} from './daemon.ts';

afterEach(cleanUp);

const ONE_KILL = 'act: { kills_per_minute: 1 }\n';

/** The running daemon gets marks that are always reached. */
const raiseMarks = (daemon: Daemon, exe: string): void => {
  writeConfig({ mode: 'enforce', level: 'kill', only: [exe], act: ONE_KILL });
  process.kill(daemon.pid, 'SIGHUP');
};

const reporterOf = (daemon: Daemon, not = -1): Promise<number> =>
  until(() => {
    const pid = daemon.reporterPid();
    return pid > 0 && pid !== not && pid;
  }, 20_000);

describe('the reporter', () => {
  beforeEach(skipUnlessEnforcing);

  test('killed: it is started again, control goes on, and what happened meanwhile is in the log', async () => {
    const hog = await startChild({ program: 'hog', mib: 48 });
    const config = writeConfig({ mode: 'enforce', level: 'none', only: [hog.exe] });
    const daemon = await ready(await startEnforcing(config, [hog.pid]));
    const before = await daemon.metric('oomwatchd_ticks_total', (ticks) => ticks > 1);
    const reporter = await reporterOf(daemon);
    process.kill(reporter, 'SIGKILL');
    raiseMarks(daemon, hog.exe);
    expect(await hog.ended()).toBe('SIGKILL');

    expect(await daemon.line('signal')).toMatchObject({ signal: 'KILL', sent: true });
    expect(await daemon.line('reporter', (line) => line['state'] === 'exited')).toMatchObject({
      detail: 'exit SIGKILL',
    });
    expect(await reporterOf(daemon, reporter)).toBeGreaterThan(0);
    expect(await daemon.metric('oomwatchd_reporter_restarts_total', (n) => n > 0)).toBe(1);
    expect(await daemon.metric('oomwatchd_ticks_total')).toBeGreaterThan(before);
    expect(await daemon.metric('oomwatchd_events_dropped_total')).toBe(0);
    expect((await daemon.http('/readyz')).status).toBe(200);
  });

  test('stopped, with a log that nobody reads: the kill happens, and is told when they are back', async () => {
    const log = createPipe();
    const filler = Buffer.alloc(4096, 0x20);
    for (;;) {
      try {
        writeSync(log.writeFd, filler);
      } catch {
        break;
      }
    }
    const hog = await startChild({ program: 'hog', mib: 48 });
    const config = writeConfig({ mode: 'enforce', level: 'none', only: [hog.exe] });
    const daemon = await ready(await startEnforcing(config, [hog.pid], { stdout: log.writeFd }));
    closeSync(log.writeFd);
    const reporter = await reporterOf(daemon);
    // Control and the reporter of a full log answer scrapes; then the reporter is stopped altogether.
    await daemon.metric('oomwatchd_ticks_total', (ticks) => ticks > 0);
    process.kill(reporter, 'SIGSTOP');
    try {
      raiseMarks(daemon, hog.exe);
      expect(await Promise.race([hog.ended(), new Promise((resolve) => setTimeout(resolve, 10_000, 'too late'))])).toBe(
        'SIGKILL',
      );
    } finally {
      process.kill(reporter, 'SIGCONT');
    }
    let text = '';
    const chunk = Buffer.alloc(65_536);
    const signal = await until(() => {
      try {
        const length = readSync(log.readFd, chunk);
        text += chunk.toString('utf8', 0, length);
      } catch {
        // Empty for the moment.
      }
      const line = text.split('\n').find((each) => each.includes('"event":"signal"') && each.endsWith('}'));
      return line === undefined ? undefined : (JSON.parse(line.trim()) as LogLine);
    }, 20_000);
    closeSync(log.readFd);
    expect(signal).toMatchObject({ signal: 'KILL', sent: true, victim: { pid: hog.pid } });
    expect(signal['since_verdict_ms']).toBeLessThan(1000);
  });
});

describe('observing without a report address', () => {
  test('the log alone tells everything', async () => {
    const hog = await startChild({ program: 'hog', mib: 8 });
    const config = writeConfig({ mode: 'observe', level: 'kill', only: [hog.exe], listen: 'off' });
    const daemon = await ready(startDaemon(config));
    expect(await daemon.line('signal')).toMatchObject({ sent: false });
    expect(daemon.lines('report_listening')).toEqual([]);
    expect(hog.isAlive()).toBe(true);
  });
});
