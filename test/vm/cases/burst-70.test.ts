import { expect, test } from 'vitest';
import { expectNoKernelKill, expectShotOnly } from '../harness/outcome.ts';
import { withDaemon } from '../harness/scene.ts';
import { startTrace } from '../harness/trace.ts';

test('nothing is killed in a short burst to 70 % of memory', async () => {
  await withDaemon({}, async (scene) => {
    await startTrace(scene.guest);
    const burst = (await scene.availableMiB()) - Math.round((await scene.totalMiB()) * 0.3);
    const seen = await scene.watch({
      seconds: 15,
      workloads: [
        { name: 'burst', atMs: 2000, command: `exec leak target=${burst}` },
        { name: 'end', atMs: 9000, command: 'kill -INT $(pidof leak)' },
      ],
    });
    expect(
      Math.min(...seen.memory.map((point) => point.availableKiB)) / seen.memTotalKiB,
      'it did go there',
    ).toBeLessThan(0.33);
    await expectNoKernelKill(scene, seen);
    await expectShotOnly(scene, seen);
  });
});
