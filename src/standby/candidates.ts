/**
 * The candidates that standby holds ready: a pidfd from control and a descriptor of oom_score of its own each. Not control's
 * kept one: two readers of one open file share a lock (seq_file, m->lock), and control may be what hangs.
 */
import { badnessOfScore } from '../core/select/badness.ts';
import { ABSENT } from '../core/units.ts';
import type { Entry } from './handover.ts';

/** Results are values or -errno. */
export interface CandidateIo {
  openReadOnly(path: string): number;
  close(fd: number): number;
  /** The oom_score behind a kept descriptor, ABSENT when it could not be read, ESRCH as -3 when the process is gone. */
  readScore(fd: number): number;
  pidfdSendSignal(pidfd: number, signal: number): number;
  /** All threads have exited. */
  hasExited(pidfd: number): boolean;
}

export interface Candidate {
  entry: Entry;
  readonly pidfd: number;
  readonly scoreFd: number;
  /** When control listed it last. */
  listedScore: number;
  /** As of the last scan; ABSENT when unknown. */
  oomScore: number;
  isGone: boolean;
  /** Killed by us, or refused: not chosen again. */
  isDone: boolean;
}

export interface Candidates {
  readonly rows: readonly Candidate[];
  /** Takes a list over with its pidfds, one for each entry, or fewer when this process ran out of descriptors. */
  take(entries: readonly Entry[], pidfds: ArrayLike<number>, count: number): void;
  /** Reads all scores again: opens nothing. */
  scan(): void;
}

export const createCandidates = (io: CandidateIo, procRoot: string): Candidates => {
  let rows: Candidate[] = [];

  /** Its score is opened by number; that the pidfd still answers afterwards proves that the number was still its own. */
  const hold = (entry: Entry, pidfd: number): Candidate | null => {
    const scoreFd = io.openReadOnly(`${procRoot}/${entry.pid}/oom_score`);
    if (scoreFd >= 0 && io.pidfdSendSignal(pidfd, 0) >= 0) {
      // Read once, so that the kernel's buffer for it exists.
      const listedScore = io.readScore(scoreFd);
      return { entry, pidfd, scoreFd, listedScore, oomScore: listedScore, isGone: false, isDone: false };
    }
    if (scoreFd >= 0) io.close(scoreFd);
    io.close(pidfd);
    return null;
  };

  return {
    get rows() {
      return rows;
    },
    take: (entries, pidfds, count) => {
      const next: Candidate[] = [];
      const kept = new Set<Candidate>();
      for (let at = 0; at < count; at++) {
        const entry = entries[at];
        const pidfd = pidfds[at] as number;
        const known = rows.find((row) => row.entry.slot === entry?.slot && row.entry.generation === entry.generation);
        if (entry === undefined || known !== undefined) io.close(pidfd);
        if (known !== undefined && entry !== undefined) {
          known.entry = entry;
          known.listedScore = io.readScore(known.scoreFd);
          kept.add(known);
          next.push(known);
        } else if (entry !== undefined) {
          const held = hold(entry, pidfd);
          if (held !== null) next.push(held);
        }
      }
      for (const row of rows) {
        if (kept.has(row)) continue;
        io.close(row.pidfd);
        io.close(row.scoreFd);
      }
      rows = next;
    },
    scan: () => {
      for (const row of rows) {
        if (row.isGone) continue;
        row.oomScore = io.readScore(row.scoreFd);
        row.isGone = row.oomScore === GONE || io.hasExited(row.pidfd);
      }
    },
  };
};

/** -ESRCH (include/uapi/asm-generic/errno-base.h). */
const GONE = -3;
/** At and below this oom_score reads 0 for a healthy process too (core/select/eligible.ts). */
const ADJ_READS_ZERO = -990;

/** KiB that a candidate holds, as its oom_score tells. */
export const sizeKiBOf = ({ entry, oomScore }: Candidate, totalPages: number, pageKiB: number): number => {
  const adjPages = entry.oomScoreAdj * Math.trunc(totalPages / 1000);
  return Math.max(0, (badnessOfScore(oomScore, totalPages) - adjPages) * pageKiB);
};

/**
 * The best candidate by the rule that control ranks by, with fresh scores; null when nobody is left. Ties go to the one that
 * control had first.
 */
export const bestOf = (
  rows: readonly Candidate[],
  totalPages: number,
  pageKiB: number,
  minimumKiB: number,
): Candidate | null => {
  let best: Candidate | null = null;
  let bestPoints = Number.NEGATIVE_INFINITY;
  for (const row of rows) {
    const { entry, oomScore, isGone, isDone } = row;
    if (!entry.isCandidate || isGone || isDone || oomScore < 0) continue;
    // A vfork child, one that the kernel has given up on, or one that was set to -1000 since.
    if (oomScore === 0 && entry.oomScoreAdj > ADJ_READS_ZERO) continue;
    if (sizeKiBOf(row, totalPages, pageKiB) < minimumKiB) continue;
    const points = badnessOfScore(oomScore, totalPages) + (entry.policyPoints * totalPages) / 1000;
    if (points <= bestPoints) continue;
    best = row;
    bestPoints = points;
  }
  return best;
};

/** Of what was lost, at least this share must be with those we know; scores count in steps of 0.15 % of all memory. */
const KNOWN_SHARE = 0.25;

/**
 * Whether somebody unknown has taken what was lost since control's last turn: a process that was started after the last list,
 * or a tmpfs. Then those we know would die one by one for nothing. `lostKiB`: at least as much as the kill mark, or it says
 * nothing.
 */
export const isTakenByUnknown = (
  rows: readonly Candidate[],
  totalPages: number,
  pageKiB: number,
  lostKiB: number,
): boolean => {
  let grownKiB = 0;
  for (const row of rows) {
    if (row.isGone || row.oomScore < 0 || row.listedScore < 0) continue;
    const { entry, listedScore } = row;
    const before = badnessOfScore(listedScore, totalPages);
    // Its oom_score_adj is in both, and drops out.
    if (entry.isCandidate) grownKiB += Math.max(0, badnessOfScore(row.oomScore, totalPages) - before) * pageKiB;
  }
  return grownKiB < lostKiB * KNOWN_SHARE;
};

/** All who die together with `chosen`, itself first; `ABSENT` is no group. */
export const groupOf = (rows: readonly Candidate[], chosen: Candidate): readonly Candidate[] => {
  if (chosen.entry.group === ABSENT) return [chosen];
  return [chosen, ...rows.filter((row) => row !== chosen && !row.isGone && row.entry.group === chosen.entry.group)];
};
