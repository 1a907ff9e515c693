/** Reports for whoever asks: of what goes on as it is now, of the last few out of memory, of all others from the disk. */
import type { IncidentDocument } from '../document/document.ts';
import type { OpenFacts } from '../gather/facts.ts';
import { ID } from '../incident-head.ts';
import { pageOf } from '../page/page.ts';
import { interrupted } from './heads.ts';
import type { Form } from './incident-files.ts';
import type { Shelf } from './shelf.ts';
import type { Snapshots } from './snapshots.ts';

export interface Reading {
  /** undefined: there is none. Rejects when it cannot be read. */
  document(id: string): Promise<IncidentDocument | undefined>;
  /** undefined: there is none with this id, or it cannot be read any more. */
  text(id: string, form: Form): Promise<string | undefined>;
}

/** `openNow` gives the incident that goes on. */
export const createReading = (
  { unwritten, disk }: Shelf,
  snapshots: Snapshots,
  openNow: () => OpenFacts | undefined,
): Reading => {
  const inMemory = (id: string): IncidentDocument | undefined => {
    const open = openNow();
    return open?.id === id ? snapshots.of(open, 'open') : unwritten.get(id);
  };

  const document = async (id: string): Promise<IncidentDocument | undefined> => {
    const kept = inMemory(id);
    if (kept !== undefined) return kept;
    const json = await disk?.read(id, 'json');
    // On disk nothing is open but what could not be rewritten.
    return json === undefined ? undefined : interrupted(JSON.parse(json) as IncidentDocument);
  };

  const written = (of: IncidentDocument, form: Form): string =>
    form === 'json' ? `${JSON.stringify(of)}\n` : pageOf(of);

  return {
    document,
    text: async (id, form) => {
      if (!ID.test(id)) return undefined;
      try {
        const kept = inMemory(id);
        if (kept !== undefined) return written(kept, form);
        const text = await disk?.read(id, form);
        if (text !== undefined) return text;
        // A report that was interrupted has no page yet.
        const found = await document(id);
        return found === undefined ? undefined : written(found, form);
      } catch {
        // Removed meanwhile, not ours to read, or damaged: told at start.
        return undefined;
      }
    },
  };
};
