/** The end of an incident: its report is kept, written, told in the log, and those who wait for it are called. */

import { messageOf } from '../../message-of.ts';
import type { Note } from '../../notes.ts';
import type { IncidentDocument } from '../document/document.ts';
import type { OpenFacts } from '../gather/facts.ts';
import { headOf, type IncidentHead } from '../incident-head.ts';
import type { Shelf } from './shelf.ts';
import type { Snapshots } from './snapshots.ts';

export interface Closing {
  /** `isOver`: nothing of it goes on. */
  closed(facts: OpenFacts, isOver: boolean): void;
  /** Called once for each incident that was closed, whether or not it could be written. */
  onClosed(listener: (head: IncidentHead) => void): void;
}

export const createClosing = (
  { heads, unwritten, disk, jobs }: Shelf,
  snapshots: Snapshots,
  note: (note: Note) => void,
): Closing => {
  const listeners: ((head: IncidentHead) => void)[] = [];

  const announce = (document: IncidentDocument): void => {
    for (const listener of listeners) {
      try {
        listener(headOf(document));
      } catch (error) {
        note({ kind: 'bug', error: messageOf(error) });
      }
    }
  };

  const settle = async (document: IncidentDocument): Promise<void> => {
    try {
      if (disk === undefined) return;
      await disk.save(document);
      const { id, title } = document;
      unwritten.delete(id);
      note({ kind: 'incident_written', id, title, file: disk.pageFile(id) });
      await disk.prune();
    } finally {
      announce(document);
    }
  };

  return {
    closed: (facts, isOver) => {
      const document = snapshots.of(facts, isOver ? 'closed' : 'interrupted');
      unwritten.put(document);
      heads.put(headOf(document), 0);
      if (!jobs.push(() => settle(document))) announce(document);
    },
    onClosed: (listener) => void listeners.push(listener),
  };
};
