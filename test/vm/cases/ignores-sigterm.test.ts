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

for (const [what, command] of [
  ['keeps growing', 'exec leak rate=10 ignore-term=1'],
  ['stops growing between the marks', 'exec leak target=TARGET rate=40 ignore-term=1'],
] as const) {
  test(`a hog that ignores SIGTERM and ${what} is killed with SIGKILL`, async () => {
    await withDaemon({}, async (scene) => {
      await startTrace(scene.guest);
      const spare = (await scene.availableMiB()) - 60;
      // 7.5 % of MemTotal stay available: under the term mark and above the kill mark.
      const target = spare - Math.round((await scene.totalMiB()) * 0.075);
      const grow = command.replace('TARGET', String(target)).replace('rate=10', `start=${spare - 100} rate=10`);
      const leak = { name: 'hog', atMs: 2000, command: grow };
      const seen = await scene.watch({
        seconds: 60,
        workloads: [...INNOCENTS, leak],
        until: { name: 'hog', afterMs: 2000 },
      });

      expectKilled(seen, 'hog', [9]);
      expectAlive(seen, ...innocentNames);
      await expectNoKernelKill(scene, seen);
      const fired = await expectShotOnly(scene, seen, 'hog');
      expect(fired.map((event) => event.signal)).toEqual([15, 9]);
    });
  });
}
