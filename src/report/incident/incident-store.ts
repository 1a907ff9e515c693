/**
 * The incidents of this host: the one that is going on, and those on disk. Nothing here waits for the disk but what asks for
 * a file; a disk that is full or not there is told once and costs the file, not the report: the last few stay in memory.
 */
import type { IncidentsPolicy } from '../../core/policy.ts';
import type { Note } from '../notes.ts';
import type { Recording } from '../recorder/recorder.ts';
import { bounded } from './bounded.ts';
import { createCollector } from './collector.ts';
import type { IncidentDocument } from './document.ts';
import { documentOf, openHead } from './document-of.ts';
import type { OpenFacts } from './facts.ts';
import { createHeads, interrupted } from './heads.ts';
import * as files from './incident-files.ts';
import { headOf, ID, type Incidents, noticeRow } from './incident-head.ts';
import { createJobQueue } from './job-queue.ts';
import { pageOf } from './page.ts';

/** Of the recorder's points the tenths live 30 s; a report that is lost with the reporter is at most as old as the second. */
const RECORD_TICKS = 5;
const CHECKPOINT_TICKS = 30;
const TICK_MS = 1000;
/** Half a megabyte each. */
const UNWRITTEN_MAX = 4;
/** Checkpoints, closings and notices that wait for a disk that does not answer. */
const QUEUE_MAX = 16;
const NOTICES_MAX = 64;

export interface IncidentOptions {
  /** undefined: nothing is read or written. */
  readonly policy: IncidentsPolicy | undefined;
  readonly version: string;
  readonly mode: string;
  readonly recorder?: Recording | undefined;
  /** What is known of the host by now. */
  readonly host?: (() => object | undefined) | undefined;
  readonly note: (note: Note) => void;
}

export interface IncidentStore extends Incidents {
  /** Reads the directory; told, not thrown, when that fails. */
  start(): Promise<void>;
  /** Writes down what is open; false when that was not done within `limitMs`. */
  close(limitMs: number): Promise<boolean>;
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

export const createIncidents = (options: IncidentOptions): IncidentStore => {
  const { policy, recorder, note } = options;
  const directory = policy?.directory ?? '';
  const listeners: ((...closed: Parameters<Parameters<Incidents['onClosed']>[0]>) => void)[] = [];
  const unwritten = new Map<string, IncidentDocument>();
  const stored = createHeads(policy);
  let config = { hash: '', mode: options.mode, files: [] as readonly string[] };
  let isTold = false;
  let ticks = 0;

  const failed = (error: unknown): void => {
    if (!isTold) note({ kind: 'incidents_unwritable', directory, error: messageOf(error) });
    isTold = true;
  };

  const jobs = createJobQueue(QUEUE_MAX, failed);

  const keep = (document: IncidentDocument): void => {
    unwritten.set(document.id, document);
    const [oldest] = unwritten.keys();
    if (unwritten.size > UNWRITTEN_MAX && oldest !== undefined) {
      unwritten.delete(oldest);
      stored.forget(oldest);
    }
  };

  const save = async (document: IncidentDocument): Promise<void> => {
    const fitted = bounded(document);
    const page = pageOf(fitted.document);
    await files.write(directory, document.id, 'json', fitted.json);
    await files.write(directory, document.id, 'html', page);
    isTold = false;
    stored.put(headOf(document), Buffer.byteLength(fitted.json) + Buffer.byteLength(page));
  };

  const snapshot = (facts: OpenFacts, state: IncidentDocument['state']): IncidentDocument => {
    if (recorder !== undefined) facts.record(recorder, Date.now());
    const around = { config, host: options.host?.(), version: options.version };
    return bounded(documentOf(facts, around, state)).document;
  };

  const announce = (document: IncidentDocument): void => {
    for (const listener of listeners) {
      try {
        listener(headOf(document));
      } catch (error) {
        note({ kind: 'bug', error: messageOf(error) });
      }
    }
  };

  const closed = (facts: OpenFacts, isOver: boolean): void => {
    const document = snapshot(facts, isOver ? 'closed' : 'interrupted');
    keep(document);
    stored.put(headOf(document), 0);
    const settle = async (): Promise<void> => {
      try {
        if (policy !== undefined) {
          await save(document);
          unwritten.delete(document.id);
          const { id, title } = document;
          note({ kind: 'incident_written', id, title, file: `${directory}/${id}.html` });
          await pruneNow();
        }
      } finally {
        announce(document);
      }
    };
    if (!jobs.push(settle)) announce(document);
  };

  const checkpoint = (facts: OpenFacts): void => {
    if (policy === undefined || !jobs.isIdle) return;
    jobs.push(() => files.write(directory, facts.id, 'json', bounded(snapshot(facts, 'open')).json));
  };

  const collector = createCollector({
    opened: (facts) => {
      ticks = 0;
      if (recorder !== undefined) facts.record(recorder, Date.now());
    },
    closed,
    isTaken: (id) => stored.has(id),
  });

  const pruneNow = async (): Promise<number> => {
    let removed = 0;
    for (const id of stored.surplus()) {
      try {
        await files.remove(directory, id);
        stored.forget(id);
        removed++;
      } catch (error) {
        // It stays in the list, and is tried again.
        failed(error);
      }
    }
    return removed;
  };

  const load = async (): Promise<void> => {
    await files.prepare(directory).catch(failed);
    const bad = await stored.load(directory, failed).catch(() => undefined);
    if (bad !== undefined && bad.count > 0) note({ kind: 'incidents_unreadable', directory, ...bad });
    await pruneNow();
  };

  const timer = setInterval(() => {
    collector.tick();
    const { open } = collector;
    ticks++;
    if (open === undefined) return;
    if (recorder !== undefined && ticks % RECORD_TICKS === 0) open.record(recorder, Date.now());
    // The first one soon: what makes the reporter a victim comes at the beginning.
    if (ticks === RECORD_TICKS || ticks % CHECKPOINT_TICKS === 0) checkpoint(open);
  }, TICK_MS).unref();

  const documentFor = async (id: string): Promise<IncidentDocument | undefined> => {
    if (collector.open?.id === id) return snapshot(collector.open, 'open');
    const kept = unwritten.get(id);
    if (kept !== undefined || policy === undefined) return kept;
    const json = await files.read(directory, id, 'json');
    // On disk nothing is open but what could not be rewritten.
    return json === undefined ? undefined : interrupted(JSON.parse(json) as IncidentDocument);
  };

  return {
    event: (event) => {
      if (event.kind === 'started' || event.kind === 'policy_loaded') {
        config = { hash: event.configHash, mode: event.mode, files: event.files };
      }
      collector.take(event);
    },
    heads: () => {
      const { open } = collector;
      return [...(open === undefined ? [] : [openHead(open)]), ...stored.list()];
    },
    read: async (id, form) => {
      if (!ID.test(id)) return undefined;
      try {
        const isOnDisk = policy !== undefined && collector.open?.id !== id && !unwritten.has(id);
        const text = isOnDisk ? await files.read(directory, id, form) : undefined;
        if (text !== undefined) return text;
        const document = await documentFor(id);
        if (document === undefined) return undefined;
        return form === 'json' ? `${JSON.stringify(document)}\n` : pageOf(document);
      } catch {
        // Removed meanwhile, not ours to read, or damaged: told at start.
        return undefined;
      }
    },
    onClosed: (listener) => void listeners.push(listener),
    noteNotices: (id, results) => {
      jobs.push(async () => {
        const document = await documentFor(id);
        if (document === undefined || document.state === 'open') {
          if (collector.open?.id === id) collector.open.note(results);
          return;
        }
        document.notices = [...document.notices, ...results.map(noticeRow)].slice(0, NOTICES_MAX);
        if (policy !== undefined) await save(document);
      });
    },
    prune: async () => {
      let removed = 0;
      const prune = async (): Promise<void> => {
        removed = await pruneNow();
      };
      if (policy !== undefined && jobs.push(prune)) await jobs.ended();
      return removed;
    },
    start: async () => {
      // Before anything is written: what is open or half written is an earlier reporter's, and not ours.
      if (policy !== undefined && jobs.push(load)) await jobs.ended();
    },
    close: (limitMs) => {
      clearInterval(timer);
      collector.cut();
      const limit = new Promise<boolean>((resolve) => void setTimeout(resolve, limitMs, false).unref());
      return Promise.race([jobs.ended().then(() => true), limit]);
    },
  };
};
