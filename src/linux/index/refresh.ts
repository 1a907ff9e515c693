/**
 * Keeps the index up in calm times, a slice at a time: a round checks every known process, lists /proc for new ones,
 * has the candidates chosen, identifies and arms them, and has a look at who would die along with them. A slice ends when its time is used up and goes on where it
 * stopped, so that a host with 10,000 processes costs a tick no more than one with 100.
 */
import { FLAG, type ProcessTable } from '../../core/process-table.ts';
import { ABSENT } from '../../core/units.ts';
import { collectPids } from '../proc/dirent.ts';
import { OOM_SCORE_ADJ_MIN } from '../proc/oom-score.ts';
import { arm, disarm, followThread, watchSize } from './arm.ts';
import { enrol } from './enrol.ts';
import { identify } from './identify.ts';
import { beginMembers, createMemberWalk, type MemberWalk, stepMembers } from './oom-members.ts';
import { forgetMemory, readArmed, readScore, readSize } from './read-row.ts';
import { type IndexEnv, type IndexIo, releaseRow, type Slots } from './slots.ts';

export interface RefreshHooks {
  nowMs(): number;
  /** Ranks the table and writes the best slots into `chosen`; returns how many. */
  choose(table: ProcessTable, chosen: Int32Array): number;
  /** The identity or oom_score_adj of a slot has changed. */
  identified(slot: number): void;
  /** A victim's descriptors stay open until its outcome is known. */
  isPinned(slot: number): boolean;
}

export interface Round {
  phase: 'idle' | 'check' | 'list' | 'arm' | 'members';
  cursor: number;
  chosenCount: number;
  readonly chosen: Int32Array;
  readonly isChosen: Uint8Array;
  readonly listing: Uint8Array;
  readonly pids: Int32Array;
  readonly members: MemberWalk;
  procFd: number;
  /** Completed rounds. */
  rounds: number;
}

const LISTING_BYTES = 32_768;
/** struct linux_dirent64 of a one-digit pid is 24 bytes: a buffer cannot hold more entries. */
const MAX_PIDS = LISTING_BYTES / 24;

export const createRound = (capacity: number, chosenMax: number): Round => ({
  phase: 'idle',
  cursor: 0,
  chosenCount: 0,
  chosen: new Int32Array(chosenMax),
  isChosen: new Uint8Array(capacity),
  listing: new Uint8Array(LISTING_BYTES),
  pids: new Int32Array(Math.ceil(MAX_PIDS)),
  members: createMemberWalk(capacity),
  procFd: ABSENT,
  rounds: 0,
});

/** An identity older than this is read again: a process can exec, or be moved to another cgroup, without a sign. */
const IDENTITY_MS = 10_000;
/** The first one sooner: between fork and exec a child still looks like its parent. */
const FIRST_IDENTITY_MS = 1000;

/** Re-reads one known process; returns false when its row was released. */
const checkRow = (io: IndexIo, slots: Slots, hooks: RefreshHooks, row: number): boolean => {
  const slot = slots.table.rows[row] as number;
  readScore(io, slots, slot);
  if (((slots.table.flags[slot] as number) & FLAG.GONE) === 0 || hooks.isPinned(slot)) return true;
  releaseRow(io, slots, row);
  return false;
};

const listSome = (io: IndexIo, slots: Slots, procRoot: string, round: Round): boolean => {
  const length = io.getdents64(round.procFd, round.listing);
  const count = length > 0 ? collectPids(round.listing, length, round.pids, 0) : 0;
  for (let at = 0; at < count; at++) {
    const pid = round.pids[at] as number;
    if (!slots.byPid.has(pid)) enrol(io, slots, procRoot, pid);
  }
  return length > 0;
};

/** Reads the identity if that is due; false when it could not be read. */
const identifyIfDue = (io: IndexIo, slots: Slots, env: IndexEnv, hooks: RefreshHooks, slot: number): boolean => {
  const now = hooks.nowMs();
  const flags = slots.table.flags[slot] as number;
  const validMs = slots.identities[slot] === 1 ? FIRST_IDENTITY_MS : IDENTITY_MS;
  if ((flags & FLAG.IDENTIFIED) !== 0 && now - (slots.identifiedMs[slot] as number) < validMs) return true;
  if (identify(io, slots, env, slot, now) < 0) return false;
  hooks.identified(slot);
  return true;
};

/** Has a member of a group enrolled and identified; its slot or ABSENT. */
const knowMember = (io: IndexIo, slots: Slots, env: IndexEnv, hooks: RefreshHooks, pid: number): number => {
  const slot = slots.byPid.get(pid) ?? enrol(io, slots, env.procRoot, pid);
  if (slot === ABSENT || !identifyIfDue(io, slots, env, hooks, slot)) return ABSENT;
  if (((slots.table.flags[slot] as number) & FLAG.ARMED) === 0) forgetMemory(slots.table, slot);
  return slot;
};

/** One step of the walk through the groups; false at its end. */
const walkMembers = (io: IndexIo, slots: Slots, env: IndexEnv, hooks: RefreshHooks, round: Round): boolean =>
  env.oomGroups !== undefined &&
  stepMembers(round.members, slots, env.oomGroups, (pid) => knowMember(io, slots, env, hooks, pid));

const armSlot = (io: IndexIo, slots: Slots, env: IndexEnv, hooks: RefreshHooks, slot: number): void => {
  if (!identifyIfDue(io, slots, env, hooks, slot)) return;
  const protectedNow = (slots.table.protectRule[slot] as number) !== ABSENT;
  const unkillable =
    ((slots.table.flags[slot] as number) & (FLAG.INIT | FLAG.SELF | FLAG.ANCESTOR)) !== 0 ||
    slots.table.oomScoreAdj[slot] === OOM_SCORE_ADJ_MIN;
  if (protectedNow || unkillable) {
    if (((slots.table.flags[slot] as number) & FLAG.ARMED) !== 0 && !hooks.isPinned(slot)) disarm(io, slots, slot);
    if (watchSize(io, slots, env.procRoot, slot)) readSize(io, slots, slot);
    else forgetMemory(slots.table, slot);
    return;
  }
  if (arm(io, slots, env, slot) < 0) {
    forgetMemory(slots.table, slot);
    return;
  }
  readArmed(io, slots, slot);
  const leaderless = ((slots.table.flags[slot] as number) & FLAG.ZOMBIE_LEADER) !== 0;
  if (!leaderless || (slots.table.rssKiB[slot] as number) !== ABSENT) return;
  if (followThread(io, slots, env.procRoot, slot)) readArmed(io, slots, slot);
};

const disarmOthers = (io: IndexIo, slots: Slots, hooks: RefreshHooks, round: Round): void => {
  const { table } = slots;
  for (let row = 0; row < table.count; row++) {
    const slot = table.rows[row] as number;
    if (round.isChosen[slot] === 0 && !hooks.isPinned(slot)) disarm(io, slots, slot);
  }
};

/** Those who are not identified yet come first: they may not be chosen before, and a shortage may be near. Else in order. */
const strangersFirst = ({ flags }: ProcessTable, { chosen, chosenCount }: Round): void => {
  let known = 0;
  for (let at = 0; at < chosenCount; at++) {
    const slot = chosen[at] as number;
    if (((flags[slot] as number) & FLAG.IDENTIFIED) !== 0) continue;
    chosen.copyWithin(known + 1, known, at);
    chosen[known++] = slot;
  }
};

const beginArming = (io: IndexIo, slots: Slots, hooks: RefreshHooks, round: Round): void => {
  round.isChosen.fill(0);
  round.chosenCount = hooks.choose(slots.table, round.chosen);
  for (let at = 0; at < round.chosenCount; at++) round.isChosen[round.chosen[at] as number] = 1;
  disarmOthers(io, slots, hooks, round);
  strangersFirst(slots.table, round);
};

/** Works for at most `budgetMs` (one step may overrun it); starts a new round when idle. Returns true when a round ended. */
export const refresh = (
  io: IndexIo,
  slots: Slots,
  env: IndexEnv,
  hooks: RefreshHooks,
  round: Round,
  budgetMs: number,
): boolean => {
  const endMs = hooks.nowMs() + budgetMs;
  if (round.phase === 'idle') {
    round.phase = 'check';
    round.cursor = 0;
  }
  do {
    if (round.phase === 'check') {
      if (round.cursor >= slots.table.count) {
        round.phase = 'list';
        if (round.procFd < 0) round.procFd = io.openDirectory(env.procRoot);
        io.rewind(round.procFd);
      } else if (checkRow(io, slots, hooks, round.cursor)) round.cursor++;
    } else if (round.phase === 'list') {
      if (!listSome(io, slots, env.procRoot, round)) {
        round.phase = 'arm';
        round.cursor = 0;
        beginArming(io, slots, hooks, round);
      }
    } else if (round.cursor < round.chosenCount) {
      armSlot(io, slots, env, hooks, round.chosen[round.cursor++] as number);
    } else if (round.phase === 'arm') {
      round.phase = 'members';
      beginMembers(round.members, slots);
    } else if (!walkMembers(io, slots, env, hooks, round)) {
      round.phase = 'idle';
      round.rounds++;
      return true;
    }
  } while (hooks.nowMs() < endMs);
  return false;
};
