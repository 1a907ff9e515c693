// The last resort, in a case of its own: nobody may be killed, the host stands still, and the kernel starts again. QEMU runs
// with -no-reboot and ends when the guest's kernel resets the machine.
import { expect, test } from 'vitest';
import { withDaemon } from '../harness/scene.ts';
import { lowThrash } from '../harness/thrash.ts';

const WITHIN_MS = 240_000;

test('a standstill in which nobody may be killed ends in a restart, after evidence', async () => {
  const act = ['last_resort: reboot', 'last_resort_after: 10s'];
  await withDaemon({ act, protectExe: ['/opt/vm/*', '/bin/*', '/usr/**'] }, async (scene) => {
    const { guest } = scene;
    const { workloads } = await lowThrash(scene);
    for (const { command } of workloads) guest.start(command);
    const timeout = new Promise((_, fail) =>
      setTimeout(() => fail(new Error('it did not restart')), WITHIN_MS).unref(),
    );
    await Promise.race([guest.qemu.exited, timeout]);
    const log = guest.qemu.console();
    const places = ['sysrq: Show Blocked State', 'sysrq: Show Memory', 'sysrq: Resetting'].map((text) =>
      log.indexOf(text),
    );
    expect(
      places.every((at) => at >= 0),
      `evidence and restart on the console: ${places}`,
    ).toBe(true);
    expect(places.at(-1)).toBe(Math.max(...places));
  });
});
