/** A document as JSON of bounded size: what is furthest from the story is left out first. */
import type { IncidentDocument, PointColumns } from './document.ts';

/** The largest of a real incident had 200 KiB; long paths in every event double it. */
const JSON_BYTES_MAX = 512 * 1024;

const everyOther = (points: PointColumns): PointColumns =>
  Object.fromEntries(
    Object.entries(points).map(([name, column]) => [name, column.filter((_: unknown, at: number) => at % 2 === 0)]),
  ) as unknown as PointColumns;

const fewerEvents = (document: IncidentDocument): IncidentDocument => {
  const { events, events_dropped } = document;
  if (events.length < 2) return document;
  const after = Math.min(events_dropped.count === 0 ? events.length : events_dropped.after, events.length >> 2);
  const behind = events.length >> 2;
  const kept = [...events.slice(0, after), ...events.slice(-behind)];
  const count = events_dropped.count + events.length - kept.length;
  return { ...document, events: kept, events_dropped: { count, after } };
};

const STEPS: readonly ((document: IncidentDocument) => IncidentDocument)[] = [
  (document) => ({ ...document, points: everyOther(document.points) }),
  (document) => ({ ...document, events: document.events.map((event) => ({ ...event, fields: {} })) }),
  fewerEvents,
  (document) => ({ ...document, points: everyOther(document.points) }),
  fewerEvents,
  (document) => ({ ...document, choices: document.choices.slice(0, 1), lives: document.lives.slice(0, 8), host: null }),
  fewerEvents,
];

export interface Bounded {
  readonly document: IncidentDocument;
  readonly json: string;
}

export const bounded = (document: IncidentDocument, limit = JSON_BYTES_MAX): Bounded => {
  let fitted = document;
  let json = JSON.stringify(fitted);
  for (const step of STEPS) {
    if (Buffer.byteLength(json) < limit) break;
    fitted = step(fitted);
    json = JSON.stringify(fitted);
  }
  return { document: fitted, json: `${json}\n` };
};
