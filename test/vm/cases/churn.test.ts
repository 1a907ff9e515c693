import { test } from 'vitest';
import {
  expectAlive,
  expectKilled,
  expectNoKernelKill,
  expectShotOnly,
  INNOCENTS,
  innocentNames,
} from '../harness/outcome.ts';
import { withDaemon } from '../harness/scene.ts';
import { startTrace } from '../harness/trace.ts';

test('while a hundred processes a second come and go, the leak is found and killed', async () => {
  await withDaemon({}, async (scene) => {
    await startTrace(scene.guest);
    const workloads = [
      ...INNOCENTS,
      { name: 'churn', atMs: 1000, command: 'exec churn rate=100' },
      { name: 'leak', atMs: 6000, command: 'exec leak rate=60' },
    ];
    const seen = await scene.watch({ seconds: 40, workloads, until: { name: 'leak', afterMs: 2000 } });

    expectKilled(seen, 'leak');
    expectAlive(seen, 'churn', ...innocentNames);
    await expectNoKernelKill(scene, seen);
    await expectShotOnly(scene, seen, 'leak');
  });
});
