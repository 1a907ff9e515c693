// The last resort that needs no kernel to carry it out: a watchdog device (softdog here) that is fed while the loop turns, and
// left unfed when the ladder has come to its end. QEMU runs with -no-reboot and ends when the machine is reset.
import { expect, test } from 'vitest';
import { withWarmDaemon } from '../harness/scene.ts';
import { told } from '../harness/select.ts';
import { lowThrash } from '../harness/thrash.ts';

const WITHIN_MS = 300_000;
const TIMEOUT_S = 30;

const OPTIONS = {
  act: ['last_resort: watchdog', 'last_resort_after: 10s', `watchdog_timeout: ${TIMEOUT_S}s`, 'evidence: off'],
  protectExe: ['/opt/vm/*', '/bin/*', '/usr/**'],
  modules: ['softdog'],
};

test('a watchdog is fed in calm times, and resets the host after a standstill in which nobody may be killed', async () => {
  await withWarmDaemon(OPTIONS, async (scene) => {
    const { guest } = scene;
    expect(told(scene, 'watchdog_device')[0]).toMatchObject({ state: 'armed', timeout_ms: TIMEOUT_S * 1000 });
    await guest.sh(`sleep ${TIMEOUT_S + 10}`, { timeoutMs: 120_000 });
    const { workloads } = await lowThrash(scene);
    for (const { command } of workloads) guest.start(command);
    const timeout = new Promise((_, fail) => setTimeout(() => fail(new Error('it was not reset')), WITHIN_MS).unref());
    await Promise.race([guest.qemu.exited, timeout]);
    expect(guest.qemu.console()).toContain('softdog: Initiating system reboot');
  });
});

test('a daemon that ends in order leaves it disarmed', async () => {
  await withWarmDaemon(OPTIONS, async (scene) => {
    const { guest, daemon } = scene;
    await guest.sh(`kill -TERM ${daemon.pid}`);
    expect((await daemon.ended).code).toBe(0);
    expect(told(scene, 'watchdog_device').at(-1)).toMatchObject({ state: 'released', errno: 0 });
    await guest.sh(`sleep ${TIMEOUT_S + 10}`, { timeoutMs: 120_000 });
    expect(guest.qemu.console()).not.toContain('softdog: Unexpected close');
  });
});
