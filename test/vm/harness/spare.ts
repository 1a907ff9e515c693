// The biggest process may not be the victim: protected by policy, or by its oom_score_adj. The second one is taken.
import { expectAlive, expectKilled, expectNoKernelKill, expectShotOnly, INNOCENTS, innocentNames } from './outcome.ts';
import { withDaemon } from './scene.ts';
import { startTrace } from './trace.ts';

/** A copy of `leak` under a path of its own. */
export const KEEPER = '/opt/vm/keeper';

/** `biggest` is the command of the process to spare; SIZE in it becomes most of the memory there is. */
export async function secondIsTaken(biggest: string, protectExe: string[]): Promise<void> {
  await withDaemon({ protectExe }, async (scene) => {
    await startTrace(scene.guest);
    const workloads = [
      ...INNOCENTS,
      { name: 'biggest', atMs: 0, command: biggest.replace('SIZE', String((await scene.availableMiB()) - 60 - 150)) },
      { name: 'leak', atMs: 4000, command: 'exec leak rate=50' },
    ];
    const seen = await scene.watch({ seconds: 30, workloads, until: { name: 'leak', afterMs: 2000 } });

    expectKilled(seen, 'leak');
    expectAlive(seen, 'biggest', ...innocentNames);
    await expectNoKernelKill(scene, seen);
    await expectShotOnly(scene, seen, 'leak');
  });
}
