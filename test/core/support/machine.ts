/**
 * A host in virtual time: programs grow, exit when signalled or do not, and memory is what they leave. It answers in the
 * shapes of the loop's ports, so that both the bare core and control's loop can be run on it.
 */
import type { Dying, Reaped, ReapResult, Sight } from '../../../src/core/dying.ts';
import {
  EPERM,
  ESRCH,
  type Outcome,
  type Pressed,
  type SignalIntent,
  type SysrqIntent,
} from '../../../src/core/intent.ts';
import type { KernelEvent, KillScope } from '../../../src/core/kernel-event.ts';
import type { SelectPolicy } from '../../../src/core/policy.ts';
import { createProcessTable, FLAG, type ProcessTable } from '../../../src/core/process-table.ts';
import type { Sample } from '../../../src/core/sample.ts';
import { oomScoreOf, rowBadness } from '../../../src/core/select/badness.ts';
import { applyPolicy } from '../../../src/core/select/policy-match.ts';
import { ABSENT } from '../../../src/core/units.ts';
import { KNOWN, type Row, writeRow } from './tables.ts';

export interface Program {
  comm: string;
  rssKiB: number;
  /** KiB a millisecond, perhaps by the time since it was started. */
  grows?: number | ((sinceMs: number) => number);
  /** Milliseconds that it takes to exit after SIGTERM, 20 when left out. */
  term?: number | 'ignored';
  /** The same after SIGKILL. */
  kill?: number | 'stuck';
  /** Share of its memory that comes back at its exit; shared memory stays. */
  returns?: number;
  /** The kernel refuses to signal it. */
  refused?: true;
  /** What process_mrelease comes to while it is dying; a stuck one holds mmap_lock when left out. */
  reap?: ReapResult;
  /** Has the mm of the program that was started before it, clone(CLONE_VM): its own size counts for nothing. */
  sharesMm?: true;
  /** Forks such children until so many live, as long as it is not being killed itself. They have its session. */
  forks?: { child: Program; keeps: number };
  row?: Partial<Row>;
}

/** What a death gives back; only that of the last who has it does. */
interface Mm {
  rssKiB: number;
  /** The pid of the first who had it. */
  readonly key: number;
  users: number;
}

interface Process extends Required<Pick<Program, 'comm' | 'grows' | 'term' | 'kill' | 'returns'>> {
  pid: number;
  slot: number;
  mm: Mm;
  sinceMs: number;
  refused: boolean;
  exitMs: number;
  gone: boolean;
  isKilled: boolean;
  /** Leaves by itself. */
  isExiting: boolean;
  /** When its death began; ABSENT before. */
  dyingMs: number;
  reap: ReapResult;
  forks: Program['forks'];
  row: Partial<Row>;
}

/** What the kernel's counters say of a thrash, a second. */
export interface Strain {
  fullShare: number;
  scanned: number;
  restores: number;
  usablePages: number;
}

export interface Machine {
  readonly table: ProcessTable;
  nowMs(): number;
  pass(ms: number): void;
  start(program: Program): number;
  /** Somebody else kills the process in `slot`: a person, or the kernel, which says so. All who have its mm go with it. */
  kill(slot: number, by: 'other' | 'kernel', scope?: KillScope): void;
  /** SysRq-f: the kernel kills the process with the highest badness that is neither dying nor at -1000. */
  press(intent: SysrqIntent): Pressed;
  /** What comes of a press: 'lost' is taken and not carried out. */
  keys(what: 'work' | 'are lost' | { errno: number }): void;
  /** The process in `slot` begins to exit. */
  leave(slot: number): void;
  /** Who is dying, for how long, and what its death can give back. */
  dying(): { readonly pid: number; readonly forMs: number; readonly rssKiB: number }[];
  /** What the kernel has said since the last call. */
  kernelEvents(): KernelEvent[];
  /** All processes exit and give back everything, the kernel as well. */
  endAll(): void;
  strain(strain: Strain | null): void;
  /** Takes meminfo (and with it the ability to judge) away. */
  blind(isBlind: boolean): void;
  apply(policy: SelectPolicy): void;
  readBasics(sample: Sample): void;
  readDetails(sample: Sample): void;
  scan(): void;
  signal(intent: SignalIntent): Outcome;
  hasExited(slot: number): boolean;
  look(dying: Dying, sight: Sight): void;
  reap(dying: Dying): Reaped;
  alive(): string[];
  availableKiB(): number;
  /** Memory and swap were exhausted at some time: the kernel would have had to act. */
  readonly lost: () => boolean;
}

export interface Hardware {
  totalKiB: number;
  swapKiB?: number;
  /** What the kernel and its daemons take. */
  baseKiB?: number;
  hasPsi?: boolean;
  programs: readonly Program[];
}

const HIGH_WATERMARK_PAGES = 24_000;
const FIRST_PID = 100;
/** Programs grow and exit in steps of this length. */
const STEP_MS = 10;

export const createMachine = ({ totalKiB, swapKiB = 0, baseKiB = 0, hasPsi = true, programs }: Hardware): Machine => {
  const table = createProcessTable(256);
  table.totalPages = (totalKiB + swapKiB) / 4;
  const processes: Process[] = [];
  const said: KernelEvent[] = [];
  let kernelKills = 0;
  const counters = { fullUs: 0, scanned: 0, restores: 0 };
  let strain: Strain | null = null;
  let select: SelectPolicy | null = null;
  let nowMs = 0;
  let nextPid = FIRST_PID;
  let ownKiB = baseKiB;
  let keptKiB = 0;
  let lost = false;
  let blind = false;
  let keys: 'work' | 'are lost' | { errno: number } = 'work';

  const demandKiB = (): number => {
    const used = new Set(processes.filter(({ gone }) => !gone).map(({ mm }) => mm));
    let sum = ownKiB + keptKiB;
    for (const { rssKiB } of used) sum += rssKiB;
    return sum;
  };
  // With swap the kernel pages out what does not fit into 96 % of memory.
  const ramKiB = (): number => Math.min(demandKiB(), swapKiB > 0 ? totalKiB * 0.96 : totalKiB);

  const grow = (process: Process, ms: number): void => {
    const { grows } = process;
    const rate = typeof grows === 'number' ? grows : grows(nowMs - process.sinceMs);
    process.mm.rssKiB = Math.max(0, process.mm.rssKiB + Math.round(rate * ms));
  };

  const exit = (process: Process): void => {
    process.gone = true;
    process.mm.users--;
    if (process.mm.users === 0) keptKiB += Math.round(process.mm.rssKiB * (1 - process.returns));
  };

  const fork = ({ gone, isKilled, forks, pid, row }: Process): void => {
    if (gone || isKilled || forks === undefined) return;
    const { child, keeps } = forks;
    const living = processes.filter((each) => !each.gone && each.row.ppid === pid).length;
    const born = { ...child.row, ppid: pid, session: row.session ?? pid };
    for (let more = living; more < keeps; more++) machine.start({ ...child, row: born });
  };

  const step = (ms: number): void => {
    nowMs += ms;
    for (const each of processes) {
      if (each.gone) continue;
      if (each.exitMs <= nowMs) exit(each);
      // What waits for its death does not allocate any more.
      else if (each.exitMs === Number.POSITIVE_INFINITY && each.dyingMs === ABSENT) grow(each, ms);
    }
    for (const each of processes.filter(({ forks }) => forks !== undefined)) fork(each);
    if (strain !== null) {
      counters.fullUs += strain.fullShare * ms * 1000;
      counters.scanned += (strain.scanned * ms) / 1000;
      counters.restores += (strain.restores * ms) / 1000;
    }
    if (demandKiB() >= totalKiB + swapKiB) lost = true;
  };

  const flagsOf = (process: Process): number =>
    (process.row.flags ?? KNOWN) |
    (process.gone ? FLAG.GONE : 0) |
    (process.isKilled ? FLAG.SIGKILL_PENDING : 0) |
    (process.isExiting ? FLAG.EXITING : 0);

  /** The number of an mm group: the slot of one of those who live. */
  const groupOf = ({ mm }: Process): number =>
    mm.users > 1 ? processes.findIndex((each) => !each.gone && each.mm === mm) : ABSENT;

  const die = (process: Process): void => {
    if (process.dyingMs === ABSENT) process.dyingMs = nowMs;
    if (typeof process.kill === 'number') process.exitMs = Math.min(process.exitMs, nowMs + process.kill);
  };

  const enrol = (process: Process): void => {
    writeRow(table, process.slot, {
      pid: process.pid,
      comm: process.comm,
      unit: `${process.comm}.service`,
      exe: `/usr/bin/${process.comm}`,
      startTimeTicks: process.pid,
      rssKiB: process.mm.rssKiB,
      mmKey: process.mm.key,
      mmGroup: groupOf(process),
      ...process.row,
      flags: flagsOf(process),
    });
    if (select !== null) applyPolicy(select, table, process.slot);
  };

  const reread = (process: Process): void => {
    const { slot } = process;
    table.flags[slot] = flagsOf(process);
    table.rssKiB[slot] = process.gone ? ABSENT : process.mm.rssKiB;
    table.mmGroup[slot] = groupOf(process);
    table.rssAnonKiB[slot] = table.rssKiB[slot] as number;
    table.oomScore[slot] = oomScoreOf(rowBadness(table, slot), table.totalPages);
  };

  const machine: Machine = {
    table,
    nowMs: () => nowMs,
    pass: (ms) => {
      for (let left = ms; left > 0; left -= STEP_MS) step(Math.min(STEP_MS, left));
    },
    start: (program) => {
      // A slot that was vacated is taken again, by another pid, as in the index.
      const { sharesMm = false } = program;
      const parent = processes.findLast(({ pid }) => pid === nextPid - 1);
      const vacant = processes.findIndex((each) => each.gone);
      const slot = vacant === -1 ? processes.length : vacant;
      const pid = nextPid++;
      const { refused = false, forks, grows = 0, term = 20, kill = 20, returns = 1 } = program;
      const row = { session: pid, ...program.row };
      const { reap = kill === 'stuck' ? 'hung' : 'released' } = program;
      const mm = sharesMm && parent?.gone === false ? parent.mm : { rssKiB: program.rssKiB, key: pid, users: 0 };
      mm.users++;
      const isKilled = ((row.flags ?? 0) & FLAG.SIGKILL_PENDING) !== 0;
      const fresh = { pid, slot, mm, sinceMs: nowMs, exitMs: Number.POSITIVE_INFINITY, gone: false, isExiting: false };
      const dead = { isKilled, dyingMs: isKilled ? nowMs : ABSENT };
      processes[slot] = {
        comm: program.comm,
        grows,
        term,
        kill,
        returns,
        refused,
        reap,
        forks,
        row,
        ...fresh,
        ...dead,
      };
      table.rows[slot] = slot;
      table.count = processes.length;
      enrol(processes[slot] as Process);
      return pid;
    },
    kill: (slot, by, scope = 'memcg') => {
      const victim = processes[slot];
      if (victim === undefined || victim.gone) return;
      for (const each of processes.filter(({ gone, mm }) => !gone && mm === victim.mm)) {
        each.isKilled = true;
        die(each);
      }
      if (by === 'other') return;
      kernelKills++;
      const { pid, comm } = victim;
      const told = { timeUs: nowMs * 1000, pid, comm, uid: 0 };
      said.push({ ...told, kind: 'victim_marked', source: 'trace' });
      said.push({ ...told, kind: 'killed', source: 'kmsg', scope, anonRssKiB: victim.mm.rssKiB });
    },
    keys: (what) => {
      keys = what;
    },
    press: ({ dryRun, steer }) => {
      if (typeof keys === 'object') return { errno: keys.errno, steered: 0 };
      const pressed = { errno: 0, steered: steer.length };
      if (dryRun) return { errno: 0, steered: 0 };
      said.push({ kind: 'note', note: 'sysrq_manual', text: '', timeUs: nowMs * 1000, source: 'kmsg' });
      if (keys === 'are lost') return pressed;
      const points = ({ slot }: Process): number =>
        rowBadness(table, slot) + (steer.find((each) => each.slot === slot)?.to ?? 0) * 1e6;
      const [taken] = processes
        .filter((each) => !each.gone && each.dyingMs === ABSENT && table.oomScoreAdj[each.slot] !== -1000)
        .sort((a, b) => points(b) - points(a));
      if (taken !== undefined) machine.kill(taken.slot, 'kernel', 'sysrq');
      return pressed;
    },
    leave: (slot) => {
      const process = processes[slot];
      if (process === undefined || process.gone) return;
      process.isExiting = true;
      die(process);
    },
    dying: () =>
      processes
        .filter(({ gone, dyingMs }) => !gone && dyingMs !== ABSENT)
        .map(({ pid, dyingMs, mm }) => ({ pid, forMs: nowMs - dyingMs, rssKiB: mm.rssKiB })),
    kernelEvents: () => said.splice(0),
    endAll: () => {
      for (const each of processes) each.gone = true;
      ownKiB = 0;
      keptKiB = 0;
    },
    strain: (next) => {
      strain = next;
    },
    blind: (isBlind) => {
      blind = isBlind;
    },
    apply: (policy) => {
      select = policy;
      for (const each of processes) enrol(each);
    },
    readBasics: (sample) => {
      sample.memTotalKiB = totalKiB;
      sample.memAvailableKiB = blind ? ABSENT : Math.max(0, Math.floor(totalKiB - ramKiB()));
      sample.memFreeKiB = Math.floor(sample.memAvailableKiB / 2);
      sample.swapTotalKiB = swapKiB;
      sample.swapFreeKiB = Math.max(0, Math.floor(swapKiB - (demandKiB() - ramKiB())));
      sample.memorySomeUs = hasPsi ? counters.fullUs : ABSENT;
      sample.memoryFullUs = hasPsi ? counters.fullUs : ABSENT;
    },
    readDetails: (sample) => {
      sample.zoneHighPages = HIGH_WATERMARK_PAGES;
      sample.zoneUsablePages = strain?.usablePages ?? Math.floor(sample.memFreeKiB / 4);
      sample.pgscanKswapd = Math.floor(counters.scanned);
      sample.pgscanDirect = 0;
      sample.restores = Math.floor(counters.restores);
      sample.oomKill = kernelKills;
    },
    scan: () => {
      machine.pass(2);
      for (const each of processes) reread(each);
    },
    signal: (intent) => {
      const process = processes[intent.slot];
      if (process === undefined || process.gone || process.pid !== intent.pid) return { sent: false, errno: ESRCH };
      if (process.refused) return { sent: false, errno: EPERM };
      if (intent.dryRun) return { sent: false, errno: 0 };
      if (intent.signal === 'KILL') {
        process.isKilled = true;
        die(process);
      } else if (typeof process.term === 'number') process.exitMs = Math.min(process.exitMs, nowMs + process.term);
      return { sent: true, errno: 0 };
    },
    hasExited: (slot) => processes[slot]?.gone ?? true,
    look: (dying, sight) => {
      const process = processes[dying.slot];
      const isGone = process === undefined || process.gone || process.pid !== dying.pid;
      Object.assign(sight, { pid: dying.pid, isGone, isKilled: true, isPending: false, isLeaderZombie: false });
      Object.assign(sight, { isCoreDumping: false, rssKiB: isGone ? ABSENT : process.mm.rssKiB, oomScore: ABSENT });
    },
    reap: ({ slot, pid }) => {
      const process = processes[slot];
      if (process === undefined || process.gone || process.pid !== pid) {
        return { pid, tries: 0, result: 'gone', errno: ESRCH, durationMs: 0, releasedKiB: 0 };
      }
      // EINVAL while somebody who has the mm is not dying.
      const isShared = processes.some(({ gone, isKilled, mm }) => !gone && !isKilled && mm === process.mm);
      const result = isShared && process.reap === 'released' ? 'sharer_alive' : process.reap;
      const releasedKiB = result === 'released' ? process.mm.rssKiB : 0;
      keptKiB += Math.round(releasedKiB * (1 - process.returns));
      process.mm.rssKiB -= releasedKiB;
      return { pid, tries: 1, result, errno: 0, durationMs: 1, releasedKiB };
    },
    alive: () => processes.filter((each) => !each.gone).map((each) => each.comm),
    availableKiB: () => Math.max(0, totalKiB - ramKiB()),
    lost: () => lost,
  };
  for (const program of programs) machine.start(program);
  return machine;
};
