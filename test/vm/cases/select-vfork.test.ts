// A parent that waits in vfork(2) and the child that holds their memory. The child reads oom_score 0: the kernel's own
// killer passes it by and relies on the parent.
import { expect, test } from 'vitest';
import { withDaemon, withoutDaemon } from '../harness/scene.ts';
import { pidOf, pidsOf, startHolder } from '../harness/select.ts';
import { expectPairDies } from '../harness/sharers.ts';

const HELD_MIB = 200;

test('a SIGKILL to a parent in vfork frees nothing, and the child that holds all reads oom_score 0', async () => {
  await withoutDaemon(async (scene) => {
    const { guest } = scene;
    const before = await scene.availableMiB();
    await startHolder(guest, `exec sharers how=vfork start=${HELD_MIB}`);
    const [parent, child] = [await pidOf(guest, 'sharers'), await pidOf(guest, 'sharer')];
    const { stdout } = await guest.sh(`cat /proc/${child}/oom_score; kill -9 ${parent}; sleep 2`);
    expect(stdout.trim(), 'oom_score of the child').toBe('0');
    expect(await pidsOf(guest, 'sharers')).toEqual([]);
    expect(before - (await scene.availableMiB()), 'MiB held').toBeGreaterThan(HELD_MIB * 0.95);
  });
});

test('with the daemon parent and child die together', async () => {
  await withDaemon({}, async (scene) => {
    await expectPairDies(scene, 'vfork', 2000);
  });
});
