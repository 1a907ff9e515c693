/** The built report process with a real pipe (npm run build makes it). */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdtempSync, openSync, readdirSync, readFileSync, writeSync } from 'node:fs';
import { getPriority, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { signal, stamped, started } from './events.ts';
import { parseExposition } from './exposition.ts';
import { eventFrame } from './frames.ts';
import { type Pipe, until } from './pipe.ts';
import {
  cleanUp,
  exitOf,
  fds,
  gauges,
  get,
  MAIN,
  newPipe,
  portOf,
  START_MS,
  sample,
  send,
  startReporter,
  TEST_MS,
} from './reporter.ts';

/** undefined: the pipe is full for a moment, as it may be for control. */
const trySend = (pipe: Pipe, frame: Buffer): number | undefined => {
  try {
    return writeSync(pipe.writeFd, frame);
  } catch {
    return undefined;
  }
};

afterEach(cleanUp);

describe('the report process', { timeout: TEST_MS }, () => {
  test('gives up protection, has its name, logs, serves and ends with the pipe', async () => {
    const pipe = newPipe();
    const reporter = startReporter(pipe);
    const port = await portOf(reporter);
    expect(readFileSync(`/proc/${reporter.pid}/oom_score_adj`, 'utf8').trim()).toBe('0');
    expect(getPriority(reporter.pid)).toBeGreaterThanOrEqual(0);
    expect(readFileSync(`/proc/${reporter.pid}/comm`, 'utf8').trim()).toBe('oomwatchd-repor');

    expect((await get(port, '/healthz')).status).toBe(503);
    expect((await get(port, '/readyz')).status).toBe(503);
    send(pipe, eventFrame(stamped(started)), gauges({ ticks: 5, tickLateMaxMs: 250 }), eventFrame(stamped(signal)));
    expect(await sample(port, 'oomwatchd_ticks_total')).toBe(5);
    expect(await sample(port, 'oomwatchd_tick_late_max_seconds')).toBe(0.25);
    expect(await sample(port, 'oomwatchd_signals_total{signal="KILL",mode="enforce"}')).toBe(1);
    expect((await get(port, '/healthz')).status).toBe(200);
    expect((await get(port, '/readyz')).status).toBe(200);
    expect(await reporter.line('signal')).toMatchObject({
      level: 'warn',
      time: '2026-11-22T19:45:00.250Z',
      msg: 'SIGKILL to java (pid 4711, tomcat.service, 2.3 GiB): MemAvailable 48 MiB is below the kill mark',
    });

    send(pipe, eventFrame(stamped({ kind: 'stopping', signal: 'SIGTERM' })));
    closeSync(pipe.writeFd);
    expect(await exitOf(reporter)).toEqual([0, null]);
    expect(reporter.lines().at(-1)).toMatchObject({ event: 'stopping' });
  });

  test('writes the textfile, tells what the host is in it, and removes it at the end', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'oomwatchd-process-'));
    const textfile = join(folder, 'oomwatchd.prom');
    const pipe = newPipe();
    const reporter = startReporter(pipe, { textfile });
    const port = await portOf(reporter);
    const families = parseExposition(
      await until(() => existsSync(textfile) && readFileSync(textfile, 'utf8'), START_MS),
    );
    expect([...families.keys()]).toContain('oomwatchd_build_info');
    expect(await sample(port, 'oomwatchd_textfile_writes_total{result="ok"}')).toBe(1);
    const host = await until(async () => {
      const { body } = await get(port, '/metrics');
      return /^oomwatchd_host_info\{.*\} 1$/m.exec(body)?.[0];
    }, START_MS);
    expect(host).toContain(`kernel="${release()}"`);
    closeSync(pipe.writeFd);
    expect(await exitOf(reporter)).toEqual([0, null]);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('a textfile that cannot be written costs one line, not the metrics', async () => {
    const pipe = newPipe();
    const reporter = startReporter(pipe, { textfile: '/proc/oomwatchd.prom' });
    expect(await reporter.line('report_textfile_failed')).toMatchObject({ level: 'error', directory: '/proc' });
    const port = await portOf(reporter);
    expect(await sample(port, 'oomwatchd_textfile_writes_total{result="failed"}')).toBe(1);
    closeSync(pipe.writeFd);
    expect(await exitOf(reporter)).toEqual([0, null]);
  });

  test('one that dies in the middle of a frame is followed by one that finds its way', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'oomwatchd-process-'));
    const socket = join(folder, 'http.sock');
    const pipe = newPipe();
    const first = startReporter(pipe, { listen: `unix:${socket}` });
    const frame = eventFrame(stamped(signal));
    send(pipe, gauges({ ticks: 1 }), frame.subarray(0, 100));
    await sample(socket, 'oomwatchd_ticks_total');
    first.child.kill('SIGKILL');
    await exitOf(first);

    send(pipe, frame.subarray(100), eventFrame(stamped(signal)), gauges({ ticks: 2, reporterRestarts: 1 }));
    const second = startReporter(pipe, { listen: `unix:${socket}` });
    expect(await sample(socket, 'oomwatchd_ticks_total', (ticks) => ticks === 2)).toBe(2);
    expect(await sample(socket, 'oomwatchd_channel_skipped_bytes_total')).toBe(frame.length - 100);
    expect(second.lines().filter((line) => line.event === 'signal')).toHaveLength(1);
    expect((await get(socket, '/readyz')).status).toBe(200);
  });

  test('a log pipe that is closed costs lines, not the metrics', async () => {
    const pipe = newPipe();
    const reporter = startReporter(pipe);
    const port = await portOf(reporter);
    reporter.child.stdout?.destroy();
    send(pipe, eventFrame(stamped(signal)));
    expect(await sample(port, 'oomwatchd_log_lines_lost_total', (lost) => lost > 0)).toBe(1);
    send(pipe, gauges({ ticks: 7 }));
    expect(await sample(port, 'oomwatchd_ticks_total')).toBe(7);
    closeSync(pipe.writeFd);
    expect(await exitOf(reporter)).toEqual([0, null]);
  });

  test('a full disk costs lines, not the metrics', async () => {
    const pipe = newPipe();
    const socket = join(mkdtempSync(join(tmpdir(), 'oomwatchd-process-')), 'http.sock');
    const full = openSync('/dev/full', 'w');
    fds.push(full);
    const reporter = startReporter(pipe, { listen: `unix:${socket}` }, full);
    send(pipe, eventFrame(stamped(signal)), gauges({ ticks: 7 }));
    expect(await sample(socket, 'oomwatchd_ticks_total')).toBe(7);
    closeSync(pipe.writeFd);
    expect(await exitOf(reporter)).toEqual([0, null]);
  });

  test('a log pipe that nobody reads stops neither the metrics nor the end', async () => {
    const pipe = newPipe();
    const log = newPipe(0);
    const socket = join(mkdtempSync(join(tmpdir(), 'oomwatchd-process-')), 'http.sock');
    const reporter = startReporter(pipe, { listen: `unix:${socket}` }, log.writeFd);
    await sample(socket, 'oomwatchd_build_info{version="0.1.0",node_version="'.concat(process.versions.node, '"}'));
    for (let i = 0; i < 400; i++) await until(() => trySend(pipe, eventFrame(stamped(signal))), START_MS);
    expect(await sample(socket, 'oomwatchd_signals_total{signal="KILL",mode="enforce"}', (n) => n === 400)).toBe(400);
    closeSync(pipe.writeFd);
    // A thread is held in write(2): only a signal ends such a process.
    expect(await exitOf(reporter)).toEqual([null, 'SIGKILL']);
  });

  test('the textfile goes though every thread of the pool hangs', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'oomwatchd-process-'));
    const textfile = join(folder, 'oomwatchd.prom');
    const pipe = newPipe();
    const log = newPipe(0);
    const reporter = startReporter(pipe, { textfile }, log.writeFd, { UV_THREADPOOL_SIZE: '1' });
    await until(() => existsSync(textfile), START_MS);
    // The rest of its log, a pipe that nobody reads, does not fit.
    for (let i = 0; i < 400; i++) await until(() => trySend(pipe, eventFrame(stamped(signal))), START_MS);
    closeSync(pipe.writeFd);
    expect(await exitOf(reporter)).toEqual([null, 'SIGKILL']);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('signals to the whole group do not end it; SIGTERM does after a time for the last events', async () => {
    const pipe = newPipe();
    const reporter = startReporter(pipe);
    const port = await portOf(reporter);
    for (const name of ['SIGHUP', 'SIGINT', 'SIGUSR1', 'SIGUSR2'] as const) process.kill(reporter.pid, name);
    await new Promise((resolve) => setTimeout(resolve, 100));
    send(pipe, gauges({ ticks: 3 }));
    expect(await sample(port, 'oomwatchd_ticks_total')).toBe(3);
    const begun = Date.now();
    process.kill(reporter.pid, 'SIGTERM');
    await new Promise((resolve) => setTimeout(resolve, 300));
    send(pipe, eventFrame(stamped({ kind: 'stopping', signal: 'SIGTERM' })));
    expect(await exitOf(reporter)).toEqual([0, null]);
    expect(Date.now() - begun).toBeGreaterThan(900);
    expect(reporter.lines().at(-1)).toMatchObject({ event: 'stopping' });
  });

  test('hostile names reach neither log nor metrics as they are', async () => {
    const pipe = newPipe();
    const reporter = startReporter(pipe, { logFormat: 'pretty' }, 'pipe');
    let text = '';
    reporter.child.stdout?.on('data', (chunk) => {
      text += chunk;
    });
    const victim = { ...signal.victim, comm: '\x1b[2Jx\nINFO y', unit: '\r\n"' };
    send(pipe, eventFrame(stamped({ ...signal, victim })));
    await until(() => text.includes('SIGKILL'), START_MS);
    expect(text).toContain('SIGKILL to "\\x1b[2Jx\\nINFO y" (pid 4711, "\\x0d\\n\\"", 2.3 GiB)');
    for (const line of text.split('\n').slice(0, -1)) expect(line).toMatch(/^\d\d:\d\d:\d\d\.\d{3} /);
  });

  test('started by hand it says what it is and leaves', async () => {
    const child = spawn(process.execPath, [MAIN], { stdio: ['ignore', 'ignore', 'pipe'], env: {} });
    let text = '';
    child.stderr.on('data', (chunk) => {
      text += chunk;
    });
    await once(child, 'close');
    expect(child.exitCode).toBe(64);
    expect(text).toContain('report process');
  });
});
