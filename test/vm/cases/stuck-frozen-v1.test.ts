import { test } from 'vitest';
import { withDaemon, withoutDaemon } from '../harness/scene.ts';
import { expectNothingBack, TRAPS, Victim } from '../harness/stuck.ts';
import { expectGivenBack, expectNamed, press, trapLargest } from '../harness/stuck-press.ts';
import { startTrace } from '../harness/trace.ts';

test('without it: SIGKILL of a process in a frozen cgroup of v1 gives nothing back', async () => {
  await withoutDaemon(async ({ guest }) => {
    await startTrace(guest);
    await expectNothingBack(guest, await Victim.trap(guest, TRAPS.frozenV1, { anonMiB: 120 }));
  });
});

test('with it: the memory is back at once, nobody else has to die, and the cause is named', async () => {
  await withDaemon({}, async (scene) => {
    const victim = await trapLargest(scene, TRAPS.frozenV1);
    await expectGivenBack(scene, victim, await press(scene, 12));
    expectNamed(scene, victim, 'frozen_v1');
  });
});
