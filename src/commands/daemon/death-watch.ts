/** The adapters around death, put together once: signals, SysRq, the kernel's word, the dying and what is done for them. */
import type { Executor, KernelLog, Ports, Victims } from '../../control/ports.ts';
import { hasExited, sendSignal } from '../../linux/executor.ts';
import { type KernelSource, openKernelLog } from '../../linux/kernel-log/kernel-log.ts';
import { createRemedies, type Remedies } from '../../linux/remedies/remedies.ts';
import type { Journal } from '../../linux/steer/journal.ts';
import { createSteering } from '../../linux/steer/steering.ts';
import * as libc from '../../linux/sys/libc.ts';
import * as locks from '../../linux/sys/locks.ts';
import { createSysrq } from '../../linux/sysrq.ts';
import { createVictims } from '../../linux/victims/victims.ts';
import type { Host } from './host.ts';

export interface DeathWatch {
  readonly executor: Executor;
  readonly kernelLog: KernelLog;
  readonly victims: Victims;
  readonly remedies: Remedies;
  /** Ways in which the kernel tells of its kills, and which of them are open. */
  readonly sources: () => readonly KernelSource[];
  /** A call that may never return is under way: an ordinary exit would wait for it. */
  isWaiting(): boolean;
  close(): void;
}

const ENODEV = 19;

const LAST_RESORT_KEYS = { crash: 'c', reboot: 'b' } as const;

/**
 * `journal`: null where there is none, and no oom_score_adj is ever changed. `leaveUnfed`: what the last resort is when that is
 * a watchdog device.
 */
export const openDeathWatch = (
  host: Host,
  journal: Journal | null = null,
  leaveUnfed: (dryRun: boolean) => number = () => ENODEV,
): DeathWatch => {
  const { roots, index, clock } = host;
  const sysrq = createSysrq(`${roots.proc}/sysrq-trigger`);
  const kernelLog = openKernelLog(libc, roots, process.pid, clock.nowMs);
  const poolThreads = Number(process.env['UV_THREADPOOL_SIZE'] ?? 0);
  const steering = createSteering(index.slots, roots.proc, journal);
  const victims = createVictims(libc, index, roots, clock.nowMs, poolThreads);
  const remedies = createRemedies(locks, roots, clock.nowMs, victims.isGone);
  return {
    executor: {
      signal: (intent) => sendSignal(libc, index.slots, intent),
      hasExited: (slot) => hasExited(libc, index.slots, slot),
      sysrqF: ({ dryRun, steer }) => {
        if (dryRun) return { errno: sysrq.press('f', true), steered: 0 };
        const refused = steering.steer(steer);
        if (refused !== 0) return { errno: refused, steered: 0 };
        const errno = sysrq.press('f', false);
        if (errno !== 0) steering.restore();
        return { errno, steered: steering.count() };
      },
      restore: steering.restore,
      evidence: sysrq.print,
      lastResort: (action, dryRun) => {
        // Not waited for: a filesystem that is stuck would hold it up for ever.
        if (!dryRun) sysrq.press('s', false);
        return action === 'watchdog' ? leaveUnfed(dryRun) : sysrq.press(LAST_RESORT_KEYS[action], dryRun);
      },
    },
    kernelLog,
    victims,
    remedies,
    sources: () => kernelLog.sources,
    isWaiting: () => victims.isWaiting() || sysrq.isPrinting() || remedies.isWaiting(),
    close: () => {
      sysrq.close();
      steering.close();
      kernelLog.close();
      victims.close();
    },
  };
};

/** The same for a rehearsal, whose child nobody else kills: the kernel's word is not listened to. */
export const withoutKernelLog = ({
  executor,
  victims,
  remedies,
}: DeathWatch): Pick<Ports, 'executor' | 'victims' | 'remedies' | 'kernelLog'> => ({
  executor,
  victims,
  remedies,
  kernelLog: { read: () => undefined },
});
