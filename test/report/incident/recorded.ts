/** Incidents as a real daemon told them, and a recorder that has the numbers of the same run. */
import { readFileSync } from 'node:fs';
import type { Gauge } from '../../../src/channel/gauges.ts';
import type { CandidateFacts } from '../../../src/core/candidates-event.ts';
import type { StampedEvent } from '../../../src/core/event.ts';
import type { IncidentDocument } from '../../../src/report/incident/document/document.ts';
import { documentOf } from '../../../src/report/incident/document/document-of.ts';
import { createCollector } from '../../../src/report/incident/gather/collector.ts';
import type { Point } from '../../../src/report/recorder/point-ring.ts';
import type { Recording as Numbers } from '../../../src/report/recorder/recorder.ts';

export interface Recording {
  readonly events: readonly StampedEvent[];
  readonly points: readonly Point[];
  /** Candidates as control told them last. */
  readonly top?: readonly CandidateFacts[];
}

type Gauges = Partial<Record<Gauge, number>>;

/** Events and gauge frames in the order in which they came down the pipe. */
export const recordingOf = (name: string): Recording => {
  const file = new URL(`../../fixtures/incidents/${name}.jsonl`, import.meta.url);
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  const told = lines.map((line) => JSON.parse(line) as StampedEvent | { gauges: Gauges });
  const events = told.filter((each): each is StampedEvent => 'kind' in each);
  const { timeMs = 0, monotonicMs = 0 } = events[0] ?? {};
  let before: Gauges = {};
  const shareOf = (now: Gauges, name: Gauge): number => {
    const tookMs = (now.monotonicMs ?? 0) - (before.monotonicMs ?? Number.NaN);
    return ((now[name] ?? 0) - (before[name] ?? Number.NaN)) / 1000 / tookMs;
  };
  const points = told.flatMap((each) => {
    if (!('gauges' in each)) return [];
    const { gauges } = each;
    const { levelIndex = 0, livelockClass = 0, livelockCause = 0, ...numbers } = gauges;
    const point = {
      ...(numbers as unknown as Point),
      ...{ timeMs: timeMs + (gauges.monotonicMs ?? 0) - monotonicMs, level: levelIndex, livelockClass, livelockCause },
      someShare: shareOf(gauges, 'memorySomeUs'),
      fullShare: shareOf(gauges, 'memoryFullUs'),
      ioFullShare: shareOf(gauges, 'ioFullUs'),
      stalling: gauges.stalling ?? Number.NaN,
    };
    before = gauges;
    return [point];
  });
  return { events, points };
};

export const recorderOf = (points: readonly Point[], top?: readonly CandidateFacts[]): Numbers => ({
  seconds: (fromMs = 0, toMs = Number.POSITIVE_INFINITY) =>
    points.filter(({ timeMs }) => timeMs >= fromMs && timeMs <= toMs),
  tenths: () => [],
  candidates: () => (top === undefined ? undefined : { timeMs: 0, top }),
});

const AROUND = {
  config: { hash: '0123456789ab', mode: 'enforce', files: ['/etc/oomwatchd/config.yaml'] },
  host: { hostname: 'db1', kernel: '6.18.0', cpus: 4 },
  version: '0.1.0',
} as const;

/** Plays events through the collector, a second of quiet between each two that are further apart. */
export const play = ({ events, points, top }: Recording, isCut = true): IncidentDocument[] => {
  const documents: IncidentDocument[] = [];
  const recorder = recorderOf(points, top);
  const collector = createCollector({
    opened: () => undefined,
    closed: (facts, isOver) => {
      facts.record(recorder, Number.POSITIVE_INFINITY);
      documents.push(documentOf(facts, AROUND, isOver ? 'closed' : 'interrupted'));
    },
    isTaken: (id) => documents.some((document) => document.id === id),
  });
  let lastMs = events[0]?.timeMs ?? 0;
  for (const event of events) {
    for (; lastMs + 1000 <= event.timeMs; lastMs += 1000) collector.tick();
    collector.take(event);
    lastMs = Math.max(lastMs, event.timeMs);
  }
  if (isCut) collector.cut();
  return documents;
};
