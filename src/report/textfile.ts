/**
 * The metrics as a file for the textfile collector of node_exporter, for hosts without an open port. Written beside and
 * renamed, so that a reader sees one exposition or the other; removed at the end, so that no dead daemon looks alive.
 */
import { rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { freshNameOf, removeLeftovers } from './leftovers.ts';
import type { Note } from './notes.ts';
import { replaceFile } from './replace-file.ts';

/** The usual interval of a scrape; more often nobody would see. */
const EVERY_MS = 15_000;
/** A failure that stays is told again after this: a line now and then, not one a write. */
const TELL_AGAIN_MS = 3_600_000;
/** More kinds of failure than this between two successes are one too many to tell. */
const MOST_ERRORS = 8;
/** node_exporter runs as a user of its own; umask(2) of the unit would keep the file from it. */
const READABLE = 0o644;

export interface TextfileOptions {
  /** "off" or a path that ends in .prom: what does not is not read by the collector, so the new one ends otherwise. */
  readonly path: string;
  readonly render: () => Promise<string>;
  readonly tell: (note: Note) => void;
  readonly wrote: (result: 'ok' | 'failed') => void;
  readonly nowMs: () => number;
  readonly everyMs?: number;
}

export interface Textfile {
  /** Writes no more and removes the file; false when that was not done within `limitMs`. */
  stop(limitMs: number): Promise<boolean>;
  /** Without a thread of the pool: those may all hang, on other disks. Waits as long as the disk of the file does. */
  removeNow(): void;
}

/** Writes at once, and then now and then. */
export const keepTextfile = (options: TextfileOptions): Textfile => {
  const { path, render, tell, wrote, nowMs, everyMs = EVERY_MS } = options;
  if (path === 'off') return { stop: async () => true, removeNow: () => undefined };

  const fresh = freshNameOf(path, process.pid);
  let writing: Promise<void> | undefined;
  /** Errors since the last success, and when each was told. */
  const told = new Map<string, number>();

  const failed = (error: string): void => {
    wrote('failed');
    if (nowMs() - (told.get(error) ?? Number.NEGATIVE_INFINITY) < TELL_AGAIN_MS) return;
    if (told.size >= MOST_ERRORS && !told.has(error)) return;
    told.set(error, nowMs());
    tell({ kind: 'textfile_failed', path, directory: dirname(path), error });
  };

  const write = async (): Promise<void> => {
    try {
      const text = await render();
      await replaceFile({ path, temporary: fresh, text, mode: READABLE, isDurable: false });
      wrote('ok');
      told.clear();
    } catch (error) {
      failed(error instanceof Error && 'code' in error ? String(error.code) : String(error));
    }
  };

  const begin = (work: Promise<void>): void => {
    writing = work.finally(() => {
      writing = undefined;
    });
  };

  const turn = (): void => {
    // A disk that hangs is not given a second write to hang in.
    if (writing === undefined) begin(write());
    else failed('the write before has not ended');
  };

  begin(removeLeftovers(path).then(write));
  const timer = setInterval(turn, everyMs);
  return {
    stop: async (limitMs) => {
      clearInterval(timer);
      const removed = (writing ?? Promise.resolve())
        .then(() => rm(path, { force: true }))
        .then(() => true)
        // It stays for ever, and nothing hangs.
        .catch(() => true);
      const limit = new Promise<boolean>((resolve) => void setTimeout(resolve, limitMs, false).unref());
      return Promise.race([removed, limit]);
    },
    removeNow: () => {
      for (const file of [path, fresh]) {
        try {
          rmSync(file, { force: true });
        } catch {
          // What keeps it from being written keeps it from being removed.
        }
      }
    },
  };
};
