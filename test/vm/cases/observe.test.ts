import { expect, test } from 'vitest';
import { runNamed } from '../harness/judge.ts';
import { expectShotOnly, INNOCENTS, shots } from '../harness/outcome.ts';
import { withDaemon } from '../harness/scene.ts';
import { kernelVictims, startTrace } from '../harness/trace.ts';

test('in observe mode nothing is killed: the leak runs on until the kernel itself acts', async () => {
  await withDaemon({ observe: true }, async (scene) => {
    await startTrace(scene.guest);
    const leak = { name: 'leak', atMs: 2000, command: 'exec leak' };
    const seen = await scene.watch({
      seconds: 40,
      workloads: [...INNOCENTS, leak],
      until: { name: 'leak', afterMs: 1500 },
    });

    expect(runNamed(seen, 'leak').signal).toBe(9);
    expect(await kernelVictims(scene.guest)).toBeGreaterThan(0);
    expect(await shots(scene, seen)).toEqual([]);
    await expectShotOnly(scene, seen);
  });
});
