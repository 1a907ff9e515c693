/** Events as control sends them: one plain example of each kind, and arbitrary ones with hostile texts. */
import fc from 'fast-check';
import { CGROUP_CONDITIONS, CGROUP_RULE_OUTCOMES } from '../../src/core/cgroup-event.ts';
import { KILLED_BY, LIVES, REAP_RESULTS, STUCK_REASONS } from '../../src/core/dying.ts';
import {
  COMPANIES,
  DETECTORS,
  FORCED_OUTCOMES,
  LEVELS,
  type MemoryFacts,
  NO_ACTION_REASONS,
  type OomwatchdEvent,
  type ProcessFacts,
  type StampedEvent,
  VERIFY_VERDICTS,
} from '../../src/core/event.ts';
import { HOLDER_KINDS } from '../../src/core/holder.ts';
import { DRILL_OUTCOMES, RESCUE_OUTCOMES } from '../../src/core/own-process-event.ts';
import { REMEDY_EFFECTS, REMEDY_KINDS, REMEDY_RESULTS, REMEDY_STAGES } from '../../src/core/remedy.ts';
import { kernelEvents } from './kernel-events.ts';
import { ladderEvents } from './ladder-events.ts';
import { anyLivelock } from './livelock-event.ts';
import { rankedEvents } from './ranked-events.ts';
import { stallEvents } from './stall-events.ts';

const GIB = 1024 * 1024;
const MIB = 1024;

/** 2026-11-22T19:45:00.250Z. */
const TIME_MS = Date.UTC(2026, 10, 22, 19, 45, 0, 250);

export const stamped = (event: OomwatchdEvent): StampedEvent => ({ ...event, timeMs: TIME_MS, monotonicMs: 60_000 });

export const memory: MemoryFacts = {
  memTotalKiB: 4 * GIB,
  memAvailableKiB: 48 * MIB,
  memFreeKiB: 20 * MIB,
  swapTotalKiB: 0,
  swapFreeKiB: 0,
};

export const java: ProcessFacts = {
  pid: 4711,
  comm: 'java',
  startTimeTicks: 123_456,
  uid: 1000,
  unit: 'tomcat.service',
  exe: '/usr/bin/java',
  rssKiB: 2.25 * GIB,
  swapKiB: 0,
  pageTablesKiB: 5 * MIB,
  oomScoreAdj: -1,
  badnessPages: 600_000,
};

export const signal = {
  kind: 'signal',
  episode: 1,
  signal: 'KILL',
  reason: 'mem_available',
  victim: java,
  memory,
  sent: true,
  errno: 0,
  sinceVerdictMs: 12,
  company: '',
  companyOf: -1,
} as const satisfies OomwatchdEvent;

export const verify = {
  kind: 'verify',
  episode: 1,
  pid: 4711,
  comm: 'java',
  afterMs: 250,
  expectedKiB: 2.3 * GIB,
  returnedKiB: 2.2 * GIB,
  exited: true,
  verdict: 'recovered',
} as const satisfies OomwatchdEvent;

export const victim = {
  kind: 'victim',
  episode: 1,
  pid: 4711,
  comm: 'java',
  killedBy: 'oomwatchd',
  life: 'stuck',
  afterMs: 5000,
  sizeKiB: 2.3 * GIB,
  reason: 'fuse',
  detail: 'thread 4712 in D, wchan request_wait_answer; fuse connection 42',
} as const satisfies OomwatchdEvent;

export const reap = {
  kind: 'reap',
  episode: 1,
  pid: 4711,
  comm: 'java',
  result: 'released',
  tries: 1,
  durationMs: 43,
  releasedKiB: 2.2 * GIB,
} as const satisfies OomwatchdEvent;

export const kernelKill = {
  kind: 'kernel_kill',
  pid: 4711,
  comm: 'java',
  scope: 'global',
  memcg: '',
  anonRssKiB: 2.3 * GIB,
  source: 'kmsg',
} as const satisfies OomwatchdEvent;

export const holders: Extract<OomwatchdEvent, { kind: 'holders' }> = {
  kind: 'holders',
  heldKiB: 3.6 * GIB,
  holders: [
    { kind: 'tmpfs', name: '/dev/shm', sizeKiB: 3 * GIB },
    { kind: 'memfd', name: 'pid 4711 (ja\nva) memfd:heap', sizeKiB: 512 * MIB },
  ],
  memory,
};

export const forced = {
  kind: 'forced',
  by: 'socket',
  reason: 'deploy stuck',
  outcome: 'signalled',
  pid: 4711,
  detail: '',
} as const satisfies OomwatchdEvent;

export const started = {
  kind: 'started',
  version: '0.1.0',
  mode: 'enforce',
  pid: 1,
  configHash: 'abcdef012345',
  files: ['/etc/oomwatchd/config.yaml'],
  memory,
} as const satisfies OomwatchdEvent;

/** comm as the kernel allows it: up to 15 bytes, anything but NUL, decoded as latin1. */
export const comm = fc
  .uint8Array({ minLength: 0, maxLength: 15, min: 1 })
  .map((bytes) => Buffer.from(bytes).toString('latin1'));

/** Any text at all: bytes as latin1, UTF-16 with lone surrogates, terminal escapes, long ones. */
export const hostile = fc.oneof(
  comm,
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 40 }).map((units) => String.fromCharCode(...units)),
  fc.constantFrom('\x1b[2J\x1b[31mroot', 'a\nb\r\n', '\u202egpj.exe', 'foo) (pid 1', '"; rm -rf', '\u009b31m', ''),
  fc.integer({ min: 0, max: 5000 }).map((length) => '\x01'.repeat(length)),
);

const amount = fc.oneof(fc.integer({ min: -1, max: 2 ** 40 }), fc.constantFrom(Number.NaN, Infinity, -5000, 0.5, 0));

const facts: fc.Arbitrary<ProcessFacts> = fc.record({
  pid: fc.nat(),
  comm,
  startTimeTicks: amount,
  uid: amount,
  unit: hostile,
  exe: hostile,
  rssKiB: amount,
  swapKiB: amount,
  pageTablesKiB: amount,
  oomScoreAdj: fc.integer({ min: -1000, max: 1000 }),
  badnessPages: amount,
});

const memoryFacts: fc.Arbitrary<MemoryFacts> = fc.record({
  memTotalKiB: amount,
  memAvailableKiB: amount,
  memFreeKiB: amount,
  swapTotalKiB: amount,
  swapFreeKiB: amount,
});

const mode = fc.constantFrom('observe' as const, 'enforce' as const);
const texts = fc.array(hostile, { maxLength: 30 });
const detectors = fc.uniqueArray(fc.constantFrom(...DETECTORS));
const level = fc.constantFrom(...LEVELS);
const kind = <K extends OomwatchdEvent['kind']>(name: K): fc.Arbitrary<K> => fc.constant(name);

/** Any event of any kind. */
export const anyEvent: fc.Arbitrary<StampedEvent> = fc
  .oneof<fc.Arbitrary<OomwatchdEvent>[]>(
    fc.record({
      kind: kind('started'),
      version: hostile,
      mode,
      pid: fc.nat(),
      configHash: hostile,
      files: texts,
      memory: memoryFacts,
    }),
    fc.record({
      kind: kind('finding'),
      finding: fc.record({
        name: hostile,
        status: fc.constantFrom('ok' as const, 'warn' as const, 'fatal' as const),
        found: hostile,
        meaning: hostile,
        remedy: hostile,
      }),
    }),
    ...ladderEvents({ hostile, amount, memoryFacts, comm, texts }),
    fc.record({ kind: kind('rehearsed'), durationMs: amount, ok: fc.boolean(), detail: hostile }),
    fc.record({
      ...{ kind: kind('drilled'), outcome: fc.constantFrom(...DRILL_OUTCOMES) },
      ...{ durationMs: amount, detail: hostile },
    }),
    fc.record({ kind: kind('policy_loaded'), configHash: hostile, mode, files: texts }),
    fc.record({ kind: kind('policy_rejected'), errors: texts }),
    fc.record({ kind: kind('source'), name: hostile, up: fc.boolean(), fault: fc.boolean(), detail: hostile }),
    fc.record({
      kind: kind('level'),
      from: level,
      to: level,
      detectors,
      memory: memoryFacts,
      exhaustionMs: amount,
      memoryFullPermyriad: amount,
    }),
    fc.record({ kind: kind('episode_started'), episode: fc.nat(), firstSignMs: amount, detectors }),
    fc.record({
      kind: kind('episode_ended'),
      episode: fc.nat(),
      durationMs: amount,
      signals: fc.nat(),
      returnedKiB: amount,
    }),
    rankedEvents({ hostile, comm, amount, facts }),
    fc.record({
      kind: kind('candidates'),
      known: fc.nat(),
      top: fc.array(
        fc.tuple(facts, amount).map(([each, growthKiB]) => ({ ...each, growthKiB })),
        { maxLength: 10 },
      ),
    }),
    fc.record({
      kind: kind('signal'),
      episode: fc.nat(),
      signal: fc.constantFrom('TERM' as const, 'KILL' as const),
      reason: hostile,
      victim: facts,
      memory: memoryFacts,
      sent: fc.boolean(),
      errno: fc.constantFrom(0, 1, 3, 22),
      sinceVerdictMs: amount,
      company: fc.constantFrom(...COMPANIES),
      companyOf: fc.integer({ min: -1 }),
    }),
    fc.record({
      kind: kind('verify'),
      episode: fc.nat(),
      pid: fc.nat(),
      comm,
      afterMs: amount,
      expectedKiB: amount,
      returnedKiB: amount,
      exited: fc.boolean(),
      verdict: fc.constantFrom(...VERIFY_VERDICTS, null),
    }),
    fc.record({
      kind: kind('no_action'),
      episode: fc.nat(),
      reason: fc.constantFrom(...NO_ACTION_REASONS),
      detail: hostile,
      memory: memoryFacts,
    }),
    fc.record({
      kind: kind('holders'),
      heldKiB: amount,
      holders: fc.array(fc.record({ kind: fc.constantFrom(...HOLDER_KINDS), name: hostile, sizeKiB: amount })),
      memory: memoryFacts,
    }),
    fc.record({
      kind: kind('victim'),
      episode: fc.nat(),
      pid: fc.nat({ max: 50 }),
      comm,
      killedBy: fc.constantFrom(...KILLED_BY),
      life: fc.constantFrom(...LIVES),
      afterMs: amount,
      sizeKiB: amount,
      reason: fc.constantFrom(...STUCK_REASONS, null),
      detail: hostile,
    }),
    fc.record({
      kind: kind('reap'),
      episode: fc.nat(),
      pid: fc.nat(),
      comm,
      result: fc.constantFrom(...REAP_RESULTS),
      tries: fc.nat(),
      durationMs: amount,
      releasedKiB: amount,
    }),
    ...kernelEvents({ hostile, amount, comm }),
    fc.record({
      kind: kind('remedy'),
      stage: fc.constantFrom(...REMEDY_STAGES),
      remedy: fc.constantFrom(...REMEDY_KINDS),
      object: hostile,
      place: hostile,
      pid: fc.integer({ min: -1 }),
      comm,
      oldValue: hostile,
      newValue: hostile,
      result: fc.constantFrom(...REMEDY_RESULTS, null),
      errno: fc.nat({ max: 133 }),
      effect: fc.constantFrom(...REMEDY_EFFECTS),
      afterMs: amount,
      detail: hostile,
    }),
    anyLivelock(hostile, amount),
    fc.record({
      kind: kind('forced'),
      by: fc.constantFrom('socket' as const, 'SIGUSR2' as const),
      reason: hostile,
      outcome: fc.constantFrom(...FORCED_OUTCOMES),
      pid: fc.integer({ min: -1 }),
      detail: hostile,
    }),
    fc.record({
      kind: kind('cgroup'),
      path: hostile,
      condition: fc.constantFrom(...CGROUP_CONDITIONS),
      holds: fc.boolean(),
      forMs: amount,
      currentKiB: amount,
      limitKiB: amount,
      perS: amount,
      fullPermyriad: amount,
      processes: amount,
      unkillable: amount,
      members: hostile,
    }),
    fc.record({
      kind: kind('cgroup_rule'),
      rule: hostile,
      path: hostile,
      outcome: fc.constantFrom(...CGROUP_RULE_OUTCOMES),
      action: fc.constantFrom('tell' as const, 'term' as const, 'kill' as const),
      forMs: amount,
      currentKiB: amount,
      limitKiB: amount,
      somePermyriad: amount,
      fullPermyriad: amount,
      reason: hostile,
    }),
    fc.record({
      kind: kind('rescue'),
      outcome: fc.constantFrom(...RESCUE_OUTCOMES),
      pid: fc.integer({ min: -1 }),
      comm: hostile,
      sizeKiB: amount,
      errno: fc.nat(),
      lateMs: amount,
      memAvailableKiB: amount,
    }),
    fc.record({
      kind: kind('standby'),
      state: fc.constantFrom('started' as const, 'exited' as const),
      detail: hostile,
    }),
    ...stallEvents({ comm, amount }),
    fc.record({ kind: kind('late'), lateMs: amount, majorFaults: amount }),
    fc.record({
      kind: kind('reporter'),
      state: fc.constantFrom('started' as const, 'exited' as const, 'restarting' as const),
      detail: hostile,
    }),
    fc.record({ kind: kind('dropped'), count: fc.nat() }),
    fc.record({ kind: kind('stopping'), signal: hostile }),
  )
  .map(stamped);
