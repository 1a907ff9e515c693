/** What is known of the reports on disk: one head and its size each, newest first, bounded by what may be kept. */
import type { IncidentsPolicy } from '../../../core/policy.ts';
import type { IncidentDocument } from '../document/document.ts';
import { headOf, type IncidentHead } from '../incident-head.ts';
import * as files from './incident-files.ts';

/** Files that could not be read, and what is wrong with the first of them. */
export interface Unreadable {
  readonly count: number;
  readonly id: string;
  readonly error: string;
}

export interface Heads {
  put(head: IncidentHead, bytes: number): void;
  forget(id: string): void;
  has(id: string): boolean;
  list(): readonly IncidentHead[];
  /** Ids that are too many or too large together, oldest first; the newest is never among them. */
  surplus(): readonly string[];
  /**
   * Takes over what lies in the directory; rejects when that cannot be listed. `unwritable` is told of a report that stays open
   * there as it cannot be rewritten.
   */
  load(directory: string, unwritable: (error: unknown) => void): Promise<Unreadable>;
}

const INTERRUPTED = 'The report process ended while it was going on; what came later is in the report after this one.';

/** A report that its reporter could not close: its end is that of the last that was told. One that is closed stays as it is. */
export const interrupted = (document: IncidentDocument): IncidentDocument => {
  if (document.state !== 'open') return document;
  const endedMs = document.events.at(-1)?.time_ms ?? document.started_ms;
  const [happened, done] = document.story;
  document.state = 'interrupted';
  document.outcome = 'interrupted';
  document.ended_ms = endedMs;
  document.ended = new Date(endedMs).toISOString();
  document.story = [happened, done, INTERRUPTED];
  return document;
};

export const createHeads = (policy: IncidentsPolicy | undefined): Heads => {
  let entries: { readonly id: string; readonly head: IncidentHead | undefined; readonly bytes: number }[] = [];

  const put = (id: string, head: IncidentHead | undefined, bytes: number): void => {
    entries = [{ id, head, bytes }, ...entries.filter((entry) => entry.id !== id)].sort(files.byAge);
  };

  return {
    put: (head, bytes) => put(head.id, head, bytes),
    forget: (id) => {
      entries = entries.filter((entry) => entry.id !== id);
    },
    has: (id) => entries.some((entry) => entry.id === id),
    list: () => entries.flatMap(({ head }) => (head === undefined ? [] : [head])),
    surplus: () => {
      let bytes = 0;
      return entries
        .filter((entry, at) => {
          bytes += entry.bytes;
          return policy !== undefined && at > 0 && (at >= policy.keep || bytes > policy.maxBytes);
        })
        .map(({ id }) => id)
        .reverse();
    },
    load: async (directory, unwritable) => {
      const bad: { id: string; error: string }[] = [];
      const found: typeof entries = [];
      let read = 0;
      for (const { id, bytes } of await files.list(directory, true)) {
        let head: IncidentHead | undefined;
        try {
          // What is beyond `keep` is about to be removed: its size is enough.
          if (read++ < (policy?.keep ?? 0)) {
            const { head: written, isOpen } = await files.readHead(directory, id);
            head = written;
            if (isOpen) {
              const document = interrupted(JSON.parse((await files.read(directory, id, 'json')) ?? ''));
              head = { ...headOf(document), id };
              await files.write(directory, id, 'json', `${JSON.stringify(document)}\n`).catch(unwritable);
            }
          }
        } catch (error) {
          bad.push({ id, error: error instanceof Error ? error.message : String(error) });
        }
        found.push({ id, head, bytes });
      }
      // What was closed meanwhile is newer than what lay there.
      entries = [...entries, ...found.filter(({ id }) => !entries.some((entry) => entry.id === id))].sort(files.byAge);
      return { count: bad.length, id: bad[0]?.id ?? '', error: bad[0]?.error ?? '' };
    },
  };
};
