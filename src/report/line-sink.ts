/**
 * Writes log lines to a descriptor that may be slow, full or gone, without ever stopping this process: one asynchronous
 * write at a time (a full pipe then blocks a thread of the pool and not the event loop, and no O_NONBLOCK is set on a
 * descriptor that control shares), a bounded queue behind it, and a count of what was lost.
 */
import { write } from 'node:fs';

export interface LineSink {
  /** Takes one line with its newline; it is written later or counted as lost. */
  write(line: string): void;
  /** Resolves when all is written or nothing more can be within `limitMs`; tells whether the descriptor is free. */
  close(limitMs: number): Promise<boolean>;
  readonly linesLost: number;
  /** Why lines were lost last, as an errno name or a few words. */
  readonly lastError: string;
  /** Whether a line given now would probably be written: the last write went well and the queue has room. */
  readonly isWell: boolean;
}

interface LineSinkOptions {
  readonly fd: number;
  /** Most characters that wait to be written: enough for an incident, small beside the process. */
  readonly queueLimit?: number;
  readonly retryMs?: number;
}

const QUEUE_LIMIT = 1 << 20;
/** Bytes of one write: lines are put together up to here, so that a burst is not one system call a line. */
const BATCH_LIMIT = 32 << 10;
const RETRY_MS = 200;
const TOO_SLOW = 'the reader is too slow';

/** Errors that pass without our doing: keep the lines. Anything else (EPIPE, EIO, EBADF) loses what was to be written. */
const MAY_PASS = new Set(['EAGAIN', 'EWOULDBLOCK', 'EINTR', 'ENOSPC', 'EDQUOT']);

export const createLineSink = (options: LineSinkOptions): LineSink => {
  const { fd, queueLimit = QUEUE_LIMIT, retryMs = RETRY_MS } = options;
  const queue: string[] = [];
  let queued = 0;
  let batch: Buffer | undefined;
  let batchLines = 0;
  let written = 0;
  let isTorn = false;
  let isWriting = false;
  let linesLost = 0;
  let lastError = '';
  let hasFailed = false;
  let retry: NodeJS.Timeout | undefined;
  let onIdle: (() => void) | undefined;

  const lose = (lines: number, error: string): void => {
    linesLost += lines;
    lastError = error;
  };

  const nextBatch = (): Buffer | undefined => {
    // A line that was cut off by a full disk must not swallow the next one.
    let text = isTorn ? '\n' : '';
    batchLines = 0;
    while (queue.length > 0 && text.length < BATCH_LIMIT) {
      text += queue.shift() ?? '';
      batchLines++;
    }
    queued -= text.length - (isTorn ? 1 : 0);
    return batchLines === 0 ? undefined : Buffer.from(text);
  };

  const onError = (code: string): void => {
    hasFailed = true;
    if (!MAY_PASS.has(code)) {
      lose(batchLines, code);
      isTorn ||= written > 0;
      batch = undefined;
    } else lastError = code;
    retry = setTimeout(pump, retryMs);
  };

  const onWritten = (bytes: number): void => {
    hasFailed = false;
    written += bytes;
    if (batch !== undefined && written >= batch.length) {
      batch = undefined;
      isTorn = false;
    }
    pump();
  };

  const pump = (): void => {
    retry = undefined;
    if (batch === undefined) {
      batch = nextBatch();
      written = 0;
    }
    if (batch === undefined) {
      onIdle?.();
      return;
    }
    isWriting = true;
    write(fd, batch, written, batch.length - written, null, (error, bytes) => {
      isWriting = false;
      if (error) onError(error.code ?? 'EIO');
      else onWritten(bytes);
    });
  };

  return {
    write: (line) => {
      if (queued + line.length > queueLimit) {
        lose(1, hasFailed ? lastError : TOO_SLOW);
        return;
      }
      queue.push(line);
      queued += line.length;
      if (!isWriting && retry === undefined) pump();
    },
    close: (limitMs) =>
      new Promise((resolve) => {
        const timer = setTimeout(() => onIdle?.(), limitMs);
        onIdle = () => {
          clearTimeout(timer);
          clearTimeout(retry);
          resolve(!isWriting);
        };
        if (!isWriting && retry === undefined) pump();
      }),
    get linesLost() {
      return linesLost;
    },
    get lastError() {
      return lastError;
    },
    get isWell() {
      return !hasFailed && queued < queueLimit / 2;
    },
  };
};
