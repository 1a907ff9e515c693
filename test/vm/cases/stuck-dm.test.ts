import { test } from 'vitest';
import { withDaemon, withoutDaemon } from '../harness/scene.ts';
import { expectNothingBack, TRAPS, Victim } from '../harness/stuck.ts';
import { expectGivenBack, expectNamed, expectNextIsTaken, press, trapLargest } from '../harness/stuck-press.ts';
import { startTrace } from '../harness/trace.ts';

test('without it: SIGKILL of a process that reads a suspended device gives nothing back', async () => {
  await withoutDaemon(async ({ guest }) => {
    await startTrace(guest);
    await expectNothingBack(guest, await Victim.trap(guest, TRAPS.dm, { anonMiB: 120 }));
  });
});

test('with it: the memory is back at once, nobody else has to die, and the cause is named', async () => {
  await withDaemon({}, async (scene) => {
    const victim = await trapLargest(scene, TRAPS.dm);
    await expectGivenBack(scene, victim, await press(scene, 12));
    expectNamed(scene, victim, 'device');
  });
});

test('with it: when it is shmem, which nobody can take back, the next process is chosen', async () => {
  await withDaemon({}, async (scene) => {
    const victim = await trapLargest(scene, TRAPS.dm, 'shmem');
    await expectNextIsTaken(scene, victim, await press(scene, 20), { afterMs: 100 });
  });
});
