/** A night on a server for the tests of the status: ten minutes of points, a ranking, victims, incidents, schedules. */
import { GAUGE_INDEX, GAUGES, type Gauge } from '../../../src/channel/gauges.ts';
import type { CandidateFacts } from '../../../src/core/candidates-event.ts';
import type { OomwatchdEvent, StampedEvent } from '../../../src/core/event.ts';
import { LIVELOCK_CLASSES } from '../../../src/core/livelock.ts';
import type { Point } from '../../../src/report/recorder/point-ring.ts';
import type { StatusSources } from '../../../src/report/status/sources.ts';
import { createStatus, type Status } from '../../../src/report/status/status.ts';

export const GIB = 1024 * 1024;
const MIB = 1024;
/** 2026-11-22T19:45:00Z. */
export const NOW_MS = Date.UTC(2026, 10, 22, 19, 45, 0);

export const stampedAt = (event: OomwatchdEvent, timeMs = NOW_MS): StampedEvent => ({
  ...event,
  timeMs,
  monotonicMs: timeMs - NOW_MS + 1e6,
});

/** A calm host of 16 GiB and what differs. */
export const point = (differs: Partial<Point> = {}): Point => ({
  timeMs: NOW_MS,
  monotonicMs: 1e6,
  level: 0,
  memTotalKiB: 16 * GIB,
  memAvailableKiB: 9 * GIB,
  memFreeKiB: 2 * GIB,
  swapTotalKiB: 4 * GIB,
  swapFreeKiB: 3.5 * GIB,
  headroomKiB: 7.4 * GIB,
  exhaustionMs: -1,
  someShare: 0,
  fullShare: 0,
  ioFullShare: 0,
  stalling: 0,
  tickLateMs: 0.2,
  livelockClass: 0,
  livelockCause: 0,
  ...differs,
});

/** A leak that begins seven minutes ago, is killed three minutes ago, and memory comes back. */
export const night = (nowMs = NOW_MS): Point[] =>
  Array.from({ length: 600 }, (_, second) => {
    const noise = 0.15 * Math.sin(second / 7) + 0.08 * Math.sin(second / 2.3);
    const leaking = second < 180 ? 0 : second < 420 ? (second - 180) / 240 : 0;
    const available = Math.max(0.4, 9 + noise - 8.7 * leaking);
    const strain = leaking > 0.8 ? (leaking - 0.8) * 4 : 0;
    return point({
      timeMs: nowMs - (599 - second) * 1000,
      level: available < 0.8 ? 3 : available < 1.6 ? 2 : available < 3 ? 1 : 0,
      memAvailableKiB: available * GIB,
      swapFreeKiB: (3.5 - leaking * 2) * GIB,
      headroomKiB: (available - 1.6) * GIB,
      someShare: Math.min(1, strain + 0.004 * Math.abs(Math.sin(second))),
      fullShare: Math.min(1, strain * 0.6),
      ioFullShare: strain * 0.3,
      stalling: Math.round(strain * 14),
    });
  });

export const candidate = (differs: Partial<CandidateFacts> = {}): CandidateFacts => ({
  pid: 4711,
  comm: 'java',
  startTimeTicks: 123_456,
  uid: 1000,
  unit: 'tomcat.service',
  exe: '/usr/lib/jvm/bin/java',
  rssKiB: 3.2 * GIB,
  swapKiB: 300 * MIB,
  pageTablesKiB: 8 * MIB,
  oomScoreAdj: 0,
  badnessPages: 912_000,
  growthKiB: 42 * MIB,
  ...differs,
});

/** What a stranger may call itself to break a page: markup, a script, a terminal escape, a direction override. */
export const HOSTILE = [
  '<b>x</b><script>',
  '"><img src=x>',
  "';alert(1)//",
  '\x1b[2J\x1b[31m',
  '&lt;\u202egpj',
  'a\nb\r\n',
];

export const sourcesOf = (points: readonly Point[], differs: StatusSources = {}): StatusSources => ({
  recorder: {
    seconds: (from = 0, to = Number.POSITIVE_INFINITY) => points.filter(({ timeMs }) => timeMs >= from && timeMs <= to),
    candidates: () => ({
      timeMs: NOW_MS - 12_000,
      top: [
        candidate(),
        candidate({
          pid: 5120,
          comm: 'node',
          unit: 'api.service',
          rssKiB: 1.1 * GIB,
          swapKiB: 0,
          growthKiB: 0,
          badnessPages: 288_000,
        }),
        candidate({
          pid: 880,
          comm: 'ci-runner',
          unit: 'ci-runner@2.service',
          rssKiB: 900 * MIB,
          growthKiB: -12 * MIB,
          oomScoreAdj: 300,
          badnessPages: 231_411,
        }),
        ...HOSTILE.map((comm, at) =>
          candidate({ pid: 9000 + at, comm, unit: comm, exe: comm, rssKiB: 200 * MIB, badnessPages: 51_200 }),
        ),
      ],
    }),
    victims: () => [
      { pid: 6020, comm: 'leak', life: 'reaped', killedBy: 'oomwatchd', sinceMs: NOW_MS - 178_000 },
      { pid: 6021, comm: '<script>1', life: 'exiting', killedBy: 'kernel', sinceMs: NOW_MS - 60_000 },
    ],
  },
  incidents: {
    heads: () => [
      {
        id: '20261122T194200Z-1',
        startedMs: NOW_MS - 300_000,
        endedMs: NOW_MS - 178_000,
        title: 'leak (leak.service) grew by 8.6 GiB in 4 min and was killed; 8.4 GiB came back.',
        outcome: 'recovered',
        victims: 1,
      },
      {
        id: '../../etc/passwd',
        startedMs: NOW_MS - 4e6,
        endedMs: null,
        title: '<img src=x onerror=alert(1)>',
        outcome: 'partial',
        victims: 2,
      },
    ],
    read: async (id, form) =>
      form === 'json'
        ? JSON.stringify({ id })
        : `<!doctype html><title>${id}</title><style>p{color:red}</style><p>report`,
  },
  schedules: {
    list: () => [
      { name: 'daily summary', cron: '0 7 * * *', nextMs: NOW_MS + 4e7, lastMs: NOW_MS - 4.6e7, lastResult: 'ok' },
      { name: 'drill', cron: '0 4 1 * *', nextMs: NOW_MS + 7.1e8, lastMs: null, lastResult: '' },
    ],
  },
  ...differs,
});

const frameOf = (values: Partial<Record<Gauge, number>>): Float64Array => {
  const frame = new Float64Array(GAUGES.length).fill(Number.NaN);
  for (const [name, value] of Object.entries(values)) frame[GAUGE_INDEX[name as Gauge]] = value;
  return frame;
};

/** The numbers of a frame that say the same as a point. */
export const gaugesOf = (at: Point): Partial<Record<Gauge, number>> => ({
  monotonicMs: at.monotonicMs,
  levelIndex: at.level,
  observing: 1,
  memTotalKiB: at.memTotalKiB,
  memAvailableKiB: at.memAvailableKiB,
  memFreeKiB: at.memFreeKiB,
  swapTotalKiB: at.swapTotalKiB,
  swapFreeKiB: at.swapFreeKiB,
  headroomKiB: at.headroomKiB,
  exhaustionMs: at.exhaustionMs,
  stalling: at.stalling,
  stallLongestMs: at.stalling > 0 ? 12_400 : 0,
  tickLateMs: at.tickLateMs,
  processesKnown: 214,
  eventsDropped: 0,
  reporterRestarts: 0,
  standbyUp: 1,
  livelockClass: at.livelockClass,
  livelockCause: at.livelockCause,
  livelockSinceMs: at.livelockClass === LIVELOCK_CLASSES.indexOf('none') ? -1 : at.monotonicMs - 8000,
});

export interface Told {
  readonly mode?: 'observe' | 'enforce';
  readonly gauges?: Partial<Record<Gauge, number>>;
  readonly ageMs?: number;
  readonly isReady?: boolean;
  readonly sources?: StatusSources;
  readonly nowMs?: () => number;
}

/** A status that has been told the night, and what differs. */
export const statusOf = (told: Told = {}): Status => {
  const points = night();
  const { mode = 'observe', gauges = gaugesOf(points.at(-1) as Point), ageMs = 400, isReady = true } = told;
  const { sources = sourcesOf(points), nowMs = () => NOW_MS } = told;
  return createStatus({
    start: { version: '0.1.0', mode },
    health: { last: () => ({ frame: frameOf(gauges), ageMs }), isReady, limitMs: 5000 },
    sources,
    host: 'db-07.example',
    timeMs: nowMs,
  });
};
