/** The seams of the loop: what it needs of the world, matched by shape. commands/ hands in the real ones, tests fakes. */
import type { Dying, Examined, Reaped, Sight } from '../core/dying.ts';
import type { OomwatchdEvent } from '../core/event.ts';
import type { Outcome, Pressed, RemedyTask, SignalIntent, SysrqIntent } from '../core/intent.ts';
import type { KernelEvent } from '../core/kernel-event.ts';
import type { LastDeed, Restored } from '../core/ladder-event.ts';
import type { Livelock } from '../core/livelock.ts';
import type { Observations } from '../core/observations.ts';
import type { ProcessTable } from '../core/process-table.ts';
import type { Remedied } from '../core/remedy.ts';
import type { Rescue } from '../core/rescue.ts';
import type { Sample } from '../core/sample.ts';
import type { StallSummary } from '../core/stall-summary.ts';
import type { TickCounts } from './tick-counts.ts';

export interface Clock {
  /** CLOCK_MONOTONIC in milliseconds, with fractions. */
  nowMs(): number;
}

export interface Sampler {
  /** meminfo and pressure/memory: two system calls. */
  readBasics(sample: Sample): void;
  /** vmstat, zoneinfo and the other pressure files. */
  readDetails(sample: Sample): void;
  /** Opens what failed again; never in an emergency. */
  repair(nowMs: number): void;
  /** Input files; one with isNews has come up or gone down since it was told. */
  readonly sources: readonly {
    readonly name: string;
    readonly isUp: boolean;
    readonly hasBeenUp: boolean;
    readonly detail: string;
    isNews: boolean;
  }[];
}

export interface Index {
  readonly table: ProcessTable;
  refresh(budgetMs: number): boolean;
  scan(): void;
  identify(slot: number): void;
  descend(pids: readonly number[], budgetMs: number): void;
}

export interface Executor {
  signal(intent: SignalIntent): Outcome;
  hasExited(slot: number): boolean;
  /** Changes oom_score_adj as the intent says, and writes "f" to /proc/sysrq-trigger. Changed values stay until restore. */
  sysrqF(intent: SysrqIntent): Pressed;
  /** Puts back what a press has changed; null when there is nothing. */
  restore(): Restored | null;
  /** Begins to press SysRq keys off the loop: they may print for long. */
  evidence(keys: string): void;
  /** SysRq-c or -b, or a watchdog that is fed no more; 0 or the errno, should it return. In a dry run: whether it could. */
  lastResort(action: LastDeed, dryRun: boolean): number;
}

/** What the kernel tells about deaths: /dev/kmsg and the oom trace points. */
export interface KernelLog {
  /** Appends what has come since the last call, a bounded number at a time; `pid`s are those of the processes. */
  read(into: KernelEvent[]): void;
}

/** Dying processes: how they look, and what is done for them off the loop. */
export interface Victims {
  /** Writes what /proc shows of `dying` now into `sight`. Never blocks, opens nothing. */
  look(dying: Dying, sight: Sight): void;
  /** Begins process_mrelease(2) on a thread of the pool. */
  reap(dying: Dying): void;
  /** Begins to find out why it does not go, off the loop. */
  examine(dying: Dying): void;
  /** Appends what has ended since the last call. */
  take(reaped: Reaped[], examined: Examined[]): void;
  /** Enrols a process that somebody else killed and keeps a pidfd of it; its slot, or ABSENT when it has gone. */
  enrol(pid: number): number;
}

/** Remedies for what blocks: carried out off the loop; what they came to arrives with the observations. */
export interface Remedies {
  begin(task: RemedyTask): void;
  /** Appends what has ended since the last call, and what hangs. */
  take(into: Remedied[]): void;
}

/** What is found out off the loop for the watchers of the core. */
export interface Watchers {
  /** What has come in since the last turn, written into `into`. Never blocks. */
  take(into: Observations): void;
}

/** The process that acts while this one does not. */
export interface Standby {
  /** A turn begins. true: it is shooting in this very moment, and nobody may be chosen beside that. */
  begin(): boolean;
  /** What it did since the last turn, appended to `rescues`. */
  take(rescues: Rescue[]): void;
  /** The turn is over with so much memory, the next one is due in `sleepMs`. */
  end(sleepMs: number, memAvailableKiB: number): void;
}

export interface Publisher {
  publish(event: OomwatchdEvent): void;
  /** Numbers of this tick, written in place. */
  gauges(loop: LoopNumbers, sample: Sample): void;
}

/** What the loop knows about itself, overwritten each tick. */
export interface LoopNumbers {
  nowMs: number;
  level: number;
  observing: boolean;
  headroomKiB: number;
  exhaustionMs: number;
  ticks: number;
  lateMs: number;
  lateMaxMs: number;
  durationMs: number;
  readonly lateness: TickCounts;
  readonly durations: TickCounts;
  /** Tasks waited for memory for a noteworthy share of the time since the last turn. */
  stalls: boolean;
  readonly stall: StallSummary;
  /** Index into RUNGS: the highest of this episode. */
  rung: number;
  readonly livelock: Livelock;
}

export interface Ports {
  readonly clock: Clock;
  readonly sampler: Sampler;
  readonly index: Index;
  readonly executor: Executor;
  readonly kernelLog: KernelLog;
  readonly victims: Victims;
  readonly watchers: Watchers;
  readonly standby: Standby;
  readonly remedies: Remedies;
  readonly publisher: Publisher;
  /** Major faults of this process since its start, ABSENT when unknown. */
  readonly ownMajorFaults: () => number;
  /** A tick was completed: feeds the service manager's watchdog. */
  readonly ticked: () => void;
}
