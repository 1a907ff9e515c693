/** The directory of reports and the list of what is in it, kept the same: what is written, read back and removed. */
import type { IncidentsPolicy } from '../../../core/policy.ts';
import { messageOf } from '../../message-of.ts';
import type { Note } from '../../notes.ts';
import { bounded } from '../document/bounded.ts';
import type { IncidentDocument } from '../document/document.ts';
import { headOf } from '../incident-head.ts';
import { pageOf } from '../page/page.ts';
import type { Heads } from './heads.ts';
import * as files from './incident-files.ts';

export interface ReportDirectory {
  /** Takes over what an earlier reporter has left, and removes what is too much of it; what fails is told, not thrown. */
  load(): Promise<void>;
  /** Writes document and page. Rejects when either could not be written. */
  save(document: IncidentDocument): Promise<void>;
  /** Writes the document of an incident that goes on, for the case that the reporter dies in it. Rejects as `save` does. */
  checkpoint(document: IncidentDocument): Promise<void>;
  read(id: string, form: files.Form): Promise<string | undefined>;
  /** Removes what is beyond the limits; how many that were. What cannot be removed is told, and tried again the next time. */
  prune(): Promise<number>;
  /** Tells that the directory cannot be written to, once until a report could be. */
  failed(error: unknown): void;
  /** Where the page of a report lies. */
  pageFile(id: string): string;
}

export const createReportDirectory = (
  { directory }: IncidentsPolicy,
  heads: Heads,
  note: (note: Note) => void,
): ReportDirectory => {
  let isTold = false;

  const failed = (error: unknown): void => {
    if (!isTold) note({ kind: 'incidents_unwritable', directory, error: messageOf(error) });
    isTold = true;
  };

  const prune = async (): Promise<number> => {
    let removed = 0;
    for (const id of heads.surplus()) {
      try {
        await files.remove(directory, id);
        heads.forget(id);
        removed++;
      } catch (error) {
        // It stays in the list, and is tried again.
        failed(error);
      }
    }
    return removed;
  };

  return {
    load: async () => {
      await files.prepare(directory).catch(failed);
      const bad = await heads.load(directory, failed).catch(() => undefined);
      if (bad !== undefined && bad.count > 0) note({ kind: 'incidents_unreadable', directory, ...bad });
      await prune();
    },
    save: async (document) => {
      const fitted = bounded(document);
      const page = pageOf(fitted.document);
      await files.write(directory, document.id, 'json', fitted.json);
      await files.write(directory, document.id, 'html', page);
      isTold = false;
      heads.put(headOf(document), Buffer.byteLength(fitted.json) + Buffer.byteLength(page));
    },
    checkpoint: (document) => files.write(directory, document.id, 'json', bounded(document).json),
    read: (id, form) => files.read(directory, id, form),
    prune,
    failed,
    pageFile: (id) => `${directory}/${id}.html`,
  };
};
