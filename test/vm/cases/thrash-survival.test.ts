// The claim on which all rests: control keeps running while nothing else does. Observing, so that the thrash goes on.
import { expect, test } from 'vitest';
import { worstGapMs } from '../harness/judge.ts';
import { expectFigure, note } from '../harness/outcome.ts';
import { type Scene, withWarmDaemon } from '../harness/scene.ts';
import { HANG_S, lowThrash, quarterThrash, suffering, type Thrash } from '../harness/thrash.ts';

/** Ten a minute. */
const MAJOR_FAULTS = HANG_S / 6;
const LATE = 'oomwatchd_tick_late_max_seconds';

interface Survival {
  majorFaults: number;
  worstTickLateS: number | undefined;
  worstTickLateBeforeS: number | undefined;
  /** The judge is real-time and locked: what it missed, nothing in the guest could have had. */
  worstGapOfJudgeMs: number;
  worstProbeMs: number;
  hostWait: number;
}

async function survive(scene: Scene, make: (scene: Scene) => Promise<Thrash>): Promise<Survival> {
  const thrash = await make(scene);
  const before = await scene.daemon.majorFaults();
  const worstTickLateBeforeS = await scene.daemon.metric(LATE);
  const seen = await scene.watch({ seconds: thrash.startsMs / 1000 + HANG_S, workloads: thrash.workloads });
  const majorFaults = (await scene.daemon.majorFaults()) - before;
  expect(await scene.daemon.isAlive()).toBe(true);
  // The judge has ended the workloads, so the reporter can answer again.
  const worstTickLateS = await scene.daemon.metric(LATE);
  return {
    majorFaults,
    worstTickLateS,
    worstTickLateBeforeS,
    hostWait: scene.hostWait,
    worstGapOfJudgeMs: worstGapMs(seen, 0, Number.POSITIVE_INFINITY),
    worstProbeMs: suffering(seen, thrash).worstMs,
  };
}

for (const [name, make] of [
  ['a quarter of RAM "available"', quarterThrash],
  ['MemAvailable under the mark', lowThrash],
] as const) {
  test(`${HANG_S} s of thrash with ${name}: at most ${MAJOR_FAULTS} major faults, no tick 1 s late`, async () => {
    await withWarmDaemon({ observe: true }, async (scene) => {
      const survival = await survive(scene, make);
      note(`with the shipped protection, ${name}`, survival);
      expect(survival.majorFaults).toBeLessThanOrEqual(MAJOR_FAULTS);
      expectFigure('worst tick lateness in seconds', survival.worstTickLateS ?? Number.NaN, 1);
    });
  });

  // Asserts nothing, so only whoever measures waits two minutes for it.
  if (process.env['OOMWATCHD_FIGURES'] === undefined) continue;
  test(`${HANG_S} s of thrash with ${name}, without the protection: what it is worth`, async () => {
    await withWarmDaemon({ observe: true, isProtected: false }, async (scene) => {
      note(`without protection, ${name}`, await survive(scene, make));
    });
  });
}
