import { expect, test } from 'vitest';
import { counterGrowth } from '../harness/judge.ts';
import { expectAlive, expectNoKernelKill, expectShotOnly, INNOCENTS, innocentNames } from '../harness/outcome.ts';
import { withDaemon } from '../harness/scene.ts';
import { startTrace } from '../harness/trace.ts';
import { expectNoVerdict } from '../harness/verdict.ts';

test('nothing is killed while files larger than memory are read again and again beside an idle hog', async () => {
  await withDaemon({}, async (scene) => {
    await startTrace(scene.guest);
    const hog = (await scene.availableMiB()) - 60 - Math.round((await scene.totalMiB()) * 0.25);
    const seen = await scene.watch({
      seconds: 35,
      workloads: [
        ...INNOCENTS,
        { name: 'hog', atMs: 1000, command: `exec leak target=${hog}` },
        { name: 'stream', atMs: 5000, command: 'exec stream' },
        { name: 'backup', atMs: 8000, command: 'exec stream' },
      ],
    });
    expectAlive(seen, 'hog', 'stream', 'backup', ...innocentNames);
    expect(counterGrowth(seen, 'pgpgin'), 'KiB read').toBeGreaterThan(seen.memTotalKiB * 2);
    await expectNoKernelKill(scene, seen);
    await expectShotOnly(scene, seen);
    expectNoVerdict(scene);
  });
});
