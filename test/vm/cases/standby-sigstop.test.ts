// Control is stopped by SIGSTOP for ten seconds, and meanwhile a process that has been there for a while takes all memory:
// the second process ends it. Without that process the kernel has to.
import { expect, test } from 'vitest';
import { counterGrowth, runNamed } from '../harness/judge.ts';
import {
  expectAlive,
  expectFigure,
  expectNoKernelKill,
  INNOCENTS,
  innocentNames,
  note,
  shots,
} from '../harness/outcome.ts';
import { type Scene, type Watch, withDaemon } from '../harness/scene.ts';
import { until } from '../harness/select.ts';
import { startTrace } from '../harness/trace.ts';

/** The index knows everybody after a calm round, one in thirty seconds: a leak of a service that has run for a while. */
const KNOWN_MS = 34_000;
const STOPPED_S = 10;
const SIGKILL = 9;

const scenario = (pid: number): Watch => ({
  seconds: 60,
  workloads: [
    ...INNOCENTS,
    { name: 'leak', atMs: 0, command: `exec leak start=20 pause=${KNOWN_MS + 500}` },
    // No command is started while memory is short: the one that has to resume it is there by then.
    { name: 'stopper', atMs: KNOWN_MS, command: `kill -STOP ${pid}; sleep ${STOPPED_S}; kill -CONT ${pid}; sleep 3` },
  ],
  until: { name: 'stopper', afterMs: 0 },
});

/** It is there some seconds after the daemon is ready. */
const standbyPid = async ({ guest, daemon }: Scene): Promise<number> => {
  let found = 0;
  await until('the standby process is there', 30_000, async () => {
    const { stdout } = await guest.sh(`cat /proc/${daemon.pid}/task/${daemon.pid}/children`);
    for (const pid of stdout.split(' ').filter(Boolean).map(Number)) {
      if ((await guest.sh(`cat /proc/${pid}/comm`)).stdout.trim() === 'oomwatchd-stand') found = pid;
    }
    return found > 0;
  });
  return found;
};

test('a leak at full speed while control is stopped: the second process ends it, nobody else dies, then or later', async () => {
  await withDaemon({}, async (scene) => {
    await startTrace(scene.guest);
    const standby = await standbyPid(scene);
    const seen = await scene.watch(scenario(scene.daemon.pid));

    const { diedUs, signal, pid } = runNamed(seen, 'leak');
    expect(diedUs).toBeGreaterThan(0);
    expect(signal).toBe(SIGKILL);
    expectAlive(seen, ...innocentNames);
    await expectNoKernelKill(scene, seen);
    // The tracer sees the thread that called: the main one of standby.
    const rescue = await shots(scene, seen, standby);
    expect(rescue.map((shot) => [shot.signal, shot.pid])).toEqual([[SIGKILL, pid]]);
    expect(await shots(scene, seen), 'shots of control, which was stopped and then came back').toEqual([]);
    expect(await scene.daemon.isAlive()).toBe(true);
    expect(await scene.daemon.metric('oomwatchd_rescues_total', 'outcome="killed"')).toBe(1);
    const afterStopMs = (diedUs - runNamed(seen, 'stopper').startedUs) / 1000;
    note('standby-sigstop', { afterStopMs, hostWait: scene.hostWait });
    expect(afterStopMs, 'while control was stopped').toBeLessThan(STOPPED_S * 1000);
    expectFigure('milliseconds from SIGSTOP to the death of the leak', afterStopMs, 5000);
  });
}, 600_000);

test('without the second process the kernel has to kill', async () => {
  await withDaemon({ standby: false }, async (scene) => {
    await startTrace(scene.guest);
    const seen = await scene.watch(scenario(scene.daemon.pid));
    expect(counterGrowth(seen, 'oom_kill')).toBeGreaterThan(0);
  });
}, 600_000);
