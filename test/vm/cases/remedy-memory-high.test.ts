// A cgroup far below its need of memory, which its memory.high holds up: no swap, so nothing there can be reclaimed.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { note } from '../harness/outcome.ts';
import { expectInKernelLog, expectTold } from '../harness/remedy.ts';
import { type Scene, withDaemon } from '../harness/scene.ts';
import { Victim } from '../harness/stuck.ts';

const GROUP = '/sys/fs/cgroup/slow';
const HIGH_BYTES = 20 * 1024 * 1024;
const NEED_MIB = 90;
/** Told after 5 s, raised 2 s later; a throttled task sleeps 2 s at the most. */
const MOVES_WITHIN_MS = 10_000;
/** What a busy machine makes of it. */
const PATIENCE_MS = 40_000;

/** Work that needs 90 MiB in a cgroup that may have 20; resolves when it stands. */
const startThrottled = async ({ guest }: Scene): Promise<Victim> => {
  await guest.sh(`mkdir ${GROUP}; echo ${HIGH_BYTES} > ${GROUP}/memory.high`);
  const work = guest.start(`echo $$ > ${GROUP}/cgroup.procs; exec leak target=${NEED_MIB}`);
  const pid = await work.started;
  await guest.sh(`until cat /proc/${pid}/wchan | grep -q mem_cgroup_handle_over_high; do usleep 50000; done`);
  return Victim.observe(guest, pid);
};

const highOf = async ({ guest }: Scene): Promise<number> => Number((await guest.sh(`cat ${GROUP}/memory.high`)).stdout);
/** RssAnon lags by up to 64 pages a thread (SPLIT_RSS_COUNTING, mm/memory.c of 6.1). */
const LAG_KIB = 256;
const hasAll = (work: Victim): boolean => (work.history().at(-1)?.anonKiB ?? 0) >= NEED_MIB * 1024 - LAG_KIB;

test('without the remedy the work stands for as long as anybody looked', async () => {
  await withDaemon({}, async (scene) => {
    const work = await startThrottled(scene);
    await scene.guest.sh('sleep 25');
    expect(hasAll(work), 'the work has got its memory').toBe(false);
    expect(await highOf(scene)).toBe(HIGH_BYTES);
  });
});

test('with it the limit is raised, the work goes on, nobody is killed; afterwards the limit is as it was', async () => {
  await withDaemon({ remedies: ['lift_memory_high'] }, async (scene) => {
    const begun = Date.now();
    const work = await startThrottled(scene);
    while (!hasAll(work) && Date.now() - begun < PATIENCE_MS) await sleep(200);
    note('throttled work', { gotItsMemoryAfterMs: Date.now() - begun, targetMs: MOVES_WITHIN_MS });
    expect(hasAll(work), 'the work has got its memory').toBe(true);
    expect(await highOf(scene)).toBeGreaterThan(NEED_MIB * 1024 * 1024);
    await scene.guest.sh('sleep 7');
    await expectTold(scene, 'lift_memory_high', ['before', 'after done', 'effect stall_over']);
    expect(scene.daemon.output()).toContain(`"old_value":"${HIGH_BYTES}"`);
    await expectInKernelLog(scene, 'lift_memory_high');
    expect((await scene.guest.sh(`test -d /proc/${work.pid} && grep oom_kill /proc/vmstat`)).stdout).toBe(
      'oom_kill 0\n',
    );

    await scene.guest.sh(`kill -9 ${work.pid}; sleep 45`, { timeoutMs: 120_000 });
    expect(await highOf(scene), 'put back').toBe(HIGH_BYTES);
  });
});

test('with it, but the host short itself, the limit stays, and that is told', async () => {
  await withDaemon({ remedies: ['lift_memory_high'] }, async (scene) => {
    const leaveMiB = Math.round((await scene.totalMiB()) * 0.2);
    await scene.guest.sh(`leak target=${(await scene.availableMiB()) - leaveMiB} & sleep 3`);
    const work = await startThrottled(scene);
    await scene.guest.sh('sleep 20');
    expect(await highOf(scene)).toBe(HIGH_BYTES);
    expect(hasAll(work), 'the work has got its memory').toBe(false);
    await expectTold(scene, 'lift_memory_high', ['withheld']);
  });
});
