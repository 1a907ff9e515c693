/** The tally with its files: read back at the start; written with the hour, as soon as something counts, and at the end. */
import type { StampedEvent } from '../../core/event.ts';
import { messageOf } from '../message-of.ts';
import type { Note } from '../notes.ts';
import { createTally, HOUR_MS, type Tally } from './tally.ts';
import { readTally, tallyFileIn, writeTally } from './tally-file.ts';

/** A crash of the host costs a minute of a night of kills at most: each sync is one of a file and of its directory. */
const SYNC_PAUSE_MS = 60_000;
/** The end of the reporter costs less: what is not synced takes 2 to 5 KiB of the page cache, four times a second at most. */
const PAUSE_MS = 250;

export interface KeptTallyPorts {
  readonly note: (note: Note) => void;
  /**
   * Has something done in the directory of the incident reports, in turn with all else there; false: there is none, or too much
   * waits. What it rejects with is told as that the directory cannot be written to, once.
   */
  readonly inDirectory: (work: (directory: string) => Promise<void>) => boolean;
}

export interface KeptTally extends Pick<Tally, 'figures'> {
  event(event: StampedEvent): void;
  /** Writes what there is; nothing is written later. */
  stop(): void;
}

export const keepTally = ({ note, inDirectory }: KeptTallyPorts): KeptTally => {
  const tally = createTally(Date.now());
  let writtenMs = Number.NEGATIVE_INFINITY;
  let syncedMs = Number.NEGATIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;
  let dueMs = Number.POSITIVE_INFINITY;
  let hasEnded = false;
  /** At most one write waits for a disk that hangs, or there would be no room for reports. */
  let isWaiting = false;

  const write = (): void => {
    if (isWaiting) return;
    isWaiting = true;
    const isTaken = inDirectory(async (directory) => {
      isWaiting = false;
      writtenMs = performance.now();
      const isSynced = writtenMs >= syncedMs + SYNC_PAUSE_MS;
      if (isSynced) syncedMs = writtenMs;
      else writeAt(syncedMs + SYNC_PAUSE_MS);
      await writeTally(directory, tally.state(Date.now(), hasEnded), isSynced);
    });
    if (!isTaken) isWaiting = false;
  };

  /** `atMs`: monotonic. What is to be written sooner is written once. */
  const writeAt = (atMs: number): void => {
    if (hasEnded || atMs >= dueMs) return;
    clearTimeout(timer);
    dueMs = atMs;
    const waitMs = Math.max(0, atMs - performance.now());
    timer = setTimeout(() => {
      dueMs = Number.POSITIVE_INFINITY;
      write();
    }, waitMs).unref();
  };

  const writeSoon = (): void => writeAt(writtenMs + PAUSE_MS);

  inDirectory(async (directory) => {
    try {
      const state = await readTally(directory, Date.now());
      if (state !== undefined) tally.restore(state, Date.now());
    } catch (error) {
      note({ kind: 'tally_unusable', file: tallyFileIn(directory), error: messageOf(error) });
      // So that the next reporter does not tell it again.
      writeSoon();
    }
  });

  const hourly = setInterval(() => {
    tally.heard(Date.now());
    write();
  }, HOUR_MS).unref();

  return {
    event: (event) => {
      if (tally.event(event, Date.now())) writeSoon();
    },
    figures: tally.figures,
    stop: () => {
      clearTimeout(timer);
      clearInterval(hourly);
      hasEnded = true;
      write();
    },
  };
};
