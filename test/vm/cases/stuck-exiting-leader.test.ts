import { expect, test } from 'vitest';
import { runNamed } from '../harness/judge.ts';
import { expectAlive, expectKilled, expectNoKernelKill, expectShotOnly, INNOCENTS } from '../harness/outcome.ts';
import { withDaemon, withoutDaemon } from '../harness/scene.ts';
import { Victim } from '../harness/stuck.ts';
import { startTrace } from '../harness/trace.ts';

/** Its leader is a zombie without memory; the thread that is left takes all there is. */
const HOG = 'stuck mib=150 leader=exit rate=40';
const NEIGHBOUR = { name: 'neighbour', atMs: 0, command: 'exec innocent mib=40' };

test('without it: earlyoom does not see a hog whose leader has exited, and kills its neighbour', async () => {
  await withoutDaemon(async (scene) => {
    // Avoids what it would take otherwise, being no smaller: the shells of this harness.
    const earlyoom = scene.guest.start("exec earlyoom -r 0 -m 10,5 --avoid '^(sh|judge|agent|earlyoom)$'");
    const seen = await scene.watch({
      seconds: 20,
      workloads: [NEIGHBOUR, { name: 'hog', atMs: 1000, command: `exec ${HOG}` }],
      until: { name: 'neighbour', afterMs: 200 },
    });
    expect(runNamed(seen, 'neighbour'), earlyoom.stderr).toMatchObject({ signal: 15 });
    expectAlive(seen, 'hog');
  });
});

test('with it: the hog is found and killed, and its memory comes back', async () => {
  await withDaemon({}, async (scene) => {
    await startTrace(scene.guest);
    const job = scene.guest.start(`sleep 3; exec ${HOG}`);
    const hog = await Victim.observe(scene.guest, await job.started);
    const seen = await scene.watch({ seconds: 14, workloads: [...INNOCENTS.slice(0, 4), NEIGHBOUR] });

    const fired = await hog.signals(scene.daemon.pid);
    expect(fired.length, 'signals of the daemon to the hog').toBeGreaterThan(0);
    expect(hog.anonBack(fired.at(-1)?.us ?? 0, 1000), 'share of its memory that came back').toBe(1);
    expectAlive(seen, ...seen.runs.map((run) => run.run));
    await expectShotOnly(scene, seen);
    await expectNoKernelKill(scene, seen);
  });
});

test('with it: one that is protected by its executable stays so without a leader, whose exe nobody can read', async () => {
  await withDaemon({ protectExe: ['/opt/vm/stuck'] }, async (scene) => {
    await startTrace(scene.guest);
    const size = Math.round((await scene.availableMiB()) * 0.6);
    const job = scene.guest.start(`exec stuck leader=exit rate=100 target=${size}`);
    const spared = await Victim.observe(scene.guest, await job.started);
    const seen = await scene.watch({
      seconds: 20,
      workloads: [{ name: 'leak', atMs: 5000, command: 'exec leak rate=60' }],
      until: { name: 'leak', afterMs: 1000 },
    });

    expectKilled(seen, 'leak');
    expect(await spared.signals(), 'signals to the protected process').toEqual([]);
    expect(spared.history().at(-1)?.anonKiB, 'KiB that it has').toBeGreaterThan((size - 1) * 1024);
    await expectShotOnly(scene, seen, 'leak');
    await expectNoKernelKill(scene, seen);
  });
});
