/** A child process of control for as long as control lives: started again with back-off when it ends, never in an emergency. */
import { type ChildProcess, spawn } from 'node:child_process';

/** How to start it this time. */
export interface Launch {
  /** Flags of node, the script, and its arguments. */
  readonly args: readonly string[];
  /** Descriptors of the child by their numbers there. */
  readonly stdio: readonly ('ignore' | 'inherit' | number)[];
  /** On top of what every child is given. */
  readonly env: Readonly<Record<string, string>>;
  /** ABSENT (below 0): stays the user that control is. */
  readonly uid: number;
  readonly gid: number;
}

export interface SuperviseOptions {
  readonly launch: () => Launch;
  /** May be spawned now: spawning forks and loads files, which an emergency must not wait for. */
  readonly isCalm: () => boolean;
  readonly tell: (state: 'started' | 'exited', detail: string) => void;
  /** Another one runs, not the first, and remembers nothing. */
  readonly restarted: () => void;
}

export interface Supervised {
  /** Ends it, in calm times; the next one is launched at once, by what `launch` says then. */
  restart(): void;
  pid(): number;
  /** Resolves when it is gone; after `graceMs` it is killed. */
  stop(graceMs: number): Promise<void>;
}

const FIRST_BACK_OFF_MS = 1000;
const LONGEST_BACK_OFF_MS = 30_000;
/** Having run this long, the next failure is a new one. */
const STABLE_MS = 60_000;

/** No NOTIFY_SOCKET, WATCHDOG_USEC or NODE_OPTIONS: those are between the service manager and control. */
const keptEnvironment = (): NodeJS.ProcessEnv => {
  const kept: NodeJS.ProcessEnv = {};
  for (const name of ['PATH', 'TZ', 'LANG', 'TERM', 'NO_COLOR', 'JOURNAL_STREAM']) {
    const value = process.env[name];
    if (value !== undefined) kept[name] = value;
  }
  return kept;
};

export const supervise = (options: SuperviseOptions): Supervised => {
  let child: ChildProcess | null = null;
  let timer: NodeJS.Timeout | null = null;
  /** Of a restart that waits for calm. */
  let ending: NodeJS.Timeout | null = null;
  let backOffMs = FIRST_BACK_OFF_MS;
  let stopping = false;
  let launches = 0;
  let restarting = false;

  const launchLater = (): void => {
    timer = setTimeout(launch, backOffMs);
    backOffMs = Math.min(LONGEST_BACK_OFF_MS, backOffMs * 2);
  };

  /** `isPlanned`: the one before was ended for it in calm times, and whoever came in between must not keep it away. */
  const launch = (isPlanned = false): void => {
    timer = null;
    if (!isPlanned && !options.isCalm()) {
      timer = setTimeout(launch, FIRST_BACK_OFF_MS);
      return;
    }
    const startedMs = performance.now();
    const { args, stdio, env, uid, gid } = options.launch();
    let process_: ChildProcess;
    try {
      process_ = spawn(process.execPath, args, {
        stdio: [...stdio],
        env: { ...keptEnvironment(), ...env },
        ...(process.getuid?.() === 0 && uid >= 0 ? { uid, gid } : {}),
      });
    } catch (error) {
      // ENOMEM, EAGAIN, E2BIG: spawn throws them. Control goes on without it, and tries again.
      options.tell('exited', (error as Error).message);
      launchLater();
      return;
    }
    child = process_;
    process_.once('error', (error) => options.tell('exited', error.message));
    process_.once('close', (code, signal) => {
      if (child === process_) child = null;
      if (stopping) return;
      options.tell('exited', restarting ? 'configuration changed' : `exit ${code ?? signal}`);
      if (performance.now() - startedMs >= STABLE_MS) backOffMs = FIRST_BACK_OFF_MS;
      if (restarting) {
        restarting = false;
        backOffMs = FIRST_BACK_OFF_MS;
        timer = setTimeout(launch, 0, true);
      } else launchLater();
    });
    options.tell('started', `pid ${process_.pid ?? 'none'}`);
    if (launches++ > 0) options.restarted();
  };
  launch();

  const restart = (): void => {
    if (ending !== null) clearTimeout(ending);
    ending = options.isCalm() ? null : setTimeout(restart, FIRST_BACK_OFF_MS);
    if (ending !== null) return;
    restarting = child !== null;
    child?.kill('SIGTERM');
  };

  return {
    restart,
    pid: () => child?.pid ?? -1,
    stop: (graceMs) =>
      new Promise((resolve) => {
        stopping = true;
        if (timer !== null) clearTimeout(timer);
        if (ending !== null) clearTimeout(ending);
        if (child === null) {
          resolve();
          return;
        }
        const dying = child;
        const deadline = setTimeout(() => dying.kill('SIGKILL'), graceMs);
        dying.once('close', () => {
          clearTimeout(deadline);
          resolve();
        });
      }),
  };
};
