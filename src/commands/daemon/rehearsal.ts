/**
 * The rehearsal: a child of ours is taken through the whole kill path with real scans, a real pidfd and a real SIGKILL.
 * It compiles the code that an emergency needs and faults its pages in before they are locked, and it proves that this
 * process may do what it is here for.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { createLoop } from '../../control/loop.ts';
import type { OomwatchdEvent } from '../../core/event.ts';
import type { Policy } from '../../core/policy.ts';
import { createState } from '../../core/state.ts';
import { rehearseTexts } from '../../linux/kernel-log/rehearse-texts.ts';
import * as libc from '../../linux/sys/libc.ts';
import { type DeathWatch, withoutKernelLog } from './death-watch.ts';
import { type Host, settleIndex } from './host.ts';

export interface Rehearsal {
  ok: boolean;
  detail: string;
  durationMs: number;
}

/** Dry turns before the real one: V8 compiles lazily and fills its inline caches in the first dozen calls. */
const DRY_TURNS = 20;
const TIMEOUT_MS = 5000;
const POLL_MS = 10;

/** The operator's policy with marks that are always reached and one candidate. */
const rehearsalPolicy = (policy: Policy, pid: number, mode: Policy['mode']): Policy => {
  const always = { kib: Number.MAX_SAFE_INTEGER, permyriad: -1 };
  const marks = { memAvailable: always, swapFree: always };
  return {
    ...policy,
    mode,
    detect: { ...policy.detect, combine: 'or', term: marks, kill: marks },
    select: { ...policy.select, onlyPid: pid },
    // A rehearsal that fails is told, and nothing else.
    act: { ...policy.act, sysrqF: 'off', evidence: '', lastResort: 'off' },
  };
};

const turns = (host: Host, deaths: DeathWatch, policy: Policy, events: OomwatchdEvent[]): (() => void) => {
  const { index } = host;
  const loop = createLoop(
    {
      clock: host.clock,
      sampler: host.sampler,
      index,
      ...withoutKernelLog(deaths),
      watchers: { take: () => undefined },
      standby: { begin: () => false, take: () => undefined, end: () => undefined },
      publisher: { publish: (event) => void events.push(event), gauges: () => undefined },
      ownMajorFaults: libc.ownMajorFaults,
      ticked: () => undefined,
    },
    createState(index.table.capacity),
    policy,
  );
  return () => loop.turn(host.clock.nowMs());
};

const settledVerdict = (events: readonly OomwatchdEvent[]): string | null => {
  for (const event of events) {
    if (event.kind === 'verify' && event.exited) return 'exited';
    if (event.kind === 'no_action' && event.reason !== 'waiting_for_victim') return `${event.reason}: ${event.detail}`;
  }
  return null;
};

const killForReal = async (host: Host, deaths: DeathWatch, policy: Policy, child: ChildProcess): Promise<Rehearsal> => {
  const events: OomwatchdEvent[] = [];
  const startMs = host.clock.nowMs();
  const turn = turns(host, deaths, policy, events);
  const gone = once(child, 'exit');
  for (let verdict: string | null = null; ; verdict = settledVerdict(events)) {
    const durationMs = host.clock.nowMs() - startMs;
    if (verdict === 'exited') {
      const [, signal] = (await gone) as [number | null, string | null];
      return { ok: signal === 'SIGKILL', detail: `child ended by ${signal}`, durationMs };
    }
    if (verdict !== null) return { ok: false, detail: verdict, durationMs };
    if (durationMs > TIMEOUT_MS) return { ok: false, detail: 'the child did not exit in 5 s', durationMs };
    turn();
    await sleep(POLL_MS);
  }
};

/** Runs the rehearsal and puts the operator's policy back. The child is always gone afterwards. */
export const rehearse = async (host: Host, deaths: DeathWatch): Promise<Rehearsal> => {
  const policy = host.policy();
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], { stdio: 'ignore' });
  if (child.pid === undefined) {
    const [error] = (await once(child, 'error')) as [Error];
    return { ok: false, detail: `no child: ${error.message}`, durationMs: 0 };
  }
  try {
    host.setPolicy(rehearsalPolicy(policy, child.pid, 'observe'));
    settleIndex(host.index, 1);
    rehearseTexts();
    for (let times = 0; times < DRY_TURNS; times++) turns(host, deaths, host.policy(), [])();
    host.setPolicy(rehearsalPolicy(policy, child.pid, 'enforce'));
    return await killForReal(host, deaths, host.policy(), child);
  } finally {
    child.kill('SIGKILL');
    host.setPolicy(policy);
    settleIndex(host.index, 2);
  }
};
