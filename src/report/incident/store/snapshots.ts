/** An incident as a document of this moment: what is known of it, of the host, and of the configuration that it happened under. */
import type { StampedEvent } from '../../../core/event.ts';
import type { Recording } from '../../recorder/recorder.ts';
import { bounded } from '../document/bounded.ts';
import type { IncidentDocument } from '../document/document.ts';
import { documentOf } from '../document/document-of.ts';
import type { OpenFacts } from '../gather/facts.ts';

export interface SnapshotOptions {
  readonly version: string;
  readonly mode: string;
  readonly recorder?: Recording | undefined;
  /** What is known of the host by now. */
  readonly host?: (() => object | undefined) | undefined;
}

export interface Snapshots {
  /** Which configuration is in force. */
  event(event: StampedEvent): void;
  /** Copies the numbers that the recorder does not keep for long. */
  record(facts: OpenFacts): void;
  of(facts: OpenFacts, state: IncidentDocument['state']): IncidentDocument;
}

export const createSnapshots = ({ version, mode, recorder, host }: SnapshotOptions): Snapshots => {
  let config = { hash: '', mode, files: [] as readonly string[] };

  const record = (facts: OpenFacts): void => {
    if (recorder !== undefined) facts.record(recorder, Date.now());
  };

  return {
    event: (event) => {
      if (event.kind !== 'started' && event.kind !== 'policy_loaded') return;
      config = { hash: event.configHash, mode: event.mode, files: event.files };
    },
    record,
    of: (facts, state) => {
      record(facts);
      return bounded(documentOf(facts, { config, host: host?.(), version }, state)).document;
    },
  };
};
