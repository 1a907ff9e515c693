/**
 * The reaper of user space: process_mrelease(2) for several victims at once, on threads of the pool. Each try that fails
 * for a reason which passes is made again every 100 ms, ten times, as the kernel's reaper does (mm/oom_kill.c,
 * oom_reap_task: MAX_OOM_REAP_RETRIES, HZ/10). Nothing here waits: pump() is called each tick.
 */
import type { Dying, Reaped, ReapResult } from '../../core/dying.ts';
import { ABSENT } from '../../core/units.ts';
import type { PidStatus } from '../proc/pid-status.ts';
import { EAGAIN, ESRCH } from '../sys/errno.ts';
import { hasGone, readLiving, type VictimIo, type Watch } from './watch.ts';

const [EPERM, EINVAL, ENOSYS] = [1, 22, 38];

export const TRIES_MAX = 10;
export const RETRY_MS = 100;
/** It takes 15 to 60 ms for 100 MB on an emulated CPU (kernel-facts 3.3): after a second it is waiting for mmap_lock. */
export const HUNG_MS = 1000;

/** Results that can be different a moment later: the sharers are killed right after, SIGKILL ends most core dumps. */
const PASSING: ReadonlySet<ReapResult> = new Set<ReapResult>(['again', 'sharer_alive', 'core_dump']);

interface Job {
  readonly dying: Dying;
  readonly watch: Watch;
  state: 'queued' | 'calling' | 'hung' | 'measuring' | 'waiting';
  tries: number;
  /** Begin of its first try, of the last one, and when the next is due. */
  beginMs: number;
  callMs: number;
  dueMs: number;
  /** Before the first try. */
  heldKiB: number;
}

export interface Reaper {
  /** Queues it; nothing when it is being reaped already. */
  reap(dying: Dying, watch: Watch): void;
  pump(nowMs: number): void;
  /** The last result of a process, null before. */
  lastResult(dying: Dying): ReapResult | null;
  isWaiting(): boolean;
}

/**
 * What a reaping gives back: private anonymous memory, and its swap (mm/oom_kill.c, __oom_reap_task_mm). Page cache and
 * shmem stay, page tables too.
 */
const heldKiB = (status: PidStatus): number => Math.max(status.rssAnonKiB, 0) + Math.max(status.vmSwapKiB, 0);

/**
 * EINVAL has three causes (task_will_free_mem). Who is not being killed shows no SIGKILL; but one that exits by itself has
 * none either (exit_group sets no signal). When it is dying and dumps no core, another process with its mm is alive.
 */
const whyInvalid = (dying: Dying, status: PidStatus | null): ReapResult => {
  if (status === null) return 'sharer_alive';
  if (status.coreDumping === 1) return 'core_dump';
  const isKilled = status.sharedSigkill === 1 || status.threadSigkill === 1;
  return isKilled || dying.killedBy === 'itself' ? 'sharer_alive' : 'not_dying';
};

export const createReaper = (
  io: VictimIo,
  nowMs: () => number,
  /** Has a thread with the mm looked for, if none is known. */
  follow: (watch: Watch) => Promise<void>,
  /** Calls at once. One that hangs keeps its place: more of them would take the pool's threads from everybody else. */
  callsMax: number,
  results: Reaped[],
): Reaper => {
  const jobs = new Map<Dying, Job>();
  const last = new WeakMap<Dying, ReapResult>();
  let calls = 0;
  let unsupported = 0;

  const tell = (job: Job, result: ReapResult, errno: number, releasedKiB: number): void => {
    last.set(job.dying, result);
    const durationMs = job.beginMs === ABSENT ? 0 : nowMs() - job.beginMs;
    results.push({ pid: job.dying.pid, tries: job.tries, result, errno, durationMs, releasedKiB });
  };
  const end = (job: Job, result: ReapResult, errno: number, releasedKiB = 0): void => {
    tell(job, result, errno, releasedKiB);
    job.watch.uses--;
    jobs.delete(job.dying);
  };

  const statusOf = ({ watch }: Job): PidStatus | null => (hasGone(io, watch) ? null : readLiving(io, watch));
  const measure = (job: Job): void => {
    const status = statusOf(job);
    const leftKiB = status === null || status.vmRssKiB === ABSENT ? 0 : heldKiB(status);
    end(job, 'released', 0, Math.max(0, job.heldKiB - leftKiB));
  };
  const released = (job: Job): void => {
    // A leader without an mm says nothing: only a thread that has it can tell that something is left.
    const isBlind = !hasGone(io, job.watch) && (readLiving(io, job.watch)?.vmRssKiB ?? ABSENT) === ABSENT;
    if (!isBlind) {
      measure(job);
      return;
    }
    job.state = 'measuring';
    void follow(job.watch).then(() => measure(job));
  };

  const resultOf = (job: Job, errno: number): ReapResult => {
    if (errno === ESRCH) return 'gone';
    if (errno === EAGAIN) return 'again';
    if (errno === ENOSYS || errno === EPERM) return 'unsupported';
    if (errno !== EINVAL) return 'failed';
    return hasGone(io, job.watch) ? 'gone' : whyInvalid(job.dying, statusOf(job));
  };
  const failed = (job: Job, errno: number): void => {
    const result = resultOf(job, errno);
    if (result === 'unsupported') unsupported = errno;
    if (!PASSING.has(result) || job.tries >= TRIES_MAX) {
      end(job, result, errno);
      return;
    }
    last.set(job.dying, result);
    job.state = 'waiting';
    job.dueMs = nowMs() + RETRY_MS;
  };

  const call = (job: Job): void => {
    job.callMs = nowMs();
    if (job.beginMs === ABSENT) {
      job.beginMs = job.callMs;
      const status = statusOf(job);
      job.heldKiB = status === null || status.vmRssKiB === ABSENT ? Math.max(0, job.dying.sizeKiB) : heldKiB(status);
    }
    job.state = 'calling';
    job.tries++;
    calls++;
    io.processMreleaseAsync(job.watch.pidfd, (answer) => {
      calls--;
      if (answer < 0) failed(job, -answer);
      else released(job);
      pump(nowMs());
    });
  };
  const step = (job: Job, now: number): void => {
    if (job.state === 'waiting' && now >= job.dueMs) job.state = 'queued';
    if (job.state === 'calling' && now - job.callMs >= HUNG_MS) {
      job.state = 'hung';
      tell(job, 'hung', 0, 0);
    }
    if (job.state !== 'queued') return;
    if (hasGone(io, job.watch)) end(job, 'gone', ESRCH);
    else if (unsupported !== 0) end(job, 'unsupported', unsupported);
    else if (calls < callsMax) call(job);
  };
  const pump = (now: number): void => {
    if (jobs.size === 0) return;
    for (const job of jobs.values()) step(job, now);
  };

  return {
    reap: (dying, watch) => {
      if (jobs.has(dying)) return;
      watch.uses++;
      const times = { beginMs: ABSENT, callMs: ABSENT, dueMs: ABSENT };
      jobs.set(dying, { dying, watch, state: 'queued', tries: 0, ...times, heldKiB: 0 });
      pump(nowMs());
    },
    pump,
    lastResult: (dying) => last.get(dying) ?? null,
    isWaiting: () => calls > 0,
  };
};
