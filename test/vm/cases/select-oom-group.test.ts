// memory.oom.group = 1: the members of a cgroup are no use without each other. The kernel's killer kills all of them, a
// killer in user space that takes one leaves a broken service behind.
import { expect, test } from 'vitest';
import { runNamed } from '../harness/judge.ts';
import { expectAlive, expectKilled, expectNoKernelKill, INNOCENTS, innocentNames } from '../harness/outcome.ts';
import { type Scene, type Workload, withDaemon, withoutDaemon } from '../harness/scene.ts';
import { daemonSignals, told } from '../harness/select.ts';
import { KEEPER } from '../harness/spare.ts';
import { startTrace } from '../harness/trace.ts';

/** A leak and a small worker, one member at -1000 and one under the path that the policy protects. */
async function service(scene: Scene): Promise<Workload[]> {
  const group = '/sys/fs/cgroup/service';
  await scene.guest.sh(`mkdir ${group}; echo 1 > ${group}/memory.oom.group`);
  const enter = `echo 0 > ${group}/cgroup.procs; exec`;
  return [
    ...INNOCENTS,
    { name: 'worker', atMs: 0, command: `${enter} innocent mib=4` },
    { name: 'unkillable', atMs: 0, command: `${enter} leak adj=-1000 target=4` },
    { name: 'protected', atMs: 0, command: `${enter} ${KEEPER} target=4` },
    { name: 'leak', atMs: 4000, command: `${enter} leak rate=60` },
  ];
}

const WATCH = { seconds: 30, until: { name: 'leak', afterMs: 2500 } };

test('earlyoom kills the leak alone and leaves half a service behind', async () => {
  await withoutDaemon(async (scene) => {
    const workloads = [...(await service(scene)), { name: 'earlyoom', atMs: 0, command: 'exec earlyoom -r 0 -m 10' }];
    const seen = await scene.watch({ ...WATCH, workloads });
    expectKilled(seen, 'leak');
    expectAlive(seen, 'worker', 'unkillable', 'protected', ...innocentNames);
  });
});

test('the daemon kills all members, but for one at -1000 and one that policy protects', async () => {
  await withDaemon({ protectExe: [KEEPER] }, async (scene) => {
    await startTrace(scene.guest);
    const seen = await scene.watch({ ...WATCH, workloads: await service(scene) });

    expectKilled(seen, 'leak');
    expectKilled(seen, 'worker');
    expectAlive(seen, 'unkillable', 'protected', ...innocentNames);
    await expectNoKernelKill(scene, seen);
    const [leak, worker] = [runNamed(seen, 'leak').pid, runNamed(seen, 'worker').pid];
    expect(new Set((await daemonSignals(scene)).map(({ pid }) => pid))).toEqual(new Set([leak, worker]));
    const along = told(scene, 'signal').filter((signal) => signal['company'] !== '');
    for (const signal of along) expect(signal).toMatchObject({ company: 'oom_group', company_of: leak });
    expect(along).not.toEqual([]);
  });
});
