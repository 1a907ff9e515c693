import { expect, test } from 'vitest';
import { expectGone, expectInKernelLog, expectStays, expectTold, killTrapped } from '../harness/remedy.ts';
import { withDaemon } from '../harness/scene.ts';
import { TRAPS } from '../harness/stuck.ts';

/** With fusectl, as systemd mounts it. */
const MUTE = {
  ...TRAPS.mmapLock,
  setUp: `modprobe fuse; mount -t fusectl fusectl /sys/fs/fuse/connections; ${TRAPS.mmapLock.setUp}`,
};

test('without the remedy a victim whose mmap_lock is held by a FUSE wait stays with all its memory', async () => {
  await withDaemon({}, async (scene) => {
    await expectStays(scene, await killTrapped(scene, MUTE));
  });
});

test('with it the connection is aborted: the victim goes, its mount answers with an error', async () => {
  await withDaemon({ remedies: ['fuse_abort'] }, async (scene) => {
    const victim = await killTrapped(scene, MUTE);
    await expectGone(scene, victim);
    const { stdout } = await scene.guest.sh('sleep 1; timeout 5 cat /tmp/mute/file 2>&1; echo $?');
    expect(stdout).toMatch(/not connected[\s\S]*\n1\n$/);
    await expectTold(scene, 'abort_fuse', ['before', 'after done', 'effect victim_gone']);
    await expectInKernelLog(scene, 'abort_fuse');
  });
});
