/** Starts the built report process with a real pipe, as control does, and looks at it from outside. Needs dist/. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, writeSync } from 'node:fs';
import { request } from 'node:http';
import { expect } from 'vitest';
import type { Gauge } from '../../src/channel/gauges.ts';
import { REPORT_ENV, type ReportStart } from '../../src/channel/report-start.ts';
import type { ReportPolicy } from '../../src/core/policy.ts';
import { parseExposition, sampleOf } from './exposition.ts';
import { gaugeFrame } from './frames.ts';
import { createPipe, type Pipe, until } from './pipe.ts';
import { REPORT_POLICY } from './policy.ts';

export const MAIN = new URL('../../dist/report/main.js', import.meta.url).pathname;

interface LogLine {
  readonly event: string;
  readonly port: number;
}

export interface Reporter {
  readonly child: ChildProcess;
  readonly pid: number;
  /** Log lines so far. */
  lines(): LogLine[];
  line(event: string): Promise<LogLine>;
}

/** Most that a process of node takes to start, or to answer, while the machine is busy. */
export const START_MS = 60_000;
/** For tests that start some of them. */
export const TEST_MS = 4 * START_MS;

const running: Reporter[] = [];
export const fds: number[] = [];

/** For afterEach: ends the reporters and closes the pipes of one test. */
export const cleanUp = (): void => {
  for (const { child } of running.splice(0)) if (child.exitCode === null) child.kill('SIGKILL');
  for (const fd of fds.splice(0)) {
    try {
      closeSync(fd);
    } catch {
      // The test has closed it itself.
    }
  }
};

export const newPipe = (writeFlags?: number): Pipe => {
  const pipe = createPipe(writeFlags);
  fds.push(pipe.readFd, pipe.writeFd);
  return pipe;
};

const startWith = (policy: Partial<ReportPolicy>): string =>
  JSON.stringify({
    version: '0.1.0',
    mode: 'enforce',
    paceMaxMs: 1000,
    policy: { ...REPORT_POLICY, listen: '127.0.0.1:0', ...policy },
  } satisfies ReportStart);

export const startReporter = (
  pipe: Pipe,
  policy: Partial<ReportPolicy> = {},
  stdout: 'pipe' | number = 'pipe',
  environment: NodeJS.ProcessEnv = {},
  /** Shell that becomes the program "$0" with its argument "$1". */
  become = 'exec "$0" "$1"',
): Reporter => {
  // A negative adjustment needs privilege; another one shows the same.
  const protect =
    '{ echo -500 >/proc/$$/oom_score_adj || echo 300 >/proc/$$/oom_score_adj; } 2>/dev/null; renice -n -5 -p $$ >/dev/null 2>&1';
  const child = spawn('sh', ['-c', `${protect}; ${become}`, process.execPath, MAIN], {
    stdio: ['ignore', stdout, 'inherit', pipe.readFd],
    env: { ...process.env, ...environment, [REPORT_ENV]: startWith(policy) },
  });
  let text = '';
  child.stdout?.on('data', (chunk) => {
    text += chunk;
  });
  const lines = (): LogLine[] =>
    text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line));
  const reporter: Reporter = {
    child,
    pid: child.pid ?? -1,
    lines,
    line: (event) => until(() => lines().find((line) => line.event === event), START_MS),
  };
  running.push(reporter);
  return reporter;
};

export const get = async (target: number | string, path: string): Promise<{ status: number; body: string }> => {
  const where = typeof target === 'string' ? { socketPath: target } : { host: '127.0.0.1', port: target };
  const sent = request({ ...where, path, agent: false });
  sent.end();
  const [response] = await once(sent, 'response');
  let body = '';
  for await (const chunk of response) body += chunk;
  return { status: response.statusCode, body };
};

export const portOf = async (reporter: Reporter): Promise<number> => (await reporter.line('report_listening')).port;

/** A sample once it is there. */
export const sample = (
  target: number | string,
  name: string,
  wanted: (value: number) => boolean = () => true,
): Promise<number> =>
  until(async () => {
    const answer = await get(target, '/metrics').catch(() => undefined);
    const value = answer && sampleOf(parseExposition(answer.body), name);
    return value !== undefined && wanted(value) ? value : undefined;
  }, START_MS);

export const send = (pipe: Pipe, ...frames: Buffer[]): void => {
  for (const frame of frames) expect(writeSync(pipe.writeFd, frame)).toBe(frame.length);
};

export const gauges = (values: Partial<Record<Gauge, number>>): Buffer =>
  gaugeFrame({ reporterRestarts: 0, ...values });

export const exitOf = async ({ child }: Reporter): Promise<[number | null, NodeJS.Signals | null]> => {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return [child.exitCode, child.signalCode];
};
