/**
 * A /proc in a temporary directory, from a literal: `fakeProc({ processes: [{ pid: 7, rssKiB: 4096 }] })`. Files are
 * rewritten in place, so kept descriptors see the change; see file-io.ts for descriptors of vanished processes.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Roots } from '../../src/linux/root.ts';
import { type FakeProcess, filesOf, withDefaults } from './fake-process.ts';
import { meminfoText, type PressureNumbers, pressureText, vmstatText } from './kernel-text.ts';

export interface FakeTree {
  /** Fields over the defaults (KiB), or the whole text. */
  meminfo?: Readonly<Record<string, number>> | string;
  vmstat?: Readonly<Record<string, number>> | string;
  zoneinfo?: string;
  /** null: a kernel without PSI. */
  pressure?: Partial<Record<'memory' | 'io' | 'cpu', PressureNumbers>> | null;
  processes?: readonly FakeProcess[];
  /** Anything else under /proc, by path: text, or null to leave a default out. "self" is a directory of its own here. */
  files?: Readonly<Record<string, string | null>>;
  /** Symbolic links under /proc: "self/ns/pid". */
  links?: Readonly<Record<string, string>>;
  /** Files under /sys/fs/cgroup and /sys. */
  cgroup?: Readonly<Record<string, string>>;
  sys?: Readonly<Record<string, string>>;
}

export interface FakeProc {
  readonly roots: Roots;
  /** Sets a file under /proc, null removes it. */
  file(path: string, text: string | null): void;
  meminfo(fields: Readonly<Record<string, number>>): void;
  vmstat(fields: Readonly<Record<string, number>>): void;
  pressure(resource: 'memory' | 'io' | 'cpu', numbers: PressureNumbers): void;
  add(process: FakeProcess): void;
  /** Changes some of a process's numbers and rewrites its files. */
  change(pid: number, numbers: Partial<FakeProcess>): void;
  vanish(pid: number): void;
  pids(): number[];
  remove(): void;
}

export const fixture = (name: string): Buffer => readFileSync(new URL(`../fixtures/${name}.txt`, import.meta.url));

export const fakeProc = (tree: FakeTree = {}): FakeProc => {
  const top = mkdtempSync(join(tmpdir(), 'oomwatchd-proc-'));
  const roots: Roots = {
    proc: join(top, 'proc'),
    sys: join(top, 'sys'),
    cgroup: join(top, 'sys/fs/cgroup'),
    kmsg: join(top, 'kmsg'),
  };
  const processes = new Map<number, FakeProcess>();

  const write = (path: string, text: string | null): void => {
    if (text === null) {
      rmSync(path, { force: true, recursive: true });
      return;
    }
    mkdirSync(dirname(path), { recursive: true });
    // Latin-1: a comm may have any byte.
    writeFileSync(path, text, 'latin1');
  };
  const link = (path: string, target: string): void => {
    rmSync(path, { force: true });
    mkdirSync(dirname(path), { recursive: true });
    symlinkSync(target, path);
  };
  const file = (path: string, text: string | null): void => write(join(roots.proc, path), text);

  const put = (process: FakeProcess): void => {
    processes.set(process.pid, process);
    const { texts, exe } = filesOf(withDefaults(process));
    for (const [name, text] of Object.entries(texts)) file(`${process.pid}/${name}`, text);
    const exePath = join(roots.proc, String(process.pid), 'exe');
    if (exe === null) rmSync(exePath, { force: true });
    else link(exePath, exe);
  };

  const meminfo: FakeProc['meminfo'] = (fields) => file('meminfo', meminfoText(fields));
  const vmstat: FakeProc['vmstat'] = (fields) => file('vmstat', vmstatText(fields));
  const pressure: FakeProc['pressure'] = (name, numbers) => file(`pressure/${name}`, pressureText(numbers));

  mkdirSync(roots.proc, { recursive: true });
  mkdirSync(roots.cgroup, { recursive: true });
  if (typeof tree.meminfo === 'string') file('meminfo', tree.meminfo);
  else meminfo(tree.meminfo ?? {});
  if (typeof tree.vmstat === 'string') file('vmstat', tree.vmstat);
  else vmstat(tree.vmstat ?? {});
  file('zoneinfo', tree.zoneinfo ?? fixture('zoneinfo-6.12').toString());
  if (tree.pressure !== null) {
    for (const name of ['memory', 'io', 'cpu'] as const) pressure(name, tree.pressure?.[name] ?? {});
  }
  for (const process of tree.processes ?? []) put(process);
  for (const [path, text] of Object.entries(tree.files ?? {})) file(path, text);
  for (const [path, target] of Object.entries(tree.links ?? {})) link(join(roots.proc, path), target);
  for (const [path, text] of Object.entries(tree.cgroup ?? {})) write(join(roots.cgroup, path), text);
  for (const [path, text] of Object.entries(tree.sys ?? {})) write(join(roots.sys, path), text);

  return {
    roots,
    file,
    meminfo,
    vmstat,
    pressure,
    add: put,
    change: (pid, numbers) => {
      const process = processes.get(pid);
      if (process === undefined) throw new Error(`no process ${pid} in this fake /proc`);
      put({ ...process, ...numbers });
    },
    vanish: (pid) => {
      processes.delete(pid);
      file(String(pid), null);
    },
    pids: () =>
      readdirSync(roots.proc)
        .filter((name) => /^\d+$/.test(name))
        .map(Number),
    remove: () => rmSync(top, { recursive: true, force: true }),
  };
};
