/**
 * `oomwatchd standby`, started by control with a page and a socket: the second actor. Everything it needs is loaded, opened,
 * run once and locked before it begins to wait; then it sleeps in poll(2) beside the event loop, which only serves what runs
 * on another thread. It ends with control.
 */
import { setImmediate as nextRound } from 'node:timers/promises';
import { ABSENT } from '../core/units.ts';
import { EXIT } from '../exit.ts';
import { createKmsgWriter } from '../linux/kmsg-writer.ts';
import { parseOomScore } from '../linux/proc/oom-score.ts';
import { REAL_ROOTS } from '../linux/root.ts';
import { createSampler } from '../linux/sampler.ts';
import * as ipc from '../linux/sys/ipc.ts';
import * as libc from '../linux/sys/libc.ts';
import { createCandidates } from '../standby/candidates.ts';
import { ENTRIES_MAX, LIST_WORDS, readList } from '../standby/handover.ts';
import { createStandbyLoop, type StandbyPorts, UNTIL_WOKEN } from '../standby/loop.ts';
import { beginTurn, type Deed, endTurn } from '../standby/page.ts';
import { PAGE_FD, SOCKET_FD, STANDBY_ENV, type StandbyStart, TIMER_FD } from '../standby/start.ts';
import { settleCompiler, settleHeap } from './daemon/heap.ts';
import { rescueLine } from './daemon/kmsg-death.ts';
import { lockCode } from './daemon/protection.ts';

const SIGKILL = 9;
const PAGE_KIB = 4;
/** V8 compiles lazily and fills its inline caches in the first dozen calls. */
const DRY_TURNS = 20;

const readStart = (): StandbyStart | null => {
  try {
    const start: StandbyStart = JSON.parse(process.env[STANDBY_ENV] ?? '');
    return typeof start?.control?.standby?.afterMs === 'number' ? start : null;
  } catch {
    // Not started by control; the caller says so.
    return null;
  }
};

const buffer = new Uint8Array(64);
const readScore = (fd: number): number => {
  const length = libc.preadAt0(fd, buffer, buffer.length);
  return length < 0 ? length : parseOomScore(buffer, length);
};

/** Takes in what control has sent; false when control has ended. */
const createInbox = (take: (words: Int32Array, bytes: number, fds: Int32Array, count: number) => void) => {
  const words = new Int32Array(LIST_WORDS);
  const fds = new Int32Array(ENTRIES_MAX);
  return (): boolean => {
    for (;;) {
      const { length, count } = ipc.receiveDescriptors(SOCKET_FD, words, fds);
      if (length > 0) take(words, length, fds, count);
      else return length < 0;
    }
  };
};

export const run = async (): Promise<number> => {
  settleCompiler();
  process.title = 'oomwatchd-standby';
  const start = readStart();
  const page = start === null ? -1 : ipc.mapSharedPage(PAGE_FD);
  if (start === null || typeof page === 'number') {
    process.stderr.write('oomwatchd: the standby process is started by "oomwatchd run", not by hand\n');
    return EXIT.USAGE;
  }
  const sampler = createSampler(REAL_ROOTS, libc);
  const kmsg = createKmsgWriter(REAL_ROOTS.kmsg);
  const candidates = createCandidates({ ...libc, readScore, hasExited: libc.isReadable }, REAL_ROOTS.proc);
  let calls = 0;
  const reap = (pidfd: number): void => {
    calls++;
    libc.processMreleaseAsync(pidfd, () => {
      calls--;
    });
  };
  const ports: StandbyPorts = {
    uptimeMs: ipc.uptimeMs,
    nowMs: libc.monotonicMs,
    readSample: (sample) => {
      sampler.readBasics(sample);
      sampler.readDetails(sample);
    },
    candidates,
    isTimerSet: () => ipc.isTimerSet(TIMER_FD),
    kill: ({ pidfd }) => -libc.pidfdSendSignal(pidfd, SIGKILL),
    reap: ({ pidfd }) => {
      if (start.act.reap) reap(pidfd);
    },
    tell: (deed: Deed) => void kmsg.write(rescueLine(deed)),
  };
  const receive = createInbox((words, bytes, fds, count) => candidates.take(readList(words, bytes), fds, count));

  // The thread for process_mrelease(2) is there before it is needed; of a process that lives it is refused.
  const own = libc.pidfdOpen(process.pid);
  reap(own);
  while (calls > 0) await nextRound();
  rehearse(ports, start, own);
  settleHeap();
  lockCode(REAL_ROOTS);
  libc.close(own);

  const loop = createStandbyLoop(ports, page, start, PAGE_KIB);
  for (;;) {
    const sleepMs = loop.turn();
    const state = ipc.waitFor(SOCKET_FD, sleepMs, sleepMs === UNTIL_WOKEN ? TIMER_FD : -1);
    // Control has ended: whoever comes after it starts its own.
    if (state === 'closed' || (state === 'readable' && !receive())) libc.exitNow(EXIT.OK);
    if (calls > 0) await nextRound();
  }
};

/**
 * The whole way on a page of its own, on which control is away, with this process as the one candidate and signal 0 in place
 * of SIGKILL: compiled and in memory afterwards.
 */
const rehearse = (ports: StandbyPorts, start: StandbyStart, pidfd: number): void => {
  const page = new Int32Array(ipc.PAGE_BYTES / Int32Array.BYTES_PER_ELEMENT);
  const always = { kib: Number.MAX_SAFE_INTEGER, permyriad: ABSENT };
  const marks = { memAvailable: always, swapFree: always };
  const detect = { ...start.detect, combine: 'or' as const, term: marks, kill: marks };
  const dryStart = { ...start, mode: 'enforce' as const, detect, minimumSize: { kib: 0, permyriad: ABSENT } };
  const entry = {
    slot: 0,
    generation: 0,
    pid: process.pid,
    group: ABSENT,
    isCandidate: true,
    policyPoints: 0,
    comm: 'x',
  };
  const scoreFd = libc.openReadOnly(`${REAL_ROOTS.proc}/self/oom_score`);
  for (let times = 0; times < DRY_TURNS; times++) {
    const self = {
      entry: { ...entry, oomScoreAdj: -1000 },
      pidfd,
      scoreFd,
      listedScore: 0,
      oomScore: 0,
      isGone: false,
      isDone: false,
    };
    const scan = (): void => {
      self.oomScore = readScore(scoreFd);
    };
    const dry: StandbyPorts = {
      ...ports,
      candidates: { rows: [self], take: () => undefined, scan },
      kill: (candidate) => -libc.pidfdSendSignal(candidate.pidfd, 0),
      reap: () => undefined,
      tell: (deed) => void rescueLine(deed),
    };
    const due = ports.uptimeMs() - start.control.standby.afterMs - 1000;
    beginTurn(page, due | 0);
    const rest = { mayAct: true, killsLeft: 1, memAvailableKiB: 0, isWithinLimits: false };
    endTurn(page, { dueMs: due | 0, waitUntilMs: due | 0, ...rest });
    createStandbyLoop(dry, page, dryStart, PAGE_KIB).turn();
  }
  libc.close(scoreFd);
};
