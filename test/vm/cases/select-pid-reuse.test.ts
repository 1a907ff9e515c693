// With a small kernel.pid_max the number of a process that has gone belongs to another one within a second.
import { expect, test } from 'vitest';
import { runNamed } from '../harness/judge.ts';
import { expectAlive, expectKilled, expectNoKernelKill, INNOCENTS, innocentNames } from '../harness/outcome.ts';
import { type Scene, type Workload, withDaemon, withoutDaemon } from '../harness/scene.ts';
import { daemonSignals } from '../harness/select.ts';
import { readSignals, startTrace } from '../harness/trace.ts';

/** 301 is the least that the kernel takes. */
const PID_MAX = 400;

async function crowd(scene: Scene): Promise<Workload[]> {
  await scene.guest.sh(`echo ${PID_MAX} > /proc/sys/kernel/pid_max`);
  return [...INNOCENTS, { name: 'crowd', atMs: 0, command: 'exec generations alive=60 life=200' }];
}

/** A killer of the usual kind: by number, gently first, then with force for as long as the number is there. */
const BY_NUMBER = `sleep 2; leak target=20 & pid=$!; sleep 1; kill -TERM $pid; wait $pid
  for turn in $(seq 40); do usleep 50000; kill -9 $pid 2> /dev/null; done`;

test('a killer that knows its victim by number alone shoots others', async () => {
  await withoutDaemon(async (scene) => {
    await startTrace(scene.guest);
    const workloads = [...(await crowd(scene)), { name: 'killer', atMs: 0, command: BY_NUMBER }];
    await scene.watch({ seconds: 20, workloads, until: { name: 'killer', afterMs: 0 }, probeMs: 0 });
    const killer = (await readSignals(scene.guest)).filter(({ comm, signal }) => comm === 'generation' && signal === 9);
    expect(killer, 'innocents that were hit').not.toEqual([]);
  });
});

test('the daemon signals nobody but the leak, however fast numbers are used again', async () => {
  await withDaemon({}, async (scene) => {
    await startTrace(scene.guest);
    // It ignores SIGTERM, so that there is time for others between the first signal and the last.
    const leak = { name: 'leak', atMs: 3000, command: 'exec leak start=150 rate=60 ignore-term=1' };
    const workloads = [...(await crowd(scene)), leak];
    const seen = await scene.watch({ seconds: 40, workloads, until: { name: 'leak', afterMs: 3000 }, probeMs: 0 });

    expectKilled(seen, 'leak');
    expectAlive(seen, 'crowd', ...innocentNames);
    await expectNoKernelKill(scene, seen);
    const fired = await daemonSignals(scene);
    const { pid, diedUs } = runNamed(seen, 'leak');
    expect(fired.filter((event) => event.pid !== pid || event.comm !== 'leak' || event.us > diedUs)).toEqual([]);
    expect(fired.at(-1)).toMatchObject({ signal: 9 });
  });
});
