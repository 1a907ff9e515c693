/** A host in virtual time for the second process: a page, memory, candidates that die or do not, and control that turns or does not. */
import type { Sample } from '../../src/core/sample.ts';
import { oomScoreOf } from '../../src/core/select/badness.ts';
import { ABSENT, GIB, MIB } from '../../src/core/units.ts';
import type { Candidate } from '../../src/standby/candidates.ts';
import { createStandbyLoop, UNTIL_WOKEN } from '../../src/standby/loop.ts';
import { beginTurn, type Deed, endTurn } from '../../src/standby/page.ts';
import { lookAfterMs, startOf } from '../../src/standby/start.ts';
import { aSample } from '../core/support/samples.ts';
import { defaultPolicy } from '../support/policy.ts';

interface Program {
  pid: number;
  kib: number;
  errno?: number;
  isStuck?: true;
  group?: number;
}

const TOTAL_KIB = 8 * GIB;
const LOOK_AFTER_MS = lookAfterMs(defaultPolicy().control.standby);

export const POLICY = `
mode: enforce
detect: { term: { mem_available: 800MiB }, kill: { mem_available: 400MiB } }
`;

/** 90 % full, 800 restores and 10,000 scanned pages a second, free pages at the high watermark. */
const thrashing = (nowMs: number): Partial<Sample> => ({
  memorySomeUs: nowMs * 950,
  memoryFullUs: nowMs * 900,
  restores: nowMs * 0.8,
  pgscanKswapd: nowMs * 10,
  pgscanDirect: 0,
  zoneUsablePages: 24_000,
  zoneHighPages: 20_000,
});

export const host = (programs: Program[], policy = POLICY) => {
  const page = new Int32Array(1024);
  const shots: number[] = [];
  const reaped: number[] = [];
  const told: Deed[] = [];
  const turns: (() => void)[] = [];
  const world = {
    nowMs: 0,
    availableKiB: 100 * MIB,
    reads: 0,
    mayAct: true,
    killsLeft: 10,
    waitMs: 0,
    returns: 0,
    lastKiB: 100 * MIB,
    isWithinLimits: false,
    /** All signs of a thrash. */
    isThrashing: false,
    looks: 0,
    /** When the timer goes off; null: there is none. */
    timerMs: 0 as number | null,
  };
  const rows: Candidate[] = programs.map(({ pid, group = ABSENT }) => ({
    entry: {
      slot: pid,
      generation: 1,
      pid,
      group,
      isCandidate: true,
      oomScoreAdj: 0,
      policyPoints: 0,
      comm: `p${pid}`,
    },
    ...{ pidfd: pid, scoreFd: pid, oomScore: ABSENT, isGone: false, isDone: false },
    listedScore: oomScoreOf(GIB / 4, TOTAL_KIB / 4),
  }));
  const gone = new Set<number>();
  const loop = createStandbyLoop(
    {
      uptimeMs: () => world.nowMs | 0,
      nowMs: () => world.nowMs,
      readSample: (sample) => {
        world.reads++;
        const signs = world.isThrashing ? thrashing(world.nowMs) : {};
        Object.assign(sample, aSample({ memTotalKiB: TOTAL_KIB, memAvailableKiB: world.availableKiB, ...signs }));
      },
      candidates: {
        rows,
        take: () => undefined,
        scan: () => {
          rows.forEach((row, at) => {
            const { kib = 0 } = programs[at] ?? {};
            row.isGone ||= gone.has(row.entry.pid);
            row.oomScore = row.isGone ? -3 : oomScoreOf(kib / 4, TOTAL_KIB / 4);
          });
          turns.shift()?.();
        },
      },
      isTimerSet: () => world.timerMs !== null && world.timerMs > world.nowMs,
      kill: ({ entry: { pid } }) => {
        shots.push(pid);
        world.availableKiB += world.returns;
        const program = programs.find((each) => each.pid === pid);
        if (program?.isStuck !== true && program?.errno === undefined) gone.add(pid);
        return program?.errno ?? 0;
      },
      reap: ({ entry: { pid } }) => void reaped.push(pid),
      tell: (deed) => void told.push(deed),
    },
    page,
    startOf(defaultPolicy(policy)),
    4,
  );
  /** Control turns, and will again in `ms`. */
  const beat = (ms: number): void => {
    const { nowMs, mayAct, killsLeft, waitMs } = world;
    beginTurn(page, nowMs);
    const { lastKiB: memAvailableKiB, isWithinLimits } = world;
    const waitUntilMs = nowMs + waitMs;
    endTurn(page, { dueMs: nowMs + ms, mayAct, killsLeft, waitUntilMs, memAvailableKiB, isWithinLimits });
    if (world.timerMs !== null) world.timerMs = nowMs + ms + LOOK_AFTER_MS;
  };
  const run = (ms: number): void => {
    const endMs = world.nowMs + ms;
    while (world.nowMs < endMs) {
      world.looks++;
      const sleepMs = loop.turn();
      world.nowMs = sleepMs === UNTIL_WOKEN ? Math.min(endMs, world.timerMs ?? endMs) : world.nowMs + sleepMs;
    }
  };
  return { page, world, shots, reaped, told, turns, beat, run, outcomes: () => told.map(({ outcome }) => outcome) };
};
