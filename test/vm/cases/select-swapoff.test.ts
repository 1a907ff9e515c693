// swapoff(2) brings in what was swapped out until memory is short: to the kernel it is a task that asks to be killed
// (oom_task_origin), whatever its oom_score_adj.
import { expect, test } from 'vitest';
import type { Job } from '../harness/channel.ts';
import { within } from '../harness/guest.ts';
import { type Scene, withDaemon, withoutDaemon } from '../harness/scene.ts';
import { daemonSignals, kernelMarks, pidsOf, startHolder, until } from '../harness/select.ts';
import { startTrace } from '../harness/trace.ts';

/** swapoff looks for signals between one process and the next, so it is many that are swapped out. */
const SWAPPED = 20;
const EACH_MIB = 10;
const SWAPPED_MIB = SWAPPED * EACH_MIB;
/** What is left for swapoff: less than it brings in, and enough for some seconds at the pace of the disk. */
const LEFT_MIB = 130;

/** Swaps some processes out, fills memory with a big one, and begins a swapoff. */
async function beginSwapoff(scene: Scene, adj: number): Promise<{ swapoff: Job; big: number; all: number[] }> {
  const { guest } = scene;
  await guest.throttleDisks(false);
  // The data disk takes the swap; what is written to it ends with the guest.
  await guest.sh('umount /data; mkswap /dev/vdb > /dev/null && swapon /dev/vdb');
  const group = '/sys/fs/cgroup/swapped';
  await guest.sh(`mkdir ${group}`);
  await startHolder(
    guest,
    `echo 0 > ${group}/cgroup.procs; for i in $(seq ${SWAPPED}); do threads threads=1 start=${EACH_MIB} & done; wait`,
  );
  await until('they have their memory', 20_000, async () => {
    const { stdout } = await guest.sh(`cat ${group}/memory.current`);
    return Number(stdout) > SWAPPED_MIB * 1024 * 1024;
  });
  // EAGAIN when it is a little less.
  await guest.sh(`echo ${SWAPPED_MIB - 5}M > ${group}/memory.reclaim`, { mayFail: true });
  const small = await pidsOf(guest, 'threads');
  await startHolder(guest, `exec threads start=${(await scene.availableMiB()) - LEFT_MIB}`);
  const all = await pidsOf(guest, 'threads');
  await guest.throttleDisks(true);
  const swapoff = guest.start(`echo ${adj} > /proc/self/oom_score_adj; exec swapoff /dev/vdb`);
  return { swapoff, big: all.find((pid) => !small.includes(pid)) ?? 0, all };
}

const endOf = ({ ended }: Job) => within(60_000, 'the end of swapoff', ended);

test('the kernel kills a swapoff whose oom_score_adj says that it may not', async () => {
  await withoutDaemon(async (scene) => {
    await startTrace(scene.guest);
    const { swapoff, all } = await beginSwapoff(scene, -1000);
    expect((await endOf(swapoff)).signal).toBe(9);
    expect((await kernelMarks(scene.guest)).map(({ pid }) => pid)).toEqual([await swapoff.started]);
    expect(await pidsOf(scene.guest, 'threads')).toEqual(all);
  });
});

test('the daemon spares a swapoff at -1000: the largest process dies, and swap is off in the end', async () => {
  await withDaemon({}, async (scene) => {
    await startTrace(scene.guest);
    const { swapoff, big } = await beginSwapoff(scene, -1000);
    expect(await endOf(swapoff)).toMatchObject({ code: 0 });
    expect([...new Set((await daemonSignals(scene)).map(({ pid }) => pid))]).toEqual([big]);
    expect(await kernelMarks(scene.guest)).toEqual([]);
  });
});

test('any other swapoff is the first choice of the daemon, though it has nothing itself and others have all', async () => {
  await withDaemon({}, async (scene) => {
    await startTrace(scene.guest);
    const { swapoff, all } = await beginSwapoff(scene, 0);
    await endOf(swapoff);
    expect([...new Set((await daemonSignals(scene)).map(({ pid }) => pid))]).toEqual([await swapoff.started]);
    expect(await pidsOf(scene.guest, 'threads')).toEqual(all);
    expect(await kernelMarks(scene.guest)).toEqual([]);
  });
});
