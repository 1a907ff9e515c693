import { expect, test } from 'vitest';
import { lastAboveMarkUs, runNamed, worstGapMs } from '../harness/judge.ts';
import {
  expectAlive,
  expectFigure,
  expectKilled,
  expectNoKernelKill,
  expectShotOnly,
  INNOCENTS,
  innocentNames,
  note,
  termMarkKiB,
} from '../harness/outcome.ts';
import { withWarmDaemon } from '../harness/scene.ts';
import { startTrace } from '../harness/trace.ts';

/** Ten are a figure, two show that it is no accident of the moment. */
const RUNS = process.env['OOMWATCHD_FIGURES'] === undefined ? 2 : 10;
const WITHIN_MS = 100;

// Each run starts the leak at another moment of the daemon's pace.
for (let run = 0; run < RUNS; run++) {
  test(`run ${run + 1} of ${RUNS}: a leak at full speed is shot within 100 ms of the mark and nobody else is`, async () => {
    await withWarmDaemon({}, async (scene) => {
      await startTrace(scene.guest);
      const leak = { name: 'leak', atMs: 3000 + run * 73, command: 'exec leak' };
      const seen = await scene.watch({
        seconds: 20,
        workloads: [...INNOCENTS, leak],
        until: { name: 'leak', afterMs: 1500 },
      });

      expectKilled(seen, 'leak');
      expectAlive(seen, ...innocentNames);
      await expectNoKernelKill(scene, seen);
      const [first] = await expectShotOnly(scene, seen, 'leak');
      const crossed = lastAboveMarkUs(seen, termMarkKiB(seen.memTotalKiB));
      const delayMs = ((first?.us ?? 0) - crossed) / 1000;
      const goneMs = (runNamed(seen, 'leak').diedUs - crossed) / 1000;

      const worstGapOfJudgeMs = worstGapMs(seen, crossed - 50_000, crossed + 300_000);
      note(`fast-leak run ${run + 1}`, {
        signal: first?.signal,
        delayMs,
        goneMs,
        worstGapOfJudgeMs,
        hostWait: scene.hostWait,
      });
      // TERM or KILL came from us, and before the kernel's own: what it takes is a figure.
      expect(delayMs).toBeGreaterThan(0);
      expectFigure('milliseconds from the mark to the signal', delayMs, WITHIN_MS);
    });
  });
}
