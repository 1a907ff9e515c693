/** Victims over the real kernel: processes of this test, its descriptors counted, the clock the real one. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type Dying, type Examined, newDying, type Reaped, type Sight } from '../../../src/core/dying.ts';
import { ABSENT } from '../../../src/core/units.ts';
import { REAL_ROOTS } from '../../../src/linux/root.ts';
import * as libc from '../../../src/linux/sys/libc.ts';
import { createVictims, type Victims } from '../../../src/linux/victims/victims.ts';
import type { VictimIo } from '../../../src/linux/victims/watch.ts';
import { until } from '../../report/pipe.ts';
import { build } from '../../support/native/build.ts';
import { createCountingIo } from '../index/counting-io.ts';
import { choosing, indexOn, type TestIndex } from '../index/index-on.ts';

export const emptySight = (): Sight => ({
  ...{ pid: ABSENT, isGone: false, isKilled: false, isPending: false, isLeaderZombie: false, isCoreDumping: false },
  ...{ rssKiB: ABSENT, oomScore: ABSENT },
});

export const descriptors = (): number => readdirSync('/proc/self/fd').length;

export interface Scene {
  readonly index: TestIndex;
  readonly victims: Victims;
  /** An entry of the register for a process that the index has armed. */
  dying(pid: number, changes?: Partial<Dying>): Dying;
  look(dying: Dying): Sight;
  /** Takes until there is a result of each kind that is asked for. */
  reaped(): Promise<Reaped>;
  examined(): Promise<Examined>;
  close(): void;
}

export const openScene = (changes: Partial<VictimIo> = {}, poolThreads = 12): Scene => {
  const chosen: number[] = [];
  const index = indexOn(createCountingIo(), { choose: (table, slots) => choosing(...chosen)(table, slots) });
  const victims = createVictims({ ...libc, ...changes }, index, REAL_ROOTS, libc.monotonicMs, poolThreads);
  const results: { reaped: Reaped[]; examined: Examined[] } = { reaped: [], examined: [] };
  const next = <T>(kind: T[]): Promise<T> =>
    until(() => {
      victims.take(results.reaped, results.examined);
      return kind.shift();
    });
  return {
    index,
    victims,
    dying: (pid, changes_ = {}) => {
      chosen.push(pid);
      index.settle();
      return { ...newDying(index.slotOf(pid), pid, 'subject', 'oomwatchd', ABSENT, libc.monotonicMs()), ...changes_ };
    },
    look: (dying) => {
      const sight = emptySight();
      victims.look(dying, sight);
      return sight;
    },
    reaped: () => next(results.reaped),
    examined: () => next(results.examined),
    close: () => {
      victims.close();
      index.close();
    },
  };
};

export const signalKill = (pid: number): void => void process.kill(pid, 'SIGKILL');

export interface Helper {
  /** The numbers that it has printed. */
  readonly numbers: readonly number[];
  readonly process: ChildProcess;
  end(): Promise<void>;
}

/** A program of test/support/native that prints one line of numbers when it is ready; it ends with its stdin. */
export const startHelper = async (name: string, ...args: string[]): Promise<Helper> => {
  const child = spawn(build(name), args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const line = await lines.next();
  if (line.done === true) throw new Error(`${name} ended with ${(await ended)[0]} instead of answering`);
  return {
    numbers: line.value.split(' ').map(Number),
    process: child,
    end: async () => {
      child.stdin.end();
      if (child.exitCode === null && child.signalCode === null) await ended;
    },
  };
};

/** A cgroup of the v1 freezer, or null where there is no such hierarchy that may be written. */
export interface Freezer {
  readonly path: string;
  /** Freezes these tasks: pids in cgroup.procs, or single threads. */
  freeze(tasks: readonly number[]): Promise<void>;
  thaw(): void;
  remove(): void;
}

const freezerMount = (): string | undefined =>
  /^\S+ \S+ \S+ \S+ (\S+) .* - cgroup \S+ \S*\bfreezer\b/m.exec(readFileSync('/proc/self/mountinfo', 'latin1'))?.[1];

export const createFreezer = (): Freezer | null => {
  const mount = freezerMount();
  if (mount === undefined) return null;
  const path = `/oomwatchd-test-${process.pid}`;
  const folder = mount + path;
  try {
    mkdirSync(folder, { recursive: true });
  } catch {
    return null;
  }
  const state = join(folder, 'freezer.state');
  return {
    path,
    freeze: async (tasks) => {
      for (const task of tasks) writeFileSync(join(folder, 'tasks'), String(task));
      writeFileSync(state, 'FROZEN');
      await until(() => readFileSync(state, 'latin1').trim() === 'FROZEN');
    },
    thaw: () => writeFileSync(state, 'THAWED'),
    remove: () => {
      if (existsSync(folder)) rmdirSync(folder);
    },
  };
};

export const tasksOf = (pid: number): number[] => readdirSync(`/proc/${pid}/task`).map(Number);

export const temporaryFolder = (): { path: string; remove: () => void } => {
  const path = mkdtempSync(join(tmpdir(), 'oomwatchd-victims-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
};
