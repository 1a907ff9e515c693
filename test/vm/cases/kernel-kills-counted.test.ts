// The kernel's own kills: what the daemon knows of them is compared with the kernel's trace points and counter.
import { expect, test } from 'vitest';
import type { Guest } from '../harness/guest.ts';
import { withDaemon, withoutDaemon } from '../harness/scene.ts';
import { daemonSignals, kernelMarks, pidsOf, startHolder, told, until } from '../harness/select.ts';
import { startTrace } from '../harness/trace.ts';

const killsCounted = async (guest: Guest): Promise<number> => {
  const { stdout } = await guest.sh('grep -w oom_kill /proc/vmstat');
  return Number(stdout.trim().split(' ')[1]);
};

/** One of the memcg killer, then one of the global killer by SysRq-f; answers the pids in that order. */
async function twoKernelKills(guest: Guest): Promise<number[]> {
  const group = '/sys/fs/cgroup/limited';
  await guest.sh(`mkdir ${group}; echo 40M > ${group}/memory.max`);
  const job = guest.start(`echo 0 > ${group}/cgroup.procs; exec leak rate=100`);
  expect((await job.ended).signal).toBe(9);
  await startHolder(guest, 'exec threads start=100 threads=1');
  const [holder = 0] = await pidsOf(guest, 'threads');
  await guest.sh('sleep 4; echo f > /proc/sysrq-trigger');
  await until('the victim of SysRq-f is gone', 10_000, async () => (await pidsOf(guest, 'threads')).length === 0);
  return [await job.started, holder];
}

test('two kills of the kernel are two marks and two in its counter, whichever killer it was', async () => {
  await withoutDaemon(async ({ guest }) => {
    await startTrace(guest);
    const before = await killsCounted(guest);
    const pids = await twoKernelKills(guest);
    expect((await kernelMarks(guest)).map(({ pid }) => pid)).toEqual(pids);
    expect((await killsCounted(guest)) - before).toBe(2);
  });
});

test('the daemon tells and counts each of them once, and adds none of its own', async () => {
  await withDaemon({}, async (scene) => {
    const { guest, daemon } = scene;
    await startTrace(guest);
    const pids = await twoKernelKills(guest);
    await guest.sh('sleep 2'); // a calm daemon looks once a second
    expect((await kernelMarks(guest)).map(({ pid }) => pid)).toEqual(pids);
    expect(told(scene, 'kernel_kill')).toEqual([
      expect.objectContaining({ pid: pids[0], comm: 'leak', scope: 'memcg', memcg: '/limited' }),
      expect.objectContaining({ pid: pids[1], comm: 'threads', scope: 'sysrq', memcg: '' }),
    ]);
    expect(await daemon.metric('oomwatchd_kernel_kills_total')).toBe(2);
    expect(await daemon.metric('oomwatchd_kernel_kills_total', 'scope="memcg"')).toBe(1);
    expect(await daemon.metric('oomwatchd_kernel_kills_unseen_total')).toBe(0);
    expect(told(scene, 'kernel_kills_unseen')).toEqual([]);
    expect(await daemonSignals(scene)).toEqual([]);
  });
});
