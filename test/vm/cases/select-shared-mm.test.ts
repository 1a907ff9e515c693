// Two processes with one address space: clone(2) with CLONE_VM and without CLONE_THREAD.
import { expect, test } from 'vitest';
import { runNamed } from '../harness/judge.ts';
import { expectAlive, expectKilled, expectNoKernelKill, INNOCENTS, innocentNames } from '../harness/outcome.ts';
import { withDaemon, withoutDaemon } from '../harness/scene.ts';
import { daemonSignals, pidOf, pidsOf, startHolder, told } from '../harness/select.ts';
import { expectPairDies } from '../harness/sharers.ts';
import { startTrace } from '../harness/trace.ts';

const HELD_MIB = 200;

test('a SIGKILL to one of two processes that share their memory frees nothing', async () => {
  await withoutDaemon(async (scene) => {
    const { guest } = scene;
    const before = await scene.availableMiB();
    await startHolder(guest, `exec sharers how=clone start=${HELD_MIB}`);
    await guest.sh(`kill -9 ${await pidOf(guest, 'sharers')}; sleep 2`);
    expect(await pidsOf(guest, 'sharers')).toEqual([]);
    expect(before - (await scene.availableMiB()), 'MiB held after the first').toBeGreaterThan(HELD_MIB * 0.95);

    await guest.sh(`kill -9 ${await pidOf(guest, 'sharer')}; sleep 2`);
    expect(before - (await scene.availableMiB()), 'MiB held after the second').toBeLessThan(HELD_MIB * 0.1);
  });
});

test('with the daemon both die together, and they are told and counted as one', async () => {
  await withDaemon({}, async (scene) => {
    await expectPairDies(scene, 'clone', 4000);

    const signals = told(scene, 'signal');
    const alone = signals.filter((signal) => signal['company'] === '');
    expect(alone, 'one choice').toHaveLength(1);
    const leader = alone[0]?.['victim'] as { pid: number; rss_kib: number };
    const along = signals.filter((signal) => signal['company'] !== '');
    expect(along).not.toEqual([]);
    for (const signal of along) expect(signal).toMatchObject({ company: 'mm_group', company_of: leader.pid });
    const returned = told(scene, 'episode_ended').map((event) => Number(event['returned_kib']));
    expect(returned, 'one episode').toHaveLength(1);
    expect(returned[0], 'the memory of the two, once').toBeLessThan(leader.rss_kib * 1.3);
  });
});

test('when one of the two is protected neither is touched, and the next process dies', async () => {
  await withDaemon({}, async (scene) => {
    await startTrace(scene.guest);
    // A unit that is protected by default, and that only root can put a process into.
    const unit = '/sys/fs/cgroup/system.slice/systemd-journald.service';
    await scene.guest.sh(`mkdir -p ${unit}`);
    const size = (await scene.availableMiB()) - 60 - 150;
    const workloads = [
      ...INNOCENTS,
      { name: 'pair', atMs: 0, command: `exec sharers how=clone start=${size} cgroup=${unit}` },
      { name: 'leak', atMs: 9000, command: 'exec leak rate=50' },
    ];
    const seen = await scene.watch({ seconds: 30, workloads, until: { name: 'leak', afterMs: 2000 } });

    expectKilled(seen, 'leak');
    expectAlive(seen, 'pair', ...innocentNames);
    await expectNoKernelKill(scene, seen);
    const leak = runNamed(seen, 'leak').pid;
    expect([...new Set((await daemonSignals(scene)).map(({ pid }) => pid))]).toEqual([leak]);
  });
});
