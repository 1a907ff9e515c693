/**
 * The incidents of this host: the one that is going on, and those on disk. Nothing here waits for the disk but what asks for
 * a file; a disk that is full or not there is told once and costs the file, not the report: the last few stay in memory.
 */
import type { IncidentsPolicy } from '../../../core/policy.ts';
import type { Note } from '../../notes.ts';
import { openHead } from '../document/document-of.ts';
import { createCollector } from '../gather/collector.ts';
import type { OpenFacts } from '../gather/facts.ts';
import { type Incidents, noticeRow } from '../incident-head.ts';
import { createClosing } from './closing.ts';
import { createReading } from './reading.ts';
import { createShelf } from './shelf.ts';
import { createSnapshots, type SnapshotOptions } from './snapshots.ts';

/** Of the recorder's points the tenths live 30 s; a report that is lost with the reporter is at most as old as the second. */
const RECORD_TICKS = 5;
const CHECKPOINT_TICKS = 30;
const TICK_MS = 1000;
const NOTICES_MAX = 64;

export interface IncidentOptions extends SnapshotOptions {
  /** undefined: nothing is read or written. */
  readonly policy: IncidentsPolicy | undefined;
  readonly note: (note: Note) => void;
}

export interface IncidentStore extends Incidents {
  /** Reads the directory; told, not thrown, when that fails. */
  start(): Promise<void>;
  /**
   * Has something done in the directory of reports, in turn with all else there: a disk that hangs holds one thread. What it
   * rejects with is told as that a report cannot be written; false: nothing is written at all, or too much waits.
   */
  inDirectory(work: (directory: string) => Promise<void>): boolean;
  /** Writes down what is open; false when that was not done within `limitMs`. */
  close(limitMs: number): Promise<boolean>;
}

export const createIncidents = ({ policy, note, ...around }: IncidentOptions): IncidentStore => {
  const shelf = createShelf(policy, note);
  const { heads, disk, jobs } = shelf;
  const snapshots = createSnapshots(around);
  const { closed, onClosed } = createClosing(shelf, snapshots, note);
  let ticks = 0;
  let isCheckpointing = false;

  const collector = createCollector({
    opened: (facts) => {
      ticks = 0;
      snapshots.record(facts);
    },
    closed,
    isTaken: heads.has,
  });
  const reading = createReading(shelf, snapshots, () => collector.open);

  const checkpoint = (facts: OpenFacts): void => {
    // A disk that hangs has one of them wait; what else waits for it does not matter.
    if (disk === undefined || isCheckpointing) return;
    isCheckpointing = jobs.push(async () => {
      isCheckpointing = false;
      await disk.checkpoint(snapshots.of(facts, 'open'));
    });
  };

  const timer = setInterval(() => {
    collector.tick();
    const { open } = collector;
    ticks++;
    if (open === undefined) return;
    if (ticks % RECORD_TICKS === 0) snapshots.record(open);
    // The first one soon: what makes the reporter a victim comes at the beginning.
    if (ticks === RECORD_TICKS || ticks % CHECKPOINT_TICKS === 0) checkpoint(open);
  }, TICK_MS).unref();

  return {
    event: (event) => {
      snapshots.event(event);
      collector.take(event);
    },
    heads: () => {
      const { open } = collector;
      return [...(open === undefined ? [] : [openHead(open)]), ...heads.list()];
    },
    read: reading.text,
    onClosed,
    noteNotices: (id, results) => {
      jobs.push(async () => {
        const document = await reading.document(id);
        if (document === undefined || document.state === 'open') {
          if (collector.open?.id === id) collector.open.note(results);
          return;
        }
        document.notices = [...document.notices, ...results.map(noticeRow)].slice(0, NOTICES_MAX);
        await disk?.save(document);
      });
    },
    prune: async () => {
      let removed = 0;
      if (disk === undefined) return removed;
      const prune = async (): Promise<void> => {
        removed = await disk.prune();
      };
      if (jobs.push(prune)) await jobs.ended();
      return removed;
    },
    start: async () => {
      // Before anything is written: what is open or half written is an earlier reporter's, and not ours.
      if (disk !== undefined && jobs.push(disk.load)) await jobs.ended();
    },
    inDirectory: (work) => policy !== undefined && jobs.push(() => work(policy.directory)),
    close: (limitMs) => {
      clearInterval(timer);
      collector.cut();
      const limit = new Promise<boolean>((resolve) => void setTimeout(resolve, limitMs, false).unref());
      return Promise.race([jobs.ended().then(() => true), limit]);
    },
  };
};
