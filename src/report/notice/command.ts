/**
 * Runs the program of an operator: no shell, a session and process group of its own that is killed as a whole at the limit and
 * when the program itself has ended, nothing of our environment, a bounded part of what it prints. It runs as the user of this
 * process, within its sandbox.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { setPriority } from 'node:os';
import { printable } from '../printable.ts';
import type { Attempt } from './attempt.ts';

/** Kept of its output for the result. */
const OUTPUT_BYTES = 4096;
/** Read and thrown away beyond; then the pipe is closed, or a flood would cost us a CPU until the limit. */
const OUTPUT_READ_BYTES = 1 << 20;
/** For what is in the pipes when the program has ended, and for a killed one to go. */
const LAST_MS = 500;
/** Killed ones that do not go (in D state): with so many no other is started. */
const STUCK_MAX = 4;

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export interface CommandTask {
  readonly argv: readonly string[];
  readonly timeoutMs: number;
  /** Of the variable OOMWATCHD_NOTICE. */
  readonly kind: string;
  readonly stdin: string;
}

export type RunCommand = (task: CommandTask, signal: AbortSignal) => Promise<Attempt>;

const environment = (kind: string): NodeJS.ProcessEnv => {
  const { TZ } = process.env;
  return { PATH, LANG: 'C.UTF-8', OOMWATCHD_NOTICE: kind, ...(TZ === undefined ? {} : { TZ }) };
};

/**
 * The group's number is that of its leader, and no other process gets it while anybody is in the group. Once all have gone it
 * may be taken anew; between the end of the leader and this call lie microseconds, and we may signal processes of our user only.
 */
const killGroup = (leader: number): void => {
  try {
    process.kill(-leader, 'SIGKILL');
  } catch {
    // ESRCH: nobody is left, which is the rule. EPERM: a setuid program, which the sandbox excludes.
  }
};

/** The first bytes of what comes out of both pipes. */
const collect = (child: ChildProcess): (() => string) => {
  const chunks: Buffer[] = [];
  let kept = 0;
  for (const stream of [child.stdout, child.stderr]) {
    let read = 0;
    stream?.on('data', (chunk: Buffer) => {
      const part = chunk.subarray(0, OUTPUT_BYTES - kept);
      kept += part.length;
      read += chunk.length;
      if (part.length > 0) chunks.push(Buffer.from(part));
      if (read > OUTPUT_READ_BYTES) stream.destroy();
    });
    stream?.on('error', () => undefined);
  }
  return () => printable(Buffer.concat(chunks).toString('latin1').trim(), OUTPUT_BYTES);
};

const launch = ({ argv, kind, stdin }: CommandTask): ChildProcess | string => {
  const [program = '', ...rest] = argv;
  let child: ChildProcess;
  try {
    child = spawn(program, rest, { cwd: '/', detached: true, env: environment(kind), stdio: ['pipe', 'pipe', 'pipe'] });
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'cannot be started';
  }
  if (child.pid !== undefined) {
    try {
      // This process may have inherited the -20 of control.
      setPriority(child.pid, 0);
    } catch {
      // It has ended already.
    }
  }
  // EPIPE: whoever does not want the document does not read it.
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(stdin);
  return child;
};

export const createCommandRunner = (): RunCommand => {
  let stuck = 0;

  const follow = (child: ChildProcess, { timeoutMs }: CommandTask, signal: AbortSignal): Promise<Attempt> =>
    new Promise((resolve) => {
      const output = collect(child);
      const { pid } = child;
      let ended = '';
      let why: Attempt | undefined;
      let isOver = false;
      const over = (): void => {
        if (isOver) return;
        isOver = true;
        clearTimeout(limit);
        signal.removeEventListener('abort', abort);
        for (const stream of [child.stdin, child.stdout, child.stderr]) stream?.destroy();
        if (why === undefined && ended === 'exit 0') resolve({ result: 'ok', detail: ended });
        else if (why === undefined) {
          const said = output();
          resolve({ result: 'failed', detail: said === '' ? ended : `${ended}: ${said}` });
        } else resolve(why);
      };
      const kill = (attempt: Attempt): void => {
        why ??= attempt;
        if (pid !== undefined) killGroup(pid);
        setTimeout(() => {
          if (isOver || ended !== '') return;
          stuck++;
          child.once('exit', () => stuck--);
          why = { ...attempt, detail: `${attempt.detail}, and pid ${pid} does not go` };
          child.unref();
          over();
        }, LAST_MS);
      };
      const abort = (): void => kill({ result: 'failed', detail: 'killed, as the reporter ends' });
      const limit = setTimeout(kill, timeoutMs, { result: 'timeout', detail: `killed after ${timeoutMs / 1000} s` });
      signal.addEventListener('abort', abort, { once: true });
      child.once('error', (error: NodeJS.ErrnoException) => {
        ended = error.code ?? 'cannot be started';
        over();
      });
      child.once('exit', (code, name) => {
        ended = code === null ? `ended by ${name}` : `exit ${code}`;
        // What it left running in its group: nobody waits for that any more.
        if (pid !== undefined) killGroup(pid);
        setTimeout(over, LAST_MS);
      });
      child.once('close', over);
    });

  return async (task, signal) => {
    if (signal.aborted) return { result: 'failed', detail: 'the reporter ends' };
    if (stuck >= STUCK_MAX) return { result: 'failed', detail: `${stuck} commands that were killed do not go` };
    const child = launch(task);
    return typeof child === 'string' ? { result: 'failed', detail: child } : follow(child, task, signal);
  };
};
