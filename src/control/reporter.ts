/**
 * The life of the report process: started unprivileged with the read end of the pipe, started again with back-off when it
 * ends. The pipe belongs to control and outlives it, so what was told meanwhile is not lost.
 */
import { REPORT_ENV, REPORT_FD, REQUEST_FD, type ReportStart } from '../channel/report-start.ts';
import type { OomwatchdEvent } from '../core/event.ts';
import { type Launch, supervise } from './supervise.ts';

export interface ReporterOptions {
  /** Path of report/main.js. */
  readonly script: string;
  readonly readFd: number;
  /** Write end of the pipe for requests. */
  readonly requestFd?: number;
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

/** 50,000 events took the reporter's RSS to 111 MiB without these, to 68 MiB with them. */
const NODE_FLAGS = ['--max-old-space-size=48', '--max-semi-space-size=2'];

export const superviseReporter = (options: ReporterOptions): Reporter => {
  let { start } = options;
  const launch = (): Launch => {
    const stdio: ('ignore' | 'inherit' | number)[] = ['ignore', 'inherit', 'inherit'];
    stdio[REPORT_FD] = options.readFd;
    const { requestFd } = options;
    if (requestFd !== undefined) stdio[REQUEST_FD] = requestFd;
    const told: ReportStart = requestFd === undefined ? start : { ...start, takesRequests: true };
    const { uid, gid } = start.policy;
    return { args: [...NODE_FLAGS, options.script], stdio, env: { [REPORT_ENV]: JSON.stringify(told) }, uid, gid };
  };
  const { restart, pid, stop } = supervise({
    launch,
    isCalm: options.isCalm,
    tell: (state, detail) => options.publish({ kind: 'reporter', state, detail }),
    restarted: options.restarted,
  });
  return {
    restart: (next) => {
      start = next;
      restart();
    },
    pid,
    stop,
  };
};
