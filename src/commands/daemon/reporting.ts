/** The way from control to report: the pipe, the publisher that writes to it, and the child that reads it. */
import { fileURLToPath } from 'node:url';
import { MAX_FRAME_BYTES } from '../../channel/frame.ts';
import type { ReportStart } from '../../channel/report-start.ts';
import { readDrillRequests } from '../../control/drill-requests.ts';
import type { Publisher } from '../../control/ports.ts';
import { createPublisher, type SlowNumbers } from '../../control/publisher.ts';
import { superviseReporter } from '../../control/reporter.ts';
import type { Policy } from '../../core/policy.ts';
import { errnoName } from '../../linux/sys/errno.ts';
import * as libc from '../../linux/sys/libc.ts';
import { createUnwaited, writesTo } from '../../linux/unwaited.ts';
import { VERSION } from '../../version.ts';

const SCRIPT = fileURLToPath(new URL('../../report/main.js', import.meta.url));

/** Room for some thousand events while the reporter is stopped; the kernel's limit for unprivileged users is 1 MiB. */
const PIPE_BYTES = 2 ** 20;

/** What one turn tells at its worst, and some seconds of numbers, while the pipe gives no page. */
const ROOM_BYTES = 2 ** 16;

/** F_SETPIPE_SZ takes no less; a request is one byte. */
const REQUEST_PIPE_BYTES = 4096;

export interface Reporting extends Publisher {
  readonly slow: SlowNumbers;
  setPolicy(policy: Policy): void;
  /** From now on: `request` is called when the reporter asks for a drill, once an hour at the most. */
  onDrillRequest(request: () => void): void;
  /** Calls on other threads take no fresh memory after this. */
  settle(): Promise<void>;
  /** A frame is under way, perhaps for ever. */
  isWaiting(): boolean;
  close(graceMs: number): Promise<void>;
}

/** koffi takes a page for each of its first calls on other threads. */
const FIRST_CALLS = 8;
const NOTHING = new Uint8Array(1);

const startOf = (policy: Policy): ReportStart => ({
  version: VERSION,
  mode: policy.mode,
  paceMaxMs: policy.pace.maxMs,
  policy: policy.report,
});

const openPipe = (bytes: number): [readFd: number, writeFd: number] => {
  const ends = new Int32Array(2);
  const made = libc.pipeNonBlocking(ends);
  if (made < 0) throw new Error(`pipe2: ${errnoName(made)}`);
  const [readFd, writeFd] = ends as unknown as [number, number];
  libc.setPipeSize(writeFd, bytes);
  return [readFd, writeFd];
};

export const openReporting = (
  policy: Policy,
  nowMs: () => number,
  isCalm: () => boolean,
  mayWait: () => boolean,
  tellAgain: () => void,
): Reporting => {
  const [readFd, writeFd] = openPipe(PIPE_BYTES);
  const pipe = createUnwaited(writesTo(writeFd), mayWait, MAX_FRAME_BYTES, ROOM_BYTES);
  const [requestsFd, requestFd] = openPipe(REQUEST_PIPE_BYTES);
  let closeRequests = (): void => void libc.close(requestsFd);
  const slow: SlowNumbers = { ownRssKiB: -1, known: -1, armed: -1, reporterRestarts: 0, lockedKiB: 0, standbyUp: -1 };
  const publisher = createPublisher({ write: pipe.write, monotonicMs: nowMs, timeMs: Date.now }, slow);
  const reporter = superviseReporter({
    script: SCRIPT,
    readFd,
    requestFd,
    start: startOf(policy),
    isCalm,
    publish: publisher.publish,
    restarted: () => {
      slow.reporterRestarts++;
      publisher.restarted();
      tellAgain();
    },
  });
  let reportPolicy = JSON.stringify(startOf(policy));
  return {
    slow,
    publish: publisher.publish,
    gauges: publisher.gauges,
    setPolicy: (next) => {
      const start = startOf(next);
      if (JSON.stringify(start) === reportPolicy) return;
      reportPolicy = JSON.stringify(start);
      reporter.restart(start);
    },
    onDrillRequest: (request) => {
      closeRequests = readDrillRequests(requestsFd, request).close;
    },
    settle: async () => {
      // A write of nothing to a pipe is none (pipe_write() of fs/pipe.c).
      const write = (): Promise<number> => new Promise((done) => libc.writeAsync(writeFd, NOTHING, 0, done));
      for (let call = 0; call < FIRST_CALLS; call++) await write();
    },
    isWaiting: pipe.isWaiting,
    close: async (graceMs) => {
      await pipe.drained(graceMs);
      closeRequests();
      libc.close(requestFd);
      // The reader sees the end of the pipe only when both of our ends are closed.
      libc.close(writeFd);
      libc.close(readFd);
      await reporter.stop(graceMs);
    },
  };
};
