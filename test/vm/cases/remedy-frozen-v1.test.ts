import { expect, test } from 'vitest';
import { expectGone, expectInKernelLog, expectStays, expectTold, killTrapped } from '../harness/remedy.ts';
import { withDaemon } from '../harness/scene.ts';
import { TRAPS } from '../harness/stuck.ts';

test('without the remedy a victim in a frozen cgroup of v1 stays, and keeps its shared memory', async () => {
  await withDaemon({}, async (scene) => {
    const victim = await killTrapped(scene, TRAPS.frozenV1);
    await expectStays(scene, victim);
    await expectTold(scene, 'thaw_freezer_v1', []);
  });
});

test('with it the cgroup is thawed, and the victim goes with all that it has', async () => {
  await withDaemon({ remedies: ['thaw_cgroup'] }, async (scene) => {
    const victim = await killTrapped(scene, TRAPS.frozenV1);
    await expectGone(scene, victim);
    const { stdout } = await scene.guest.sh('sleep 1; cat /tmp/freezer/jail/freezer.state');
    expect(stdout).toBe('THAWED\n');
    await expectTold(scene, 'thaw_freezer_v1', ['before', 'after done', 'effect victim_gone']);
    await expectInKernelLog(scene, 'thaw_freezer_v1');
  });
});
