/** What an examination has found out, and what follows from it. Pure: reading is for victims/examination.ts. */
import type { Blocker, BlockerKind } from '../../core/blocker.ts';
import type { Examined, ReapResult, StuckReason } from '../../core/dying.ts';
import { ABSENT } from '../../core/units.ts';
import { blockedIn } from './blocked-in.ts';

export interface ThreadFinding {
  readonly tid: number;
  /** The letter of State. */
  readonly state: string;
  readonly hasMm: boolean;
  readonly isCoreDumping: boolean;
  readonly tracerPid: number;
  /** Where it sleeps, innermost first; none when that could not be read. */
  frames: readonly string[];
}

export interface Findings {
  readonly pid: number;
  readonly threads: ThreadFinding[];
  /** Threads before it died, ABSENT when unknown. */
  threadsBefore: number;
  /** The FUSE connections that it may be, devices that are suspended, the file system that its call is for: for people. */
  fuse: string;
  suspended: string;
  fileSystem: string;
  /** Path of the frozen cgroup of v1. */
  frozen: string;
  /** What was found for certain, the gentlest remedy first. */
  readonly blockers: Blocker[];
  /** The file that is being read, "" when none is, and since when. */
  reading: string;
  readingSinceMs: number;
}

/** What the rest of the program knows about it. */
export interface Known {
  /** Its pid may be another process's by now: nothing that was read counts. */
  readonly isGone: boolean;
  readonly reap: ReapResult | null;
  /** Processes with its mm that nobody has killed. */
  readonly sharers: readonly number[];
}

export const emptyFindings = (pid: number, threadsBefore: number): Findings => ({
  ...{ pid, threads: [], threadsBefore, fuse: '', suspended: '', fileSystem: '', frozen: '', blockers: [] },
  ...{ reading: '', readingSinceMs: ABSENT },
});

export const EXITED = 'ZX';

/** What the blocked thread waits for; null when it is nothing that is known. */
export const waitOf = (thread: ThreadFinding): StuckReason | null => blockedIn(thread.frames)?.reason ?? null;

/** Reasons of a thread in D, in the order in which they explain the most. */
const BY_WAIT: readonly StuckReason[] = ['fuse', 'nfs', 'fsfreeze', 'device'];

/**
 * The reader of cmdline takes mmap_lock, those of status and wchan do not (kernel-facts 4.4): when it alone gets no
 * answer, somebody holds mmap_lock for write.
 */
const cmdlineHangs = ({ reading }: Findings): boolean => reading.endsWith('/cmdline');

const reasonOf = (findings: Findings, known: Known): { reason: StuckReason; thread: ThreadFinding | undefined } => {
  const alive = findings.threads.filter(({ state }) => !EXITED.includes(state));
  const blocked = alive.filter(({ state }) => state === 'D');
  const waitingFor = (reason: StuckReason) => alive.find((thread) => waitOf(thread) === reason);
  const dumping = alive.find(({ isCoreDumping }) => isCoreDumping) ?? waitingFor('core_dump');
  if (dumping !== undefined) return { reason: 'core_dump', thread: dumping };
  const traced = alive.find(({ state }) => state === 't');
  if (traced !== undefined) return { reason: 'traced', thread: traced };
  const frozen = waitingFor('frozen_v1') ?? (findings.frozen === '' ? undefined : blocked[0]);
  if (frozen !== undefined) return { reason: 'frozen_v1', thread: frozen };
  const leaving = blocked.find((thread) => thread.hasMm && waitOf(thread) === 'mmap_lock');
  const holder = blocked.find((thread) => waitOf(thread) !== 'mmap_lock');
  const isHeld = known.reap === 'hung' || cmdlineHangs(findings) || (leaving !== undefined && holder !== undefined);
  if (isHeld) return { reason: 'mmap_lock', thread: holder ?? leaving };
  for (const reason of BY_WAIT) {
    const thread = blocked.find((each) => waitOf(each) === reason);
    // A device that is suspended with lockfs freezes its file system, and thaws it when it is resumed.
    if (thread !== undefined) {
      return { reason: reason === 'fsfreeze' && findings.suspended !== '' ? 'device' : reason, thread };
    }
  }
  if (known.reap === 'sharer_alive' || known.sharers.length > 0) return { reason: 'sharer_alive', thread: blocked[0] };
  return { reason: 'unknown', thread: blocked[0] ?? alive[0] };
};

const threadText = ({ tid, state, frames, tracerPid }: ThreadFinding): string => {
  const frame = blockedIn(frames)?.frame ?? frames[0];
  const place = frame === undefined ? '' : ` in ${frame}`;
  return `thread ${tid} (${state})${place}${tracerPid > 0 ? `, traced by ${tracerPid}` : ''}`;
};

/** "3 of 5 threads have exited": the threads that ended leave no trace but that there were more before. */
const exitedText = ({ threads, threadsBefore }: Findings): string => {
  const left = threads.filter(({ state }) => !EXITED.includes(state)).length;
  const before = Math.max(threadsBefore, threads.length);
  return before === left ? `none of ${before} threads has exited` : `${before - left} of ${before} threads have exited`;
};

/** The object behind each reason; the holder of mmap_lock waits for one as well. */
const objectText = (findings: Findings, reason: StuckReason, thread: ThreadFinding | undefined): string => {
  const wait = thread === undefined ? null : waitOf(thread);
  if (reason === 'frozen_v1') return findings.frozen === '' ? '' : `freezer cgroup ${findings.frozen}`;
  if (reason === 'fuse' || wait === 'fuse') return findings.fuse;
  if (findings.suspended === '' && wait === 'fsfreeze') return findings.fileSystem;
  if (reason === 'device' || wait === 'device' || wait === 'fsfreeze') return findings.suspended || findings.fuse;
  return '';
};

/** What may be released for it: only what the reason that is told, or the wait of the thread behind it, is about. */
const blockersFor = (
  { blockers, suspended }: Findings,
  reason: StuckReason,
  thread: ThreadFinding | undefined,
): readonly Blocker[] => {
  const of = (...kinds: BlockerKind[]): Blocker[] => blockers.filter(({ kind }) => kinds.includes(kind));
  if (reason === 'frozen_v1') return of('freezer_v1');
  const wait = thread === undefined ? null : waitOf(thread);
  // A page or a lock of a device that is suspended: releasing anything else would not help.
  if (suspended !== '' && wait !== 'fuse') return [];
  if (wait === 'fuse' || wait === 'device') return of('freezer_v2', 'fuse');
  return wait === 'fsfreeze' ? of('file_system') : [];
};

/** The verdict on what is known now; also when a read hangs and the rest will never come. */
export const conclude = (findings: Findings, known: Known): Examined => {
  const { pid } = findings;
  if (known.isGone) return { pid, reason: 'unknown', detail: 'it has gone meanwhile', blockers: [] };
  const { reason, thread } = reasonOf(findings, known);
  const parts = [
    thread === undefined ? '' : threadText(thread),
    findings.threads.length === 0 ? '' : exitedText(findings),
    objectText(findings, reason, thread),
    known.sharers.length === 0 ? '' : `its memory is shared by ${known.sharers.join(', ')}, not killed`,
    findings.reading === '' ? '' : `${findings.reading} does not answer`,
  ];
  const detail = parts.filter((part) => part !== '').join('; ');
  return { pid, reason, detail, blockers: blockersFor(findings, reason, thread) };
};
