/**
 * A kernel with processes in memory, behind the system calls of the index. Descriptors are bound to the process and not
 * to the pid, as in Linux: they answer ESRCH once it is reaped, whoever has its pid then. Numbers of closed descriptors
 * are given out again, so a descriptor that is used after its end reads from somebody else.
 */
import type { IndexIo } from '../../../src/linux/index/slots.ts';
import { type FakeProcess, filesOf, withDefaults } from '../../support/fake-process.ts';
import { direntRecord } from './dirent-record.ts';

export const FAKE_ROOT = '/no-such-proc';

export const [EPERM, ENOENT, ESRCH, EINTR, EIO, ENOMEM, EACCES, EMFILE] = [1, 2, 3, 4, 5, 12, 13, 24] as const;
const EBADF = 9;

/** One process from fork to reaping; another one with its pid is another object. */
export interface Life {
  readonly pid: number;
  numbers: FakeProcess;
  texts: Record<string, string>;
  reaped: boolean;
  /** All threads have exited. */
  exited: boolean;
}

interface Opened {
  readonly what: string;
  /** null: /proc itself. */
  readonly life: Life | null;
  /** Name below /proc/PID; "pidfd" for one. */
  readonly file: string;
  /** Largest number listed so far. */
  listed: number;
}

export interface FakeKernel extends IndexIo {
  readonly lives: Map<number, Life>;
  readonly signals: { readonly life: Life; readonly signal: number }[];
  /** System calls so far. */
  calls: number;
  /** Called before each system call; an errno from it is the call's answer. */
  intrude: (call: string, what: string) => number | undefined;
  add(process: FakeProcess): Life;
  change(pid: number, numbers: Partial<FakeProcess>): void;
  /** Reaps the process; its pid is free. */
  vanish(pid: number): void;
  /** Descriptors that are open, by what they are of. */
  open(): string[];
  openFds(): number[];
  /** Whose descriptor it is, and of which file of his. */
  ownerOf(fd: number): Life | null;
  fileOf(fd: number): string;
}

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');

export const createFakeKernel = (processes: readonly FakeProcess[] = []): FakeKernel => {
  const lives = new Map<number, Life>();
  const opened: (Opened | undefined)[] = [];
  const give = (entry: Opened): number => {
    const free = opened.indexOf(undefined);
    const fd = free < 0 ? opened.length : free;
    opened[fd] = entry;
    return fd;
  };
  const call = (name: string, what: string, answer: () => number): number => {
    kernel.calls++;
    const errno = kernel.intrude(name, what);
    return errno === undefined ? answer() : -errno;
  };
  const path = (text: string): { life: Life | undefined; file: string } => {
    const [pid = '', ...rest] = text.slice(FAKE_ROOT.length + 1).split('/');
    return { life: lives.get(Number(pid)), file: rest.join('/') };
  };
  const taken = (fd: number): Opened | undefined => opened[fd];

  const list = (entry: Opened, buffer: Uint8Array): number => {
    const numbers =
      entry.life === null
        ? [...lives.keys()]
        : Object.keys(entry.life.texts).flatMap((name) => /^task\/(\d+)\/status$/.exec(name)?.[1] ?? []);
    let length = 0;
    for (const number of numbers.map(Number).sort((a, b) => a - b)) {
      if (number <= entry.listed) continue;
      const record = direntRecord(String(number));
      if (length + record.length > buffer.length) break;
      buffer.set(record, length);
      length += record.length;
      entry.listed = number;
    }
    return length;
  };

  const kernel: FakeKernel = {
    lives,
    signals: [],
    calls: 0,
    intrude: () => undefined,
    add: (process) => {
      const { texts } = filesOf(withDefaults(process));
      const life: Life = { pid: process.pid, numbers: process, texts, reaped: false, exited: false };
      lives.set(process.pid, life);
      return life;
    },
    change: (pid, numbers) => {
      const life = lives.get(pid);
      if (life === undefined) throw new Error(`no process ${pid}`);
      life.numbers = { ...life.numbers, ...numbers };
      life.texts = filesOf(withDefaults(life.numbers)).texts;
    },
    vanish: (pid) => {
      const life = lives.get(pid);
      if (life !== undefined) life.reaped = life.exited = true;
      lives.delete(pid);
    },
    open: () => opened.flatMap((entry) => (entry === undefined ? [] : [entry.what])).sort(),
    openFds: () => opened.flatMap((entry, fd) => (entry === undefined ? [] : [fd])),
    ownerOf: (fd) => taken(fd)?.life ?? null,
    fileOf: (fd) => taken(fd)?.file ?? '',
    openReadOnly: (text) =>
      call('open', text, () => {
        const { life, file } = path(text);
        if (life?.texts[file] === undefined) return -ENOENT;
        return give({ what: text, life, file, listed: 0 });
      }),
    openDirectory: (text) =>
      call('open', text, () => {
        if (text === FAKE_ROOT) return give({ what: text, life: null, file: '', listed: 0 });
        const { life, file } = path(text);
        return life === undefined ? -ENOENT : give({ what: text, life, file, listed: 0 });
      }),
    pidfdOpen: (pid) =>
      call('pidfd_open', String(pid), () => {
        const life = lives.get(pid);
        return life === undefined ? -ESRCH : give({ what: `pidfd ${pid}`, life, file: 'pidfd', listed: 0 });
      }),
    preadAt0: (fd, buffer, length) =>
      call('pread', taken(fd)?.what ?? '', () => {
        const entry = taken(fd);
        if (entry === undefined) return -EBADF;
        const text = entry.life?.texts[entry.file];
        if (entry.life?.reaped !== false || text === undefined) return -ESRCH;
        const bytes = latin1(text).subarray(0, length);
        buffer.set(bytes);
        return bytes.length;
      }),
    close: (fd) => {
      // close(2) gives the number back even when it fails, and it cannot fail on /proc.
      kernel.calls++;
      if (taken(fd) === undefined) throw new Error(`close(${fd}): not open`);
      opened[fd] = undefined;
      return 0;
    },
    getdents64: (fd, buffer) =>
      call('getdents64', taken(fd)?.what ?? '', () => {
        const entry = taken(fd);
        return entry === undefined ? -EBADF : list(entry, buffer);
      }),
    rewind: (fd) =>
      call('lseek', taken(fd)?.what ?? '', () => {
        const entry = taken(fd);
        if (entry === undefined) return -EBADF;
        entry.listed = 0;
        return 0;
      }),
    pidfdSendSignal: (fd, signal) =>
      call('pidfd_send_signal', taken(fd)?.what ?? '', () => {
        const entry = taken(fd);
        if (entry?.file !== 'pidfd' || entry.life === null) return -EBADF;
        if (entry.life.reaped) return -ESRCH;
        kernel.signals.push({ life: entry.life, signal });
        return 0;
      }),
    isReadable: (fd) => taken(fd)?.file === 'pidfd' && taken(fd)?.life?.exited === true,
  };
  for (const process of processes) kernel.add(process);
  return kernel;
};
