/**
 * The walk over the threads of the host for core/stall, off the loop and one file at a time: those that are followed once a
 * second, all others in rounds. Nothing is read while nothing stalls. A read that hangs keeps one thread of the pool; the walk
 * goes on beside it with status alone, which never blocks, so that a second one cannot be lost.
 */
import type { ThreadFindings } from '../../core/thread-readings.ts';
import { createThreadFindings, TASK_FLAG } from '../../core/thread-readings.ts';
import { ABSENT } from '../../core/units.ts';
import { createKeptThreads, type Followed, type KeptThread } from './kept-threads.ts';
import { createRound } from './round.ts';
import type { TaskIo } from './task-io.ts';
import { createThreadReader, isTelling, type ThreadFiles, type ThreadReader } from './thread-reader.ts';

/** What the core wants to know now. */
export interface Wanted {
  /** Something stalls. */
  readonly isOpen: boolean;
  /** A shot is near that an open could be in the way of: nothing is begun. */
  readonly isPaused: boolean;
  readonly followed: readonly Followed[];
  /** Those of them whose context switches are wanted. */
  readonly named: readonly Followed[];
  /** Some stall: rounds follow each other quickly. */
  readonly isFruitful: boolean;
  isVictim(pid: number): boolean;
}

export interface TaskWalk {
  /** After each turn: goes on with what is due. */
  run(nowMs: number, wanted: Wanted): void;
  /** What was found since the last call; good until the next one. */
  take(): ThreadFindings;
  /** A read is under way, perhaps for ever. */
  isWaiting(): boolean;
}

/** Readings between two turns at the most; the walk waits for the turn then. */
const READINGS_MAX = 128;
const LOOK_EVERY_MS = 1000;
/**
 * Threads a second in a round: a twentieth of them, so that a round takes 20 s. 250 make a small host's round one of two
 * seconds; each costs 0.1 ms of the loop's time, so 1,000 are a tenth of it, and 50,000 threads are through within 50 s,
 * kmallocwd's own period being 60 s.
 */
const ROUND_S = 20;
const THREADS_PER_S_MIN = 250;
const THREADS_PER_S_MAX = 1000;
/** What may be made up for after a pause: a turn and more at the pace of a stall (core/pace.ts). */
const BURST_S = 0.25;
/** From the end of a round to the next one: doubled while they find nothing, up to kmallocwd's period. */
const PAUSE_MIN_MS = 5000;
const PAUSE_MAX_MS = 60_000;
/** Such a read takes microseconds, and a second where its buffer falls into direct reclaim. After this it waits for a lock. */
const HUNG_MS = 3000;

const hasExited = (state: string): boolean => state === 'Z' || state === 'X';

export const createTaskWalk = (
  procRoot: string,
  io: TaskIo,
  nowMs: () => number,
  knownKernelThreads: (into: Set<number>) => void,
): TaskWalk => {
  const kept = createKeptThreads(io);
  const round = createRound(procRoot, io, knownKernelThreads);
  let filling = createThreadFindings(READINGS_MAX);
  let taken = createThreadFindings(READINGS_MAX);
  let wanted: Wanted = {
    isOpen: false,
    isPaused: false,
    followed: [],
    named: [],
    isFruitful: false,
    isVictim: () => false,
  };
  let reader: ThreadReader = createThreadReader(procRoot, io, nowMs);
  let isRunning = false;
  /** The reader whose read hangs, beside the one that goes on; null: none does. */
  let hung: ThreadReader | null = null;
  let due: KeptThread[] = [];
  let dueMs: number = Number.NEGATIVE_INFINITY;
  let tokens = 0;
  let tokensMs = 0;
  let pauseMs = PAUSE_MIN_MS;
  let roundMs = Number.NEGATIVE_INFINITY;
  const counts = { threads: 0, dying: 0, exiting: 0, victim: 0 };

  const tell = ({ reading }: ThreadReader): void => {
    const into = filling.readings[filling.count];
    if (into === undefined) return;
    Object.assign(into, reading);
    filling.count++;
  };
  const read = (mine: ThreadReader, pid: number, tid: number, files: ThreadFiles): Promise<void> =>
    hung === null ? mine.look(pid, tid, files) : mine.glance(pid, tid);

  const lookAgain = async (mine: ThreadReader, thread: KeptThread): Promise<void> => {
    thread.isBusy = true;
    thread.lookedMs = nowMs();
    await read(mine, thread.pid, thread.tid, thread);
    thread.isBusy = false;
    if (mine !== reader) return;
    if (wanted.named.some(({ tid }) => tid === thread.tid)) await mine.countSwitches(thread.pid, thread.tid);
    if (mine === reader) tell(mine);
  };

  const count = ({ reading }: ThreadReader): void => {
    counts.threads++;
    if (reading.isKillPending) counts.dying++;
    if (reading.flags !== ABSENT && (reading.flags & TASK_FLAG.EXITING) !== 0 && !hasExited(reading.state)) {
      counts.exiting++;
    }
    if (wanted.isVictim(reading.pid)) counts.victim++;
  };
  const blankCounts = (): void => {
    counts.threads = counts.dying = counts.exiting = counts.victim = 0;
  };
  const endRound = (): void => {
    roundMs = nowMs();
    pauseMs = wanted.isFruitful ? PAUSE_MIN_MS : Math.min(PAUSE_MAX_MS, pauseMs * 2);
    Object.assign(filling.walk, counts);
    filling.walk.walks++;
    blankCounts();
  };
  const goOn = async (mine: ThreadReader): Promise<void> => {
    if (!(await round.next())) {
      endRound();
      return;
    }
    const { pid, tid } = round.at;
    const files: ThreadFiles = { statFd: ABSENT, wchanFd: ABSENT };
    await read(mine, pid, tid, files);
    const { reading } = mine;
    const isOurs = mine === reader && reading.state !== '';
    if (isOurs && isTelling(reading) && !kept.has(tid)) {
      tell(mine);
      kept.offer(pid, tid, files, reading.atMs);
    } else kept.letGo(files);
    if (!isOurs) return;
    if (pid === tid) round.hasThreads(mine.threads());
    const isKernel = reading.flags !== ABSENT && (reading.flags & TASK_FLAG.KTHREAD) !== 0;
    if (isKernel) round.isKernelThread();
    else count(mine);
  };

  const walk = async (mine: ThreadReader): Promise<void> => {
    while (mine === reader && wanted.isOpen && !wanted.isPaused && filling.count < READINGS_MAX) {
      const next = due.shift();
      if (next !== undefined) await lookAgain(mine, next);
      else if (tokens >= 1 && nowMs() - roundMs >= pauseMs) {
        tokens--;
        await goOn(mine);
      } else break;
    }
    if (mine === reader) isRunning = false;
    else if (mine === hung) hung = null;
    // What was being read when it was closed, or hung.
    if (!wanted.isOpen) kept.keep([]);
  };
  const begin = (): void => {
    isRunning = true;
    void walk(reader);
  };
  /** Leaves a reader that hangs to itself; what it reads when it returns is nobody's. */
  const leaveHung = (now: number): void => {
    const sinceMs = reader.readingSinceMs();
    if (hung !== null || sinceMs === ABSENT || now - sinceMs < HUNG_MS) return;
    hung = reader;
    reader = createThreadReader(procRoot, io, nowMs);
    isRunning = false;
  };
  const close = (): void => {
    kept.keep([]);
    round.stop();
    blankCounts();
    due = [];
  };

  return {
    run: (now, wants) => {
      const wasOpen = wanted.isOpen;
      leaveHung(now);
      if (!wasOpen && !wants.isOpen) return;
      wanted = { ...wants };
      if (wasOpen && !wants.isOpen) close();
      if (!wants.isOpen || wants.isPaused) return;
      if (!wasOpen) {
        tokensMs = now;
        roundMs = Number.NEGATIVE_INFINITY;
        pauseMs = PAUSE_MIN_MS;
      }
      const perS = Math.min(THREADS_PER_S_MAX, Math.max(THREADS_PER_S_MIN, filling.walk.threads / ROUND_S));
      tokens = Math.min(perS * BURST_S, tokens + (perS * Math.max(0, now - tokensMs)) / 1000);
      tokensMs = now;
      if (due.length === 0 && now - dueMs >= LOOK_EVERY_MS / 4) {
        dueMs = now;
        kept.keep(wants.followed);
        due = kept.due(now - LOOK_EVERY_MS);
      }
      if (!isRunning) begin();
    },
    take: () => {
      const full = filling;
      filling = taken;
      taken = full;
      filling.count = 0;
      Object.assign(filling.walk, full.walk);
      full.hungPid = hung === null ? ABSENT : hung.readingPid();
      return full;
    },
    isWaiting: () => isRunning || hung !== null,
  };
};
