/** One incident in a list, what came of the notices about it, and what others may ask of the incidents. */
import type { StampedEvent } from '../../core/event.ts';
import type { IncidentDocument, NoticeRow } from './document/document.ts';

export interface IncidentHead {
  id: string;
  startedMs: number;
  /** null while it is going on. */
  endedMs: number | null;
  /** One sentence. */
  title: string;
  outcome: string;
  victims: number;
}

export const NOTICE_RESULT_KINDS = ['command', 'webhook', 'wall', 'owner'] as const;
export const NOTICE_RESULTS = ['ok', 'failed', 'timeout', 'dropped'] as const;

/** What came of one notice to one of those who are told. */
export interface NoticeResult {
  name: string;
  kind: (typeof NOTICE_RESULT_KINDS)[number];
  result: (typeof NOTICE_RESULTS)[number];
  attempts: number;
  durationMs: number;
  /** Printable. */
  detail: string;
}

export interface Incidents {
  event(event: StampedEvent): void;
  /** Newest first; one that is still going on is the first. */
  heads(): readonly IncidentHead[];
  /** undefined: there is none with this id, or it cannot be read any more. */
  read(id: string, form: 'html' | 'json'): Promise<string | undefined>;
  /** Called once for each incident that was closed and written. */
  onClosed(listener: (head: IncidentHead) => void): void;
  /** Writes what came of its notices into the report. */
  noteNotices(id: string, results: readonly NoticeResult[]): void;
  /** Removes what is beyond `keep` and `max_size`, oldest first; resolves to how many. */
  prune(): Promise<number>;
}

/** "20261125T213412Z-1": sorts by time, is a file name on every system and part of a path without an escape. */
export const ID = /^\d{8}T\d{6}Z-\d{1,6}$/;

export const idOf = (timeMs: number, serial: number): string => {
  const time = new Date(timeMs);
  const iso = Number.isNaN(time.getTime()) ? new Date(0).toISOString() : time.toISOString();
  return `${iso.slice(0, 19).replace(/[-:]/g, '')}Z-${serial}`;
};

export const headOf = ({ id, started_ms, ended_ms, title, outcome, victims }: IncidentDocument): IncidentHead => ({
  ...{ id, startedMs: started_ms, endedMs: ended_ms, title, outcome, victims },
});

export const noticeRow = ({ durationMs, ...rest }: NoticeResult): NoticeRow => ({ ...rest, duration_ms: durationMs });
