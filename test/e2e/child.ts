/** Processes for the daemon to judge: copies of node at paths of their own, so that a rule by exe names them alone. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, constants, copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { folder } from './folder.ts';

export interface Child {
  readonly pid: number;
  readonly exe: string;
  isAlive(): boolean;
  /** Name of the signal that ended it, or its exit code; waits for the end. */
  ended(): Promise<NodeJS.Signals | number>;
  /** By the monotonic clock of this process; undefined while it lives. */
  endedMs(): number | undefined;
}

export interface ChildOptions {
  /** Name of the program; processes of one name share the file. */
  readonly program: string;
  /** Memory it allocates and touches, on top of the 45 MiB of a bare node. */
  readonly mib?: number;
  readonly ignoresTerm?: true;
  /** What it allocates and touches at SIGUSR2. */
  readonly growsMib?: number;
  /** Command name that it gives itself. */
  readonly comm?: string;
  /** User that it runs as, when the test runs as root. */
  readonly uid?: number;
}

const running: ChildProcess[] = [];

/** For afterEach: only what this test has started, by handle. */
export const endChildren = (): void => {
  for (const child of running.splice(0))
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
};

/** Path of a program of this test, made when it is not there yet. */
export const programPath = (name: string): string => {
  const path = join(folder(), name);
  if (!existsSync(path)) {
    copyFileSync(process.execPath, path, constants.COPYFILE_FICLONE);
    chmodSync(path, 0o755);
  }
  return path;
};

const SCRIPT = `
const [mib, ignoresTerm, comm, grows] = process.argv.slice(1);
const memory = Buffer.alloc(Number(mib) * 2 ** 20, 1);
if (comm !== '') process.title = comm;
if (ignoresTerm === 'true') process.on('SIGTERM', () => {});
let more = [];
process.on('SIGUSR2', () => more.push(Buffer.alloc(Number(grows) * 2 ** 20, 1)));
setInterval(() => memory[0] + more.length, 1e6);
process.stdout.write('ready');
`;

export const startChild = async ({
  program,
  mib = 1,
  ignoresTerm,
  growsMib = 0,
  comm = '',
  uid,
}: ChildOptions): Promise<Child> => {
  const exe = programPath(program);
  const child = spawn(exe, ['-e', SCRIPT, '--', String(mib), String(ignoresTerm ?? false), comm, String(growsMib)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {},
    ...(uid === undefined ? {} : { uid }),
  });
  running.push(child);
  let endedMs: number | undefined;
  const exit = once(child, 'exit').then(([code, signal]): NodeJS.Signals | number => {
    endedMs = performance.now();
    return signal ?? code;
  });
  await once(child.stdout, 'data');
  return {
    pid: child.pid ?? -1,
    exe,
    isAlive: () => child.exitCode === null && child.signalCode === null,
    ended: () => exit,
    endedMs: () => endedMs,
  };
};
