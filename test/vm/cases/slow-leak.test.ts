import { expect, test } from 'vitest';
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

test('a slow leak gets SIGTERM, leaves, and nobody else is touched', async () => {
  await withDaemon({}, async (scene) => {
    await startTrace(scene.guest);
    const start = (await scene.availableMiB()) - 60 - 80;
    const leak = { name: 'leak', atMs: 2000, command: `exec leak start=${start} rate=4` };
    const seen = await scene.watch({
      seconds: 60,
      workloads: [...INNOCENTS, leak],
      until: { name: 'leak', afterMs: 2000 },
    });

    expectKilled(seen, 'leak', [15]);
    expectAlive(seen, ...innocentNames);
    await expectNoKernelKill(scene, seen);
    const fired = await expectShotOnly(scene, seen, 'leak');
    expect(fired.map((event) => event.signal)).toEqual([15]);
  });
});
