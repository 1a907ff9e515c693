/**
 * The life of the report process: started unprivileged with the read end of the pipe, started again with back-off when it
 * ends. The pipe belongs to control and outlives it, so what was told meanwhile is not lost.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { REPORT_ENV, REPORT_FD, type ReportStart } from '../channel/report-start.ts';
import type { OomwatchdEvent } from '../core/event.ts';

export interface ReporterOptions {
  /** Path of report/main.js. */
  readonly script: string;
  readonly readFd: number;
  readonly start: ReportStart;
  /** May be spawned now: spawning forks and loads files, which an emergency must not wait for. */
  readonly isCalm: () => boolean;
  readonly publish: (event: OomwatchdEvent) => void;
  /** A new one runs and remembers nothing: what stays true must be told again. */
  readonly restarted: () => void;
}

export interface Reporter {
  /** Takes a changed configuration over by starting anew. */
  restart(start: ReportStart): void;
  pid(): number;
  /** Ends it after it has read the pipe empty; resolves when it is gone or after `graceMs`. */
  stop(graceMs: number): Promise<void>;
}

const FIRST_BACK_OFF_MS = 1000;
const LONGEST_BACK_OFF_MS = 30_000;
/** Having run this long, the next failure is a new one. */
const STABLE_MS = 60_000;

/** 50,000 events took the reporter's RSS to 111 MiB without these, to 68 MiB with them. */
const NODE_FLAGS = ['--max-old-space-size=48', '--max-semi-space-size=2'];

/** No NOTIFY_SOCKET, WATCHDOG_USEC or NODE_OPTIONS: those are between the service manager and control. */
const keptEnvironment = (): NodeJS.ProcessEnv => {
  const kept: NodeJS.ProcessEnv = {};
  for (const name of ['PATH', 'TZ', 'LANG', 'TERM', 'NO_COLOR']) {
    const value = process.env[name];
    if (value !== undefined) kept[name] = value;
  }
  return kept;
};

export const superviseReporter = (options: ReporterOptions): Reporter => {
  let child: ChildProcess | null = null;
  let timer: NodeJS.Timeout | null = null;
  let backOffMs = FIRST_BACK_OFF_MS;
  let start = options.start;
  let stopping = false;
  let launches = 0;
  let restarting = false;

  const launchLater = (): void => {
    timer = setTimeout(launch, backOffMs);
    backOffMs = Math.min(LONGEST_BACK_OFF_MS, backOffMs * 2);
  };

  const launch = (): void => {
    timer = null;
    if (!options.isCalm()) {
      timer = setTimeout(launch, FIRST_BACK_OFF_MS);
      return;
    }
    const startedMs = performance.now();
    const { uid, gid } = start.policy;
    const stdio: ('ignore' | 'inherit' | number)[] = ['ignore', 'inherit', 'inherit'];
    stdio[REPORT_FD] = options.readFd;
    let process_: ChildProcess;
    try {
      process_ = spawn(process.execPath, [...NODE_FLAGS, options.script], {
        stdio,
        env: { ...keptEnvironment(), [REPORT_ENV]: JSON.stringify(start) },
        ...(process.getuid?.() === 0 && uid >= 0 ? { uid, gid } : {}),
      });
    } catch (error) {
      // ENOMEM, EAGAIN, E2BIG: spawn throws them. Control goes on without a reporter, and tries again.
      options.publish({ kind: 'reporter', state: 'exited', detail: (error as Error).message });
      launchLater();
      return;
    }
    child = process_;
    process_.once('error', (error) => options.publish({ kind: 'reporter', state: 'exited', detail: error.message }));
    process_.once('close', (code, signal) => {
      if (child === process_) child = null;
      if (stopping) return;
      const detail = restarting ? 'configuration changed' : `exit ${code ?? signal}`;
      options.publish({ kind: 'reporter', state: 'exited', detail });
      if (performance.now() - startedMs >= STABLE_MS) backOffMs = FIRST_BACK_OFF_MS;
      if (restarting) {
        restarting = false;
        backOffMs = FIRST_BACK_OFF_MS;
        timer = setTimeout(launch, 0);
      } else launchLater();
    });
    options.publish({ kind: 'reporter', state: 'started', detail: `pid ${process_.pid ?? 'none'}` });
    if (launches++ > 0) options.restarted();
  };
  launch();

  return {
    restart: (next) => {
      start = next;
      restarting = child !== null;
      child?.kill('SIGTERM');
    },
    pid: () => child?.pid ?? -1,
    stop: (graceMs) =>
      new Promise((resolve) => {
        stopping = true;
        if (timer !== null) clearTimeout(timer);
        if (child === null) {
          resolve();
          return;
        }
        const dying = child;
        const deadline = setTimeout(() => dying.kill('SIGKILL'), graceMs);
        dying.once('close', () => {
          clearTimeout(deadline);
          resolve();
        });
      }),
  };
};
