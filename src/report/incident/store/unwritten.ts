/** Reports that are not on disk yet, or cannot be written: the last few of them, in memory. */
import type { IncidentDocument } from '../document/document.ts';

/** Half a megabyte each. */
const UNWRITTEN_MAX = 4;

export interface Unwritten {
  put(document: IncidentDocument): void;
  get(id: string): IncidentDocument | undefined;
  /** It is on disk. */
  delete(id: string): void;
}

/** `lost` is told of one that had to go before it was written. */
export const createUnwritten = (lost: (id: string) => void): Unwritten => {
  const documents = new Map<string, IncidentDocument>();
  return {
    put: (document) => {
      documents.set(document.id, document);
      const [oldest] = documents.keys();
      if (documents.size <= UNWRITTEN_MAX || oldest === undefined) return;
      documents.delete(oldest);
      lost(oldest);
    },
    get: (id) => documents.get(id),
    delete: (id) => void documents.delete(id),
  };
};
