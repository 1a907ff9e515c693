// Two processes with one address space that grow until the daemon acts.
import { expect } from 'vitest';
import { expectAlive, expectKilled, expectNoKernelKill, INNOCENTS, innocentNames } from './outcome.ts';
import type { Scene } from './scene.ts';
import { daemonSignals, pidsOf, spreadMs } from './select.ts';
import { startTrace } from './trace.ts';

/** Both die at once and nobody else does; the watch goes on for `afterMs` after that. */
export async function expectPairDies(scene: Scene, how: 'clone' | 'vfork', afterMs: number): Promise<void> {
  await startTrace(scene.guest);
  const before = await scene.availableMiB();
  const pair = { name: 'pair', atMs: 0, command: `exec sharers how=${how} start=60 wait=8000 rate=50` };
  const seen = await scene.watch({
    seconds: 30,
    workloads: [...INNOCENTS, pair],
    until: { name: 'pair', afterMs },
  });

  expectKilled(seen, 'pair');
  expectAlive(seen, ...innocentNames);
  await expectNoKernelKill(scene, seen);
  const fired = await daemonSignals(scene);
  expect([...new Set(fired.map(({ comm }) => comm))].sort()).toEqual(['sharer', 'sharers']);
  expect(spreadMs(fired), 'milliseconds between the first and the last of the two').toBeLessThan(500);
  expect(await pidsOf(scene.guest, 'sharer')).toEqual([]);
  expect(before - (await scene.availableMiB()), 'MiB still held').toBeLessThan(30);
}
