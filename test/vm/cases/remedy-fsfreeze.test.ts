import { expect, test } from 'vitest';
import { expectGone, expectInKernelLog, expectStays, expectTold, killTrapped } from '../harness/remedy.ts';
import { withDaemon } from '../harness/scene.ts';
import { TRAPS } from '../harness/stuck.ts';

/** Exit code of a write to the file system: 143 when it had to be ended. */
const WRITE = 'timeout 5 sh -c "echo x > /tmp/cold/other"; echo $?';

test('without the remedy a victim that writes to a frozen file system stays, and so does everybody else there', async () => {
  await withDaemon({}, async (scene) => {
    const victim = await killTrapped(scene, TRAPS.fsfreeze);
    await expectStays(scene, victim);
  });
});

test('with it the file system is thawed: the victim goes, and others write there again', async () => {
  await withDaemon({ remedies: ['thaw_file_system'] }, async (scene) => {
    const victim = await killTrapped(scene, TRAPS.fsfreeze);
    await expectGone(scene, victim);
    expect((await scene.guest.sh(`sleep 1; ${WRITE}`)).stdout).toBe('0\n');
    await expectTold(scene, 'thaw_file_system', ['before', 'after done', 'effect victim_gone']);
    await expectInKernelLog(scene, 'thaw_file_system');
  });
});
