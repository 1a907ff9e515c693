/** The tally with its file: read back at the start; written with the hour, soon after something counted, and at the end. */
import type { StampedEvent } from '../../core/event.ts';
import { messageOf } from '../message-of.ts';
import type { Note } from '../notes.ts';
import { createTally, HOUR_MS, type Tally } from './tally.ts';
import { readTally, tallyFileIn, writeTally } from './tally-file.ts';

/** A kill is on disk at once; in a night of them, each of which is synced, one write a minute is lost at most. */
const PAUSE_MS = 60_000;

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
  let soon: NodeJS.Timeout | undefined;
  let hasEnded = false;
  /** At most one write waits for a disk that hangs, or there would be no room for reports. */
  let isWaiting = false;

  const write = (): void => {
    if (isWaiting) return;
    isWaiting = true;
    const isTaken = inDirectory(async (directory) => {
      isWaiting = false;
      writtenMs = performance.now();
      await writeTally(directory, tally.state(Date.now(), hasEnded));
    });
    if (!isTaken) isWaiting = false;
  };

  const writeSoon = (): void => {
    const waitMs = Math.max(0, writtenMs + PAUSE_MS - performance.now());
    soon ??= setTimeout(() => {
      soon = undefined;
      write();
    }, waitMs).unref();
  };

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
      clearTimeout(soon);
      clearInterval(hourly);
      hasEnded = true;
      write();
    },
  };
};
