/** The report process put together: pipe -> drain -> log, metrics, health; HTTP beside it. Ends with its pipe. */
import { Socket } from 'node:net';
import { hostname } from 'node:os';
import { REPORT_FD, type ReportStart } from '../channel/report-start.ts';
import { createDrain } from './drain.ts';
import { createHealth } from './health.ts';
import { type HostFacts, readHostFacts } from './host-facts.ts';
import { createHttp } from './http.ts';
import { createIncidents } from './incident/store/incident-store.ts';
import { createLogger } from './logger.ts';
import { createMetrics } from './metrics.ts';
import type { Note } from './notes.ts';
import { openHttp } from './open-http.ts';
import { createRecorder } from './recorder/recorder.ts';
import { createPages } from './status/pages.ts';
import type { StatusSources } from './status/sources.ts';
import { createStatus } from './status/status.ts';
import { startTelling } from './telling.ts';
import { keepTextfile } from './textfile.ts';

const STDOUT_FD = 1;
/** After SIGTERM the last events of control are still to come; it closes the pipe when it has sent them. */
const TERM_GRACE_MS = 1000;
/** For all that is to be done at the end. Control gives 2 s from the end of the pipe on, and a busy host needs some of them. */
const END_LIMIT_MS = 1300;
/** Of these for an incident that is going on to be written down: the disk that it waits for may be what is short. */
const INCIDENT_LIMIT_MS = 500;
/** A terminal or `systemctl kill` signals the whole group. HUP and INT mean control; USR1 would start Node's debugger. */
const IGNORED_SIGNALS = ['SIGHUP', 'SIGINT', 'SIGUSR1', 'SIGUSR2'] as const;

const messageOf = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error));

/** Runs until the pipe ends. `earlyNotes` is what happened before there was a log. */
export const serve = (start: ReportStart, earlyNotes: readonly Note[]): void => {
  const logger = createLogger(start.policy, STDOUT_FD, process.env);
  const health = createHealth(start, () => performance.now());
  const metrics = createMetrics(start, health, () => ({
    linesLost: logger.linesLost,
    linesSuppressed: logger.linesSuppressed,
    skippedBytes: drain.skippedBytes,
    badFrames: drain.badFrames,
    faults: drain.faults,
  }));
  const { version, mode, policy } = start;
  const recorder = createRecorder(Date.now);
  let hostFacts: HostFacts | undefined;
  const incidents = createIncidents({
    ...{ policy: policy.incidents, version, mode, recorder, note: logger.note },
    host: () => hostFacts,
  });
  const { notices, duties } = startTelling(start, { logger, metrics, health, incidents });
  const told = [notices, duties].filter((each) => each !== undefined);
  const sources: StatusSources = { recorder, incidents, ...(duties === undefined ? {} : { schedules: duties }) };
  const host = hostname();
  const status = createStatus({ start, health, sources, host, timeMs: Date.now });
  // The recorder first: a report is made of what it has.
  const drain = createDrain([logger, metrics, health, recorder, incidents, status, ...told], (error) =>
    logger.note({ kind: 'bug', error: messageOf(error) }),
  );
  for (const note of earlyNotes) logger.note(note);
  void incidents.start();

  const pages = createPages(status, sources, () => performance.now());
  const stopListening = openHttp(
    start.policy,
    (secrets) => createHttp(metrics, health, { pages, secrets, hostName: host }),
    logger.note,
  );
  const textfile = keepTextfile({
    path: start.policy.textfile,
    render: metrics.render,
    tell: logger.note,
    wrote: metrics.wrote,
    nowMs: () => performance.now(),
  });
  void readHostFacts().then((facts) => {
    hostFacts = facts;
    metrics.host(facts);
  });

  /** Whether nothing hangs. */
  const wrapUp = async (): Promise<boolean> => {
    const begunMs = performance.now();
    const isRemoved = textfile.stop(END_LIMIT_MS);
    // The log after the incident, which has a line in it.
    const isWritten = await incidents.close(INCIDENT_LIMIT_MS);
    const isLogged = await logger.close(END_LIMIT_MS - (performance.now() - begunMs));
    if (await isRemoved) return isWritten && isLogged;
    // Prometheus would take its old numbers for those of a daemon that runs. Last, as it may wait for ever.
    textfile.removeNow();
    return false;
  };

  let isFinishing = false;
  const finish = (exitCode: number): void => {
    if (isFinishing) return;
    isFinishing = true;
    stopListening();
    duties?.stop();
    notices?.close();
    wrapUp().then(
      (isFree) => {
        // Exiting joins the threads of the pool, and one blocked in a write to a full pipe or a dead disk would hold us for ever.
        if (!isFree) process.kill(process.pid, 'SIGKILL');
        process.exit(exitCode);
      },
      () => {
        textfile.removeNow();
        process.exit(1);
      },
    );
  };

  for (const signal of IGNORED_SIGNALS) process.on(signal, () => {});
  process.on('SIGTERM', () => setTimeout(finish, TERM_GRACE_MS, 0));
  process.on('uncaughtException', (error) => {
    logger.note({ kind: 'bug', error: messageOf(error) });
    finish(1);
  });

  const pipe = new Socket({ fd: REPORT_FD, readable: true, writable: false });
  pipe.on('data', (chunk: Buffer) => drain.push(chunk));
  pipe.on('error', (error) => {
    logger.note({ kind: 'pipe_failed', error: error.message });
    finish(1);
  });
  pipe.on('close', () => finish(0));
};
