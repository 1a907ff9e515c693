/**
 * Control's side of the second actor: starts the standby process and keeps it, writes the heartbeat, hands candidates over
 * after each round of the index, and takes in what was done in an absence.
 */
import { fileURLToPath } from 'node:url';
import type { Standby } from '../../control/ports.ts';
import { type Supervised, supervise } from '../../control/supervise.ts';
import { killsLeft } from '../../core/act/budget.ts';
import type { Finding, OomwatchdEvent } from '../../core/event.ts';
import { isWithinLimits } from '../../core/own-limits.ts';
import type { Policy } from '../../core/policy.ts';
import { createRanking } from '../../core/select/rank.ts';
import { standbyCandidates } from '../../core/standby-candidates.ts';
import type { State } from '../../core/state.ts';
import { ABSENT } from '../../core/units.ts';
import { LEVEL } from '../../core/verdict.ts';
import { isPending } from '../../core/victim.ts';
import { errnoName } from '../../linux/sys/errno.ts';
import * as ipc from '../../linux/sys/ipc.ts';
import * as libc from '../../linux/sys/libc.ts';
import { ENTRIES_MAX, LIST_WORDS, writeList } from '../../standby/handover.ts';
import { beginTurn, deedsOf, deedsSince, endTurn, isClaimed, unclaim } from '../../standby/page.ts';
import { lookAfterMs, PAGE_FD, SOCKET_FD, STANDBY_ENV, startOf, TIMER_FD } from '../../standby/start.ts';
import type { Host } from './host.ts';

/**
 * Flags of V8 as in the unit: 47 MiB resident with them, 37 of which are the file pages that control has in memory anyway.
 */
export const NODE_FLAGS = [
  '--v8-pool-size=0',
  '--optimize-for-size',
  '--predictable',
  '--no-lazy',
  '--no-sparkplug',
  '--no-opt',
];

const SCRIPT = fileURLToPath(new URL('../../main.js', import.meta.url));

/** For process_mrelease(2), which may not return: as many as it kills in one absence by default, and one. */
const POOL_THREADS = '4';

/** With control it ends by itself; this is for one that hangs. */
const GRACE_MS = 500;

export interface SecondActor extends Standby {
  /** After a round of the index: who are the candidates now. */
  handOver(): void;
  setPolicy(policy: Policy): void;
  /** 1 while it runs, 0 while it should, ABSENT when policy is against it. */
  isUp(): number;
  readonly finding: Finding | null;
  close(): Promise<void>;
}

const failed = (what: string, errno: number): Finding => ({
  name: 'standby',
  status: 'warn',
  found: `${what}: ${errnoName(errno)}`,
  meaning: 'no second process acts when this one is stopped, starved or paged out',
  remedy:
    'allow memfd_create, mmap, timerfd_create and socketpair to the service, or set control.standby.enabled: false',
});

interface Ways {
  readonly page: Int32Array;
  readonly pageFd: number;
  readonly timerFd: number;
  readonly ownFd: number;
  readonly theirFd: number;
}

/** Page, timer and socket, or what could not be had. */
const openWays = (): Ways | Finding => {
  const pageFd = ipc.createSharedPage('oomwatchd-standby');
  if (pageFd < 0) return failed('memfd_create', pageFd);
  const page = ipc.mapSharedPage(pageFd);
  if (typeof page === 'number') return failed('mmap', page);
  const timerFd = ipc.createTimer();
  if (timerFd < 0) return failed('timerfd_create', timerFd);
  const ends = new Int32Array(2);
  const made = ipc.packetPair(ends);
  if (made < 0) return failed('socketpair', made);
  return { page, pageFd, timerFd, ownFd: ends[0] as number, theirFd: ends[1] as number };
};

/** What it could not have is told, and the daemon goes on alone. */
const without = (finding: Finding): SecondActor => ({
  finding,
  begin: () => false,
  take: () => undefined,
  end: () => undefined,
  handOver: () => undefined,
  setPolicy: () => undefined,
  isUp: () => 0,
  close: () => Promise.resolve(),
});

/** Starts it, unless policy is against it. `state` and the policy of `host` are looked at whenever they are needed. */
export const openStandby = (host: Host, state: State, publish: (event: OomwatchdEvent) => void): SecondActor => {
  const ways = openWays();
  if ('status' in ways) return without(ways);
  const { page, pageFd, timerFd, ownFd, theirFd } = ways;
  const { index } = host;
  const { table, slots } = index;
  const ranking = createRanking(table.capacity, ENTRIES_MAX);
  const words = new Int32Array(LIST_WORDS);
  const pidfds = new Int32Array(ENTRIES_MAX);
  const beat = { dueMs: 0, mayAct: false, killsLeft: 0, waitUntilMs: 0, memAvailableKiB: 0, isWithinLimits: false };
  let child: Supervised | null = null;
  let seen = 0;
  let started = '';
  let isUp = false;

  const handOver = (): void => {
    if (child === null) return;
    const held = standbyCandidates(ranking, state, table, host.policy(), ENTRIES_MAX)
      // Without a pidfd nobody is handed over: a number alone may become somebody else's.
      .filter(({ slot }) => slots.pidfd[slot] !== ABSENT);
    held.forEach(({ slot }, at) => {
      pidfds[at] = slots.pidfd[slot] as number;
    });
    const entries = held.map(({ slot, group, isCandidate }) => ({
      slot,
      generation: slots.generation[slot] as number,
      pid: table.pid[slot] as number,
      group,
      isCandidate,
      oomScoreAdj: table.oomScoreAdj[slot] as number,
      policyPoints: table.policyPoints[slot] as number,
      comm: table.comm[slot] as string,
    }));
    // A full socket has lists that have not been read yet: the next round brings a newer one.
    ipc.sendDescriptors(ownFd, words, writeList(words, entries), pidfds, entries.length);
  };

  const start = (): void => {
    child = supervise({
      launch: () => {
        const stdio: ('ignore' | 'inherit' | number)[] = ['ignore', 'ignore', 'inherit'];
        stdio[PAGE_FD] = pageFd;
        stdio[SOCKET_FD] = theirFd;
        stdio[TIMER_FD] = timerFd;
        const env = { [STANDBY_ENV]: started, UV_THREADPOOL_SIZE: POOL_THREADS };
        return { args: [...NODE_FLAGS, SCRIPT, 'standby'], stdio, env, uid: ABSENT, gid: ABSENT };
      },
      isCalm: () => state.level < LEVEL.TERM,
      tell: (is, detail) => {
        isUp = is === 'started';
        // One that ended in the middle of a shot must not hold control up.
        if (!isUp) unclaim(page);
        publish({ kind: 'standby', state: is, detail });
      },
      restarted: handOver,
    });
    handOver();
  };

  const setPolicy = (policy: Policy): void => {
    const next = policy.control.standby.enabled ? JSON.stringify(startOf(policy)) : '';
    if (next === started) {
      // It knows no rules: whom they protect from now on must not stay a candidate until the next round, which is half a minute away.
      handOver();
      return;
    }
    started = next;
    if (child === null) start();
    else if (next !== '') child.restart();
    else {
      const ending = child;
      child = null;
      void ending.stop(0);
    }
  };

  /** For how long a victim of ours is still waited for, by the clock of the loop. */
  const waitsUntilMs = (nowMs: number): number => {
    let until = nowMs;
    for (let at = 0; at < state.victims.length; at++) {
      const victim = state.victims[at] as (typeof state.victims)[number];
      if (victim.signal !== 'KILL' || victim.simulated || !isPending(victim)) continue;
      until = Math.max(until, victim.signalledMs + host.policy().act.victimTimeoutMs);
    }
    return until;
  };

  setPolicy(host.policy());
  return {
    begin: () => {
      const nowMs = ipc.uptimeMs();
      beginTurn(page, nowMs);
      return isClaimed(page, nowMs);
    },
    take: (rescues) => {
      // Most turns: one look at the page.
      if (deedsOf(page) === seen) return;
      const uptimeMs = ipc.uptimeMs();
      for (const { atMs, generation, slot, ...deed } of deedsSince(page, seen)) {
        const isSame = slot !== ABSENT && slots.generation[slot] === generation;
        rescues.push({ ...deed, slot: isSame ? slot : ABSENT, agoMs: (uptimeMs - atMs) | 0 });
      }
      seen = deedsOf(page);
    },
    end: (sleepMs, memAvailableKiB) => {
      const nowMs = host.clock.nowMs();
      const uptimeMs = ipc.uptimeMs();
      beat.dueMs = (uptimeMs + sleepMs) | 0;
      // Standby knows no better. That nobody is large enough is of now: it looks at sizes itself.
      beat.mayAct = state.nobodyMs === ABSENT || state.noAction !== 'futile';
      beat.killsLeft = killsLeft(state.budget, host.policy().act, nowMs);
      beat.waitUntilMs = (uptimeMs + waitsUntilMs(nowMs) - nowMs) | 0;
      beat.memAvailableKiB = memAvailableKiB;
      beat.isWithinLimits = isWithinLimits(state.detect.ownLimits, nowMs);
      endTurn(page, beat);
      // Where it is refused, standby sees that it is not set, and looks by itself.
      if (child !== null) ipc.setTimer(timerFd, sleepMs + lookAfterMs(host.policy().control.standby));
    },
    handOver,
    setPolicy,
    isUp: () => (child === null ? ABSENT : Number(isUp)),
    finding: null,
    close: async () => {
      // Its end of the socket tells it.
      libc.close(ownFd);
      libc.close(theirFd);
      await child?.stop(GRACE_MS);
      libc.close(pageFd);
      libc.close(timerFd);
    },
  };
};
