// A victim that cannot die: frozen by the freezer of cgroup v1. Up to Linux 6.17 the kernel thaws one thread of its
// victim; that one exits, the others stay, and with them the memory.
import { expect, test } from 'vitest';
import type { Guest } from '../harness/guest.ts';
import { type Scene, withDaemon, withoutDaemon } from '../harness/scene.ts';
import { daemonSignals, kernelMarks, pidsOf, startHolder, told, until } from '../harness/select.ts';
import { startTrace } from '../harness/trace.ts';

const FROZEN_MIB = 180;

/** The largest process, frozen, and two smaller ones; answers the pids from large to small and the first one's threads. */
async function frozenAndTwoMore(guest: Guest): Promise<{ pids: number[]; tids: number[] }> {
  const freezer = '/run/freezer/stuck';
  await guest.sh('mkdir /run/freezer && mount -t cgroup -o freezer freezer /run/freezer');
  await guest.sh(`mkdir ${freezer}`);
  const pids: number[] = [];
  for (const mib of [FROZEN_MIB, 50, 40]) {
    await startHolder(guest, `exec threads start=${mib}`);
    pids.push(...(await pidsOf(guest, 'threads')).filter((pid) => !pids.includes(pid)));
  }
  const [stuck] = pids;
  await guest.sh(`echo ${stuck} > ${freezer}/cgroup.procs; echo FROZEN > ${freezer}/freezer.state`);
  await until('the process is frozen', 5000, async () => {
    const { stdout } = await guest.sh(`cat ${freezer}/freezer.state`);
    return stdout.trim() === 'FROZEN';
  });
  const { stdout } = await guest.sh(`ls /proc/${stuck}/task`);
  return { pids, tids: stdout.trim().split('\n').map(Number) };
}

test('the second of two SysRq-f within 3 s takes the victim of the first, a third one 4 s later the next', async () => {
  await withoutDaemon(async ({ guest }) => {
    await startTrace(guest);
    const { pids, tids } = await frozenAndTwoMore(guest);
    const press = 'echo f > /proc/sysrq-trigger';
    await guest.sh(`${press}; sleep 1; ${press}; sleep 1`);
    // The mark may be on any thread of the process.
    const marks = (await kernelMarks(guest)).map(({ pid }) => pid);
    expect(marks).toHaveLength(2);
    for (const marked of marks) expect(tids).toContain(marked);
    expect(await pidsOf(guest, 'threads')).toEqual(pids);

    await guest.sh(`sleep 4; ${press}; sleep 1`);
    expect((await kernelMarks(guest)).map(({ pid }) => pid)).toEqual([...marks, pids[1]]);
  });
});

const heldMiB = async (scene: Scene, before: number): Promise<number> => before - (await scene.availableMiB());

test('two forced selections of the daemon within 3 s take two processes, and the memory of the stuck one comes back', async () => {
  await withDaemon({}, async (scene) => {
    const { guest, daemon } = scene;
    await startTrace(guest);
    const before = await scene.availableMiB();
    const { pids } = await frozenAndTwoMore(guest);
    await guest.sh('sleep 2'); // as anybody would take: they are in the index by then
    expect(await heldMiB(scene, before)).toBeGreaterThan(FROZEN_MIB);

    await guest.sh(`kill -USR2 ${daemon.pid}; sleep 1; kill -USR2 ${daemon.pid}; sleep 1`);
    const fired = await daemonSignals(scene);
    expect(fired.map(({ pid, signal }) => ({ pid, signal }))).toEqual([
      { pid: pids[0], signal: 9 },
      { pid: pids[1], signal: 9 },
    ]);
    const [first = 0, second = 0] = fired.map(({ us }) => us);
    expect((second - first) / 1e6, 'seconds between them').toBeLessThan(3);
    expect(await heldMiB(scene, before), 'MiB held, of which 40 by the third').toBeLessThan(40 + 25);
    expect(await pidsOf(guest, 'threads'), 'the first is stuck still').toEqual([pids[0], pids[2]]);
    expect(await kernelMarks(guest)).toEqual([]);
    expect(told(scene, 'forced').map((event) => event['pid'])).toEqual([pids[0], pids[1]]);
  });
});
