/**
 * What the host is: read once, when the report process starts. systeminformation runs external commands, some of them
 * synchronously, so it gets a process of its own with a time limit: the log waits for none of them, and what a sandbox, a
 * missing tool or a slow name server withholds is an empty fact.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { arch, cpus, hostname, release } from 'node:os';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { printable } from './printable.ts';

/** Facts of one host; a text is '' and a number 0 where it is not known. No serial numbers, no addresses. */
export interface HostFacts {
  readonly hostname: string;
  /** Release of the kernel, as uname(2) has it. */
  readonly kernel: string;
  /** "Debian GNU/Linux 12". */
  readonly distro: string;
  readonly architecture: string;
  /** "KVM", "docker", "none". */
  readonly virtualization: string;
  readonly cpuModel: string;
  readonly cpus: number;
}

/** What the probe prints, a line for each fact that it has found. */
export type Probed = Partial<Pick<HostFacts, 'distro' | 'virtualization'>>;

/** Most commands answer in a tenth of a second; the one that asks for the host's full name may wait for a name server. */
const LIMIT_MS = 10_000;
/** The facts are some hundred bytes; what prints more is not the probe. */
const MOST_BYTES = 16_384;
/** Longest text of a fact, and of its label. */
const FACT_LIMIT = 64;
const PROBE = fileURLToPath(new URL('./host-probe.js', import.meta.url));
/** A small heap, and no helper threads: the unit has room for few beside those of a reload (TasksMax=). */
const NODE_FLAGS = ['--max-old-space-size=32', '--max-semi-space-size=1', '--v8-pool-size=0'];

const fact = (value: unknown): string => (typeof value === 'string' ? printable(value.trim(), FACT_LIMIT) : '');

const parseLine = (line: string): Probed => {
  try {
    const found: unknown = JSON.parse(line);
    return typeof found === 'object' && found !== null ? found : {};
  } catch {
    // Half a line of a probe that was ended, or not ours: a fact less.
    return {};
  }
};

const start = (args: readonly string[]): ChildProcessByStdio<null, Readable, null> | undefined => {
  try {
    return spawn(process.execPath, args, {
      stdio: ['ignore', 'pipe', 'ignore'],
      // A group of its own, so that its commands end with it.
      detached: true,
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C', UV_THREADPOOL_SIZE: '1' },
    });
  } catch {
    // ENOMEM is thrown and not told by 'error'; a host that is short of memory has other things to tell.
    return undefined;
  }
};

/** Output of a program that is ended, with all that it has started, after `limitMs`; '' when it cannot be started. */
const outputOf = (args: readonly string[], limitMs: number): Promise<string> =>
  new Promise((resolve) => {
    let text = '';
    const child = start(args);
    if (child === undefined) {
      resolve('');
      return;
    }
    const end = (): void => {
      clearTimeout(limit);
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      } catch {
        // The whole group has ended by itself, which is the rule.
      }
      // A command in an uninterruptible sleep keeps the pipe open: nobody waits for it.
      child.stdout.destroy();
      resolve(text);
    };
    const limit = setTimeout(end, limitMs);
    limit.unref();
    child.unref();
    child.stdout.setEncoding('utf8');
    child.stdout.on('data', (chunk: string) => {
      text = (text + chunk).slice(0, MOST_BYTES);
    });
    child.on('error', end);
    child.on('close', end);
  });

/** Reads the facts; never rejects, and answers within `limitMs` or so. `probe`: the program that is run for them. */
export const readHostFacts = async (probe = PROBE, limitMs = LIMIT_MS): Promise<HostFacts> => {
  const text = await outputOf([...NODE_FLAGS, probe], limitMs);
  const found: Probed = Object.assign({}, ...text.split('\n').map(parseLine));
  return {
    hostname: fact(hostname()),
    kernel: fact(release()),
    distro: fact(found.distro),
    architecture: fact(arch()),
    virtualization: fact(found.virtualization),
    cpuModel: fact(cpus()[0]?.model),
    cpus: cpus().length,
  };
};
