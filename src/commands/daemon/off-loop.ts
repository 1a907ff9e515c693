/**
 * What is found out about processes off the loop, because the files and calls that tell it can wait for a stuck process
 * for ever: start times and exits (stat), who shares an mm (kcmp), who is in swapoff or a KSM unmerge (syscall, stack).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { never, takeTurn } from '../../core/due.ts';
import type { OomwatchdEvent } from '../../core/event.ts';
import { COUNTED_IN } from '../../core/kernel-event.ts';
import { FLAG } from '../../core/process-table.ts';
import { ABSENT } from '../../core/units.ts';
import { LEVEL } from '../../core/verdict.ts';
import { createLane } from '../../linux/index/lane.ts';
import { createMmGroups } from '../../linux/index/mm-groups.ts';
import { createOrigins } from '../../linux/index/origins.ts';
import { createStatSweep } from '../../linux/index/stat-sweep.ts';
import { createMemoryEvents } from '../../linux/kernel-log/memory-events.ts';
import { errnoName } from '../../linux/sys/errno.ts';
import * as libc from '../../linux/sys/libc.ts';
import type { Host } from './host.ts';

export interface OffLoop {
  /** After each turn. */
  run(nowMs: number, level: number): void;
  /** A round of the index has ended: the candidates may be others. */
  roundEnded(): void;
  /** Who shares an mm with whom among all that are known now; resolves when that is known, or after a second. */
  settle(): Promise<void>;
  /** The kernel killed and no record told of it: finds out where. */
  killsUnseen(): void;
  /** A call is under way, perhaps for ever: an ordinary exit would wait for it. */
  isWaiting(): boolean;
}

/** Start times tell processes of equal badness apart; one is read in so long while nothing happens. */
const START_TIME_MS = 5000;
/** A shortage comes within seconds of its approach: exits and swapoffs are looked for as often. */
const APPROACH_MS = 1000;
/** A swapoff in calm times takes minutes on a disk: it is known before it becomes a shortage. */
const ORIGINS_MS = 10_000;
/** Such a call takes microseconds; after this somebody holds exec_update_lock or mmap_lock (kernel-facts 4.4). */
const HUNG_MS = 1000;

/** At start; a hundred processes take some milliseconds. */
const SETTLE_MS = 1000;
const SETTLE_POLL_MS = 2;

const scratch = new Uint8Array(32);

export const createOffLoop = (
  { index, roots, clock, cgroup2 }: Host,
  publish: (event: OomwatchdEvent) => void,
  /** Nobody may be chosen: then there is no shot to keep the way clear for, and an answer may be what it takes. */
  isNobody: () => boolean,
): OffLoop => {
  const { table, slots } = index;
  let level: number = LEVEL.CALM;
  const startTimes = never();
  const exits = never();
  const originLook = never();
  let isHung = false;
  let isRefused = false;

  const isSame = (slot: number, pid: number): boolean =>
    table.pid[slot] === pid && libc.preadAt0(slots.scoreFd[slot] as number, scratch, scratch.length) > 0;
  const lane = createLane(clock.nowMs);
  const memoryEvents = createMemoryEvents(cgroup2);
  // What was counted before our time is no news.
  void memoryEvents.risen();
  const sweep = createStatSweep(table, roots.proc, lane, isSame);
  const mmGroups = createMmGroups(libc, slots, roots.proc, lane, () => level < LEVEL.TERM || isNobody());
  const origins = createOrigins(table, roots, lane, {
    isSame,
    found: (slot) => {
      if (((table.flags[slot] as number) & FLAG.GONE) === 0) index.identify(slot);
    },
  });

  const tellHung = (nowMs: number): void => {
    const sinceMs = lane.waitingSinceMs();
    const hangs = sinceMs !== ABSENT && nowMs - sinceMs >= HUNG_MS;
    if (hangs === isHung) return;
    isHung = hangs;
    const detail = hangs
      ? 'a process holds exec_update_lock: start times, mm groups, exits and swapoffs stay as they are until it lets go'
      : '';
    publish({ kind: 'source', name: 'off_loop_reads', up: !hangs, fault: hangs, detail });
  };
  const tellRefused = (): void => {
    const errno = mmGroups.refusal();
    if (errno === 0 || isRefused) return;
    isRefused = true;
    const detail = `kcmp: ${errnoName(errno)}; processes that share memory are not all known: run as root with CAP_SYS_PTRACE`;
    // Refused is refused for good, and a finding of the start as well.
    publish({ kind: 'source', name: 'kcmp', up: false, fault: false, detail });
  };

  return {
    run: (nowMs, now) => {
      level = now;
      tellHung(nowMs);
      // Opening files allocates: in an emergency what is known must do.
      if (level >= LEVEL.TERM) return;
      const isNear = level === LEVEL.APPROACH;
      if (takeTurn(startTimes, isNear ? APPROACH_MS : START_TIME_MS, nowMs)) {
        sweep.next();
        tellRefused();
      }
      if (isNear && takeTurn(exits, APPROACH_MS, nowMs)) sweep.lookForExits();
      if (takeTurn(originLook, isNear ? APPROACH_MS : ORIGINS_MS, nowMs)) void origins.look();
    },
    roundEnded: () => {
      if (level < LEVEL.TERM || isNobody()) mmGroups.next();
    },
    killsUnseen: () => {
      void memoryEvents.risen().then((where) => {
        const text = where === '' ? '' : `${COUNTED_IN}${where}`;
        if (text !== '') publish({ kind: 'kernel_note', note: 'unread', text });
      });
    },
    settle: async () => {
      const endMs = clock.nowMs() + SETTLE_MS;
      while (mmGroups.passes() === 0 && mmGroups.refusal() === 0 && clock.nowMs() < endMs) {
        mmGroups.next();
        await sleep(SETTLE_POLL_MS);
      }
    },
    isWaiting: () => lane.waitingSinceMs() !== ABSENT,
  };
};
