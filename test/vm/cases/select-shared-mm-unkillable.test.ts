// Two processes with one address space at oom_score_adj -1000 hold more than anybody else, and a leak takes the rest.
import { expect, test } from 'vitest';
import { runNamed } from '../harness/judge.ts';
import { expectAlive, expectKilled, expectNoKernelKill, INNOCENTS, innocentNames } from '../harness/outcome.ts';
import { withDaemon } from '../harness/scene.ts';
import { daemonSignals } from '../harness/select.ts';
import { startTrace } from '../harness/trace.ts';

test('the leak dies, the pair and the innocents live, and the kernel does not panic', () =>
  withDaemon({}, async (scene) => {
    await startTrace(scene.guest);
    const size = (await scene.availableMiB()) - 60 - 150;
    const workloads = [
      ...INNOCENTS,
      { name: 'pair', atMs: 0, command: `exec sharers how=clone adj=-1000 start=${size}` },
      { name: 'leak', atMs: 9000, command: 'exec leak rate=50' },
    ];
    const seen = await scene.watch({ seconds: 30, workloads, until: { name: 'leak', afterMs: 3000 } });

    expectKilled(seen, 'leak');
    expectAlive(seen, 'pair', ...innocentNames);
    await expectNoKernelKill(scene, seen);
    // Neither of the two: the judge ends them both when it has seen enough, so who is left is no longer to be asked.
    const fired = await daemonSignals(scene);
    expect([...new Set(fired.map(({ pid }) => pid))]).toEqual([runNamed(seen, 'leak').pid]);
  }));
