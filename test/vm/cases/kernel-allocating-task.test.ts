// vm.oom_kill_allocating_task = 1: the kernel kills whoever allocates, and does not wait for the victims it has.
import { expect, test } from 'vitest';
import { expectAlive, note, termMarkKiB } from '../harness/outcome.ts';
import { type Scene, type Workload, withDaemon, withoutDaemon } from '../harness/scene.ts';
import { daemonSignals, kernelMarks, told, until } from '../harness/select.ts';
import { startTrace } from '../harness/trace.ts';

const ALLOCATING = 8;
const EACH_MIB = 35;
/** It takes milliseconds, on a busy machine a second. */
const BURST_US = 3e6;

/** One that holds most of what is there and does nothing, and eight that take more than the rest at once. */
async function idleAndAllocating(scene: Scene): Promise<Workload[]> {
  const idle = Math.round((await scene.availableMiB()) * 0.6);
  await scene.guest.sh('echo 1 > /proc/sys/vm/oom_kill_allocating_task');
  return [
    { name: 'idle', atMs: 0, command: `exec leak target=${idle}` },
    ...Array.from({ length: ALLOCATING }, (_, i) => ({
      name: `allocating${i}`,
      atMs: 6000,
      command: `exec leak target=${EACH_MIB} chunk=1024`,
    })),
  ];
}

const WATCH = { seconds: 12, probeMs: 0 };

test('the kernel kills in a burst where one kill was enough, and never the one that holds most', async () => {
  await withoutDaemon(async (scene) => {
    await startTrace(scene.guest);
    const seen = await scene.watch({ ...WATCH, workloads: await idleAndAllocating(scene) });
    const marks = (await kernelMarks(scene.guest)).map(({ us }) => us);
    note('oom_kill_allocating_task', { kills: marks.length, withinMs: ((marks.at(-1) ?? 0) - (marks[0] ?? 0)) / 1000 });
    const burst = marks.filter((us) => us - (marks[0] ?? 0) < BURST_US);
    expect(burst.length, 'kills within seconds of the first').toBeGreaterThan(2);
    expectAlive(seen, 'idle');
  });
});

test('the daemon adds one kill of its own at most, and that one is enough', async () => {
  await withDaemon({}, async (scene) => {
    await startTrace(scene.guest);
    const seen = await scene.watch({ ...WATCH, workloads: await idleAndAllocating(scene) });
    const victims = new Set((await daemonSignals(scene)).map(({ pid }) => pid));
    note('with the daemon', { kernelKills: (await kernelMarks(scene.guest)).length, ourKills: victims.size });
    expect(victims.size, 'processes that the daemon signalled').toBeLessThanOrEqual(1);
    expect(seen.memory.at(-1)?.availableKiB, 'in the end').toBeGreaterThan(termMarkKiB(seen.memTotalKiB));
  });
});

test('in observe mode the daemon tells of the burst, and of each of its kills', async () => {
  await withDaemon({ observe: true }, async (scene) => {
    await startTrace(scene.guest);
    // With nobody to stop it, memory stays short for long on a busy machine.
    await scene.watch({ ...WATCH, seconds: 20, workloads: await idleAndAllocating(scene) });
    const pids = (await kernelMarks(scene.guest)).map(({ pid }) => pid);
    expect(pids.length).toBeGreaterThan(1);
    await until('all kills are told', 30_000, () => told(scene, 'kernel_kill').length >= pids.length);
    const kills = told(scene, 'kernel_kill').map((event) => Number(event['pid']));
    expect(kills.sort((a, b) => a - b)).toEqual(pids.sort((a, b) => a - b));
    expect(told(scene, 'kill_burst')).toContainEqual(expect.objectContaining({ oom_kill_allocating_task: 1 }));
    expect(await daemonSignals(scene)).toEqual([]);
  });
});
