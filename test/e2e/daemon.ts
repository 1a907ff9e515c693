/** The built daemon for real, started as its unit starts it, and looked at from outside. Needs dist/. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'vitest';
import { parseExposition, sampleOf } from '../report/exposition.ts';
import { until } from '../report/pipe.ts';
import { get } from '../report/reporter.ts';
import { endChildren } from './child.ts';
import { folder, removeFolder } from './folder.ts';
import { type NotifySocket, openNotifySocket } from './notify-socket.ts';
import { nodeFlags } from './service-unit.ts';
import { skipBecause } from './skip.ts';

export const MAIN = new URL('../../dist/main.js', import.meta.url).pathname;

export interface LogLine {
  readonly event: string;
  readonly level: string;
  readonly msg: string;
  readonly monotonic_ms: number;
  readonly [field: string]: unknown;
}

export interface Daemon {
  readonly process: ChildProcess;
  readonly pid: number;
  readonly notify: NotifySocket;
  readonly configFile: string;
  /** Log lines so far; `event` narrows them. */
  lines(event?: string): LogLine[];
  line(event: string, wanted?: (line: LogLine) => boolean): Promise<LogLine>;
  /** A sample of /metrics once it is there and as wanted. */
  metric(sample: string, wanted?: (value: number) => boolean): Promise<number>;
  http(path: string): Promise<{ status: number; body: string }>;
  /** Resolves to exit code or signal when the process is gone. */
  ended: Promise<number | NodeJS.Signals>;
  reporterPid(): number;
}

const running: Daemon[] = [];

/** For afterEach: ends what this test has started, each by its handle. */
export const cleanUp = async (): Promise<void> => {
  for (const { process: child, ended, notify } of running.splice(0)) {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM');
      await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 5000, null))]);
      child.kill('SIGKILL');
    }
    notify.close();
  }
  endChildren();
  removeFolder();
};

/** Detection that always fires, whatever this machine has: MemAvailable is never above 100 % of MemTotal. */
const ALWAYS = '{ mem_available: "100%", swap_free: "100%" }';
const NEVER = '{ mem_available: "1KiB", swap_free: "1KiB" }';

/** `level`: the level that detection reaches at once and for ever. */
const detecting = (level: 'none' | 'term' | 'kill'): string => `
detect:
  term: ${level === 'none' ? NEVER : ALWAYS}
  kill: ${level === 'kill' ? ALWAYS : NEVER}
  forecast: "0ms"
  thrash: { enabled: false }
`;

const NOBODY_ELSE = 'nothing outside of the folder of a test may ever be a candidate';

export interface ConfigOptions {
  readonly mode: 'observe' | 'enforce';
  readonly level: 'none' | 'term' | 'kill';
  /** Paths of programs that may be chosen. */
  readonly only: readonly string[];
  readonly protect?: readonly string[];
  /** YAML of further sections. */
  readonly act?: string;
  readonly logLevel?: 'info' | 'debug';
  /** Default: a unix socket in the folder of the test, so that no test needs a port. */
  readonly listen?: string;
  /** Default: one in the folder of the test. */
  readonly socket?: string;
  /** YAML of control.standby. */
  readonly standby?: string;
  /** Default: 1MiB. */
  readonly minimumSize?: string;
}

const isReadableBy = (user: string): boolean => {
  try {
    execFileSync('setpriv', ['--reuid', user, '--clear-groups', 'test', '-r', MAIN], { stdio: 'ignore' });
    return true;
  } catch {
    // No such user, no setpriv, or a checkout in a private folder.
    return false;
  }
};

/** In a checkout that only root can read, a reporter of another user could not load its program. */
const reporterUser = (): string => (process.getuid?.() === 0 && !isReadableBy('nobody') ? '  user: root\n' : '');

/** Writes the configuration. Every rule of who may be chosen is an exact path below the folder of this test. */
/** The kernel's own killer takes whom it likes: it is never asked on the machine that the tests run on. */
const NO_SYSRQ = 'sysrq_f: off, evidence: off, last_resort: off';
const withoutSysrq = (act: string): string =>
  act.startsWith('act: {') ? act.replace('act: {', `act: { ${NO_SYSRQ},`) : `${act}act: { ${NO_SYSRQ} }\n`;

export const writeConfig = (options: ConfigOptions): string => {
  const { mode, level, only, protect = [], act = '', logLevel = 'info' } = options;
  const { listen = `unix:${join(folder(), 'http.sock')}`, socket = join(folder(), 'control.sock') } = options;
  const { standby = '{}', minimumSize = '1MiB' } = options;
  for (const exe of only) if (!exe.startsWith(`${folder()}/`)) throw new Error(NOBODY_ELSE);
  if (only.length === 0) throw new Error(NOBODY_ELSE);
  const rule = (exe: string): string => `    - { exe: ${JSON.stringify(exe)}, reason: "process of a test" }\n`;
  const file = join(folder(), 'config.yaml');
  writeFileSync(
    file,
    `mode: ${mode}\n${detecting(level)}select:\n  minimum_size: "${minimumSize}"\n  only:\n${only.map(rule).join('')}` +
      `${protect.length === 0 ? '' : `  protect:\n${protect.map(rule).join('')}`}${withoutSysrq(act)}` +
      // One each: the default is that of a daemon of the host.
      `control: { socket: ${JSON.stringify(socket)}, standby: ${standby} }\n` +
      `report:\n  listen: ${JSON.stringify(listen)}\n  log_format: json\n  log_level: ${logLevel}\n${reporterUser()}`,
  );
  return file;
};

/** Runs a command to its end. */
export const command = async (
  args: readonly string[],
): Promise<{ code: number | null; stdout: string; stderr: string }> => {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const [code] = await once(child, 'close');
  return { code, stdout, stderr };
};

let unsafe: string | undefined;

/** Why this host or user does not let the daemon enforce, '' when it does: doctor's own verdict. */
const whyNotEnforcing = (): string => {
  if (unsafe === undefined) {
    const { stdout } = spawnSync(process.execPath, [MAIN, 'doctor', '--json'], { encoding: 'utf8' });
    const findings = JSON.parse(stdout) as { name: string; status: string }[];
    const fatal = findings.filter(({ status }) => status === 'fatal').map(({ name }) => name);
    unsafe = fatal.length === 0 ? '' : `oomwatchd does not enforce here (oomwatchd doctor: ${fatal.join(', ')})`;
  }
  return unsafe;
};

/** For beforeEach of tests that kill. */
export const skipUnlessEnforcing = (context: TestContext): void => {
  const why = whyNotEnforcing();
  skipBecause(context, why);
};

/** The pids that a configuration would let the daemon choose now, by its own `rank`. */
export const eligiblePids = async (configFile: string): Promise<number[]> => {
  const { stdout } = await command(['rank', '--config', configFile, '--json']);
  const { candidates } = JSON.parse(stdout) as { candidates: { pid: number; eligible: boolean }[] };
  return candidates.filter((candidate) => candidate.eligible).map(({ pid }) => pid);
};

const childrenOf = (pid: number): number[] => {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  } catch {
    // It has ended.
    return [];
  }
};

const isReporter = (pid: number): boolean => {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'oomwatchd-repor';
  } catch {
    return false;
  }
};

export interface StartOptions {
  readonly args?: readonly string[];
  /** A descriptor in place of a pipe that the test reads. */
  readonly stdout?: number;
  /** Put in front of node: strace, setpriv, ... */
  readonly wrapper?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts `run` with the flags of the unit. Does not wait: see `ready`. */
export const startDaemon = (
  configFile: string,
  { args = [], stdout, wrapper = [], env = {} }: StartOptions = {},
): Daemon => {
  const notify = openNotifySocket();
  const [program = '', ...rest] = [
    ...wrapper,
    process.execPath,
    ...nodeFlags(),
    MAIN,
    'run',
    '--config',
    configFile,
    ...args,
  ];
  const child = spawn(program, rest, {
    stdio: ['ignore', stdout ?? 'pipe', 'inherit'],
    env: { ...process.env, NODE_OPTIONS: '', NOTIFY_SOCKET: notify.address, ...env },
  });
  let text = '';
  child.stdout?.on('data', (chunk) => {
    text += chunk;
  });
  const lines = (event?: string): LogLine[] =>
    text
      .split('\n')
      .slice(0, -1)
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as LogLine)
      .filter((line) => event === undefined || line.event === event);
  const socket = join(folder(), 'http.sock');
  const daemon: Daemon = {
    process: child,
    pid: child.pid ?? -1,
    notify,
    configFile,
    lines,
    line: (event, wanted = () => true) => until(() => lines(event).find(wanted), 20_000),
    metric: (sample, wanted = () => true) =>
      until(async () => {
        const answer = await get(socket, '/metrics').catch(() => undefined);
        const value = answer && sampleOf(parseExposition(answer.body), sample);
        return value !== undefined && wanted(value) ? value : undefined;
      }, 20_000),
    http: (path) => get(socket, path),
    ended: once(child, 'close').then(([code, signal]) => signal ?? code),
    reporterPid: () => childrenOf(child.pid ?? -1).find(isReporter) ?? -1,
  };
  running.push(daemon);
  return daemon;
};

/** Waits until it has told its service manager that it is ready. */
export const ready = async (daemon: Daemon): Promise<Daemon> => {
  const isReady = until(() => daemon.notify.messages().some((message) => message.startsWith('READY=1')), 20_000);
  const early = daemon.ended.then((how) => {
    throw new Error(`the daemon ended with ${how} before it was ready`);
  });
  await Promise.race([isReady, early]);
  return daemon;
};

/**
 * Starts an enforcing daemon, after a last look: nobody but `pids` would be a candidate under this configuration.
 */
export const startEnforcing = async (
  configFile: string,
  pids: readonly number[],
  options: StartOptions = {},
): Promise<Daemon> => {
  const foreign = (await eligiblePids(configFile)).filter((pid) => !pids.includes(pid));
  if (foreign.length > 0) throw new Error(`${NOBODY_ELSE}: ${foreign.join(', ')}`);
  return startDaemon(configFile, options);
};

export const statusOf = (pid: number, field: string): string =>
  new RegExp(`^${field}:\\s*(.*)$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '';

export const descriptorsOf = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length;

export const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};
