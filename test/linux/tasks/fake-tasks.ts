/** A /proc of processes with threads, in memory: every call is counted, and any read can be made to hang. */
import { ABSENT } from '../../../src/core/units.ts';
import type { TaskIo } from '../../../src/linux/tasks/task-io.ts';
import { pidStatText, type StatNumbers } from '../../support/kernel-text.ts';

export interface FakeThread extends Partial<StatNumbers> {
  wchan?: string;
  switches?: number;
  gone?: boolean;
}

export interface FakeTasks {
  readonly io: TaskIo;
  /** By pid, then by tid. */
  readonly processes: Map<number, Map<number, FakeThread>>;
  readonly calls: { open: number; read: number; close: number; list: number };
  /** Paths that were opened, in their order. */
  readonly opened: string[];
  readonly openNow: () => number;
  /** Reads of this path do not return until release() is called. */
  hang(path: string): void;
  release(): void;
}

const DEFAULTS: StatNumbers = {
  pid: 0,
  comm: 'x',
  state: 'S',
  ppid: 1,
  flags: 0x400000,
  threads: 1,
  startTimeTicks: 1,
  rssKiB: 4,
};

const statusText = (tid: number, thread: FakeThread, threads: number): string =>
  [
    `Name:\t${thread.comm ?? 'x'}`,
    `State:\t${thread.state ?? 'S'} (x)`,
    `Tgid:\t${tid}`,
    `PPid:\t1`,
    'Uid:\t0\t0\t0\t0',
    'VmRSS:\t       4 kB',
    `Threads:\t${threads}`,
    `SigPnd:\t${((thread.pendingMask ?? 0) >>> 0).toString(16).padStart(16, '0')}`,
    'ShdPnd:\t0000000000000000',
    `voluntary_ctxt_switches:\t${thread.switches ?? 1}`,
    'nonvoluntary_ctxt_switches:\t2',
    '',
  ].join('\n');

export const fakeTasks = (): FakeTasks => {
  const processes = new Map<number, Map<number, FakeThread>>();
  const calls = { open: 0, read: 0, close: 0, list: 0 };
  const opened: string[] = [];
  const open = new Map<number, string>();
  const waiting: (() => void)[] = [];
  let hangs = '';
  let nextFd = 100;

  const textOf = (path: string): string | null => {
    const [, , pid, , tid, file] = path.split('/');
    const threads = processes.get(Number(pid));
    const thread = threads?.get(Number(tid));
    if (threads === undefined || thread === undefined || thread.gone === true) return null;
    if (file === 'wchan') return thread.wchan ?? '0';
    if (file === 'status') return statusText(Number(tid), thread, threads.size);
    return pidStatText({ ...DEFAULTS, threads: threads.size, ...thread, pid: Number(tid) });
  };
  async function* list(path: string): AsyncIterable<string> {
    calls.list++;
    const [, , pid] = path.split('/');
    for (const id of pid === undefined ? [...processes.keys()] : (processes.get(Number(pid))?.keys() ?? [])) {
      yield String(id);
    }
    if (pid === undefined) yield 'self';
  }

  return {
    processes,
    calls,
    opened,
    openNow: () => open.size,
    hang: (path) => {
      hangs = path;
    },
    release: () => {
      hangs = '';
      for (const go of waiting.splice(0)) go();
    },
    io: {
      open: async (path) => {
        calls.open++;
        opened.push(path);
        if (textOf(path) === null) return ABSENT;
        open.set(nextFd, path);
        return nextFd++;
      },
      read: async (fd, into) => {
        calls.read++;
        const path = open.get(fd) ?? '';
        if (path === hangs) await new Promise<void>((go) => waiting.push(go));
        const text = textOf(path);
        return text === null ? ABSENT : Buffer.from(text, 'latin1').copy(into);
      },
      close: (fd) => {
        calls.close++;
        if (!open.delete(fd)) throw new Error(`descriptor ${fd} is not open`);
      },
      list,
    },
  };
};

/** A process whose threads are all alike; the first one is its leader. */
export const addProcess = (tasks: FakeTasks, pid: number, threads: number, like: FakeThread = {}): void => {
  const all = new Map<number, FakeThread>();
  for (let at = 0; at < threads; at++) all.set(pid + at, { ...like });
  tasks.processes.set(pid, all);
};

/** The index knows no kernel thread. */
export const noneKnown = (): void => undefined;
