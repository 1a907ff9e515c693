// A trapped victim and the daemon: the victim holds most of what there is, then somebody smaller takes the rest. What has
// to come back, or who has to go next, is judged by the kernel's accounts and by the judge.
import { expect } from 'vitest';
import type { Guest } from './guest.ts';
import type { Judgement } from './judge.ts';
import {
  expectAlive,
  expectFigure,
  expectKilled,
  expectNoKernelKill,
  expectShotOnly,
  INNOCENTS,
  note,
} from './outcome.ts';
import type { Scene, Workload } from './scene.ts';
import { type Trap, Victim } from './stuck.ts';
import { startTrace } from './trace.ts';
import { expectVerdictWithin } from './verdict.ts';

/** The victim's share of what is available, so that it is the largest by far. */
const VICTIM_SHARE = 0.6;
/** Of MemTotal, under the kill mark: SIGTERM alone does nothing to a victim that is stuck. */
const LEFT_SHARE = 0.04;
const NEIGHBOURS = INNOCENTS.slice(0, 4);
const RATE_MIB_S = 60;
const PRESSER = 'presser';

/** act.victim_timeout: after it a victim is waited for no longer. */
export const VICTIM_TIMEOUT_MS = 5000;

/** A victim in a trap, with most of the available memory: anonymous, or nearly all of it shmem. */
export async function trapLargest(scene: Scene, trap: Trap, kind: 'anon' | 'shmem' = 'anon'): Promise<Victim> {
  await startTrace(scene.guest);
  const mib = Math.round(((await scene.availableMiB()) - NEIGHBOURS.length * 7) * VICTIM_SHARE);
  const size = kind === 'anon' ? { anonMiB: mib } : { anonMiB: 8, sharedMiB: mib - 8 };
  return Victim.trap(scene.guest, trap, size);
}

/** Lets `presser` take the rest, but for `leaveMiB`, while neighbours go on; ends the watch soon after its death. */
export async function press(scene: Scene, seconds: number, leaveMiB?: number): Promise<Judgement> {
  const leave = leaveMiB ?? Math.round((await scene.totalMiB()) * LEFT_SHARE);
  const presser: Workload = {
    name: PRESSER,
    atMs: 1500,
    command: `exec leak rate=${RATE_MIB_S} target=$(awk '/MemAvailable:/ { print int($2 / 1024) - ${leave} }' /proc/meminfo)`,
  };
  return scene.watch({ seconds, workloads: [...NEIGHBOURS, presser], until: { name: PRESSER, afterMs: 1000 } });
}

const neighbourNames = NEIGHBOURS.map((run) => run.name);

const BACK_WITHIN_MS = 1000;

/** How long after `us` MemAvailable had grown by so much; Infinity: never. */
function availableAfterMs(seen: Judgement, us: number, growthKiB: number): number {
  const before = seen.memory.findLast((point) => point.us <= us)?.availableKiB ?? Number.POSITIVE_INFINITY;
  const grown = seen.memory.find((point) => point.us > us && point.availableKiB - before >= growthKiB);
  return grown ? Math.round((grown.us - us) / 1000) : Number.POSITIVE_INFINITY;
}

/** All but a twentieth of its anonymous memory is back soon after the daemon's SIGKILL, and nobody else dies. */
export async function expectGivenBack(scene: Scene, victim: Victim, seen: Judgement): Promise<void> {
  const killedUs = await victim.killedUs(scene.daemon.pid);
  const { anonKiB } = victim.heldAt(killedUs);
  expect(anonKiB, 'anonymous memory of the victim, KiB').toBeGreaterThan(100 * 1024);
  // An exit detaches the memory before it frees it: only MemAvailable tells that it has arrived.
  const backMs = Math.max(victim.backAfterMs(killedUs), availableAfterMs(seen, killedUs, anonKiB * 0.8));
  expectFigure(`ms from SIGKILL until 95 % of ${Math.round(anonKiB / 1024)} MiB were back`, backMs, BACK_WITHIN_MS);
  // Alone it would never come: this is the time in which it has to on the busiest machine.
  expect(backMs, 'ms from SIGKILL until 95 % of its anonymous memory was back').toBeLessThan(VICTIM_TIMEOUT_MS);
  expectAlive(seen, PRESSER, ...neighbourNames);
  await expectShotOnly(scene, seen);
  await expectNoKernelKill(scene, seen);
}

/**
 * Its memory does not come: the next one is taken, `afterMs` at the earliest, and nobody else. `cause`: of the livelock that is told
 * meanwhile, where the wait is long enough to be one.
 */
export async function expectNextIsTaken(
  scene: Scene,
  victim: Victim,
  seen: Judgement,
  { afterMs, cause }: { afterMs: number; cause?: string },
): Promise<void> {
  const killedUs = await victim.killedUs(scene.daemon.pid);
  expectKilled(seen, PRESSER);
  expectAlive(seen, ...neighbourNames);
  const [shot] = await expectShotOnly(scene, seen, PRESSER);
  const waitedMs = ((shot?.us ?? 0) - killedUs) / 1000;
  note('next victim taken', { afterMs: Math.round(waitedMs) });
  expect(waitedMs, 'wait for the first victim, ms').toBeGreaterThan(afterMs);
  expect(waitedMs, 'wait for the first victim, ms').toBeLessThan(VICTIM_TIMEOUT_MS + 2000);
  await expectNoKernelKill(scene, seen);
  if (cause !== undefined) await expectVerdictWithin(scene, `after_kill ${cause}`, killedUs);
}

/** What the daemon printed of this victim holds the reason why it does not go. */
export function expectNamed(scene: Scene, victim: Victim, reason: string): void {
  const lines = scene.daemon.output().split('\n');
  const told = lines.filter((line) => line.includes(`"pid":${victim.pid},`) && line.includes('"event":"victim"'));
  expect(told.join('\n'), 'what the daemon said of the victim').toContain(`"reason":"${reason}"`);
}

const TICKS = '/sys/kernel/tracing/instances/ticks';
/** The calls in which the loop sleeps between two ticks: poll, epoll_wait, ppoll, epoll_pwait. */
const SLEEPS = 'id==7 || id==232 || id==271 || id==281';

/** Records from now on whenever the main thread of the daemon goes to sleep. */
export async function startTicks(guest: Guest, daemonPid: number): Promise<void> {
  await guest.sh(`set -e; mkdir ${TICKS}; cd ${TICKS}; echo mono > trace_clock; echo 1024 > buffer_size_kb
    echo ${daemonPid} > set_event_pid; echo '${SLEEPS}' > events/raw_syscalls/sys_enter/filter
    echo 1 > events/raw_syscalls/sys_enter/enable; echo 1 > tracing_on`);
}

/** The longest time that the daemon's main thread was busy or blocked, or slept, in one piece. */
export async function worstTickGapMs(guest: Guest): Promise<number> {
  const { stdout } = await guest.sh(`cat ${TICKS}/trace`);
  const times = [...stdout.matchAll(/ ([\d.]+): sys_enter: /g)].map(([, seconds]) => Number(seconds) * 1000);
  expect(times.length, 'turns of the loop').toBeGreaterThan(10);
  return Math.round(Math.max(...times.slice(1).map((ms, i) => ms - (times[i] ?? ms))));
}
