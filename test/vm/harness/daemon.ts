// The daemon in a guest: started as its unit would start it, ready by what it tells its service manager, and looked at
// from outside: /proc, its exit code, its metrics.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Ended, Job } from './channel.ts';
import { type DaemonSettings, INCIDENTS, writeConfigYaml } from './config.ts';
import { Guest } from './guest.ts';
import { withinRunTime } from './host-load.ts';
import { enterUnit, readUnit } from './unit.ts';

export interface DaemonOptions extends DaemonSettings {
  /** `--observe` on the command line. */
  observe?: boolean;
  /** What systemd/oomwatchd.service gives it; false: an ordinary process without a cgroup of its own. */
  isProtected?: boolean;
  /** Kernel modules that are there before it starts. */
  modules?: string[];
  /** Its log goes through LOG_PIPE and a reader that can be stopped (its pid is in LOG_READER): as journald, when a disk hangs. */
  hasLogPipe?: boolean;
}

/** Beside a saved machine: what is running in it. */
interface Running {
  jobId: number;
  pid: number;
  readyMs: number;
  /** What it had printed by then. */
  printed: string;
}

const CONFIG = '/etc/oomwatchd/config.yaml';
const READY_WITHIN_MS = 90_000;
/** The reporter comes up behind control, in ten seconds of this guest: what it costs is no part of any case. */
const REPORTER_WITHIN_MS = 60_000;
export const LOG_PIPE = '/run/log';
export const LOG_READER = `${LOG_PIPE}.reader`;
const THROUGH_PIPE = `mkfifo ${LOG_PIPE}; (cat ${LOG_PIPE} & echo $! > ${LOG_READER}); exec > ${LOG_PIPE} 2>&1\n`;
const METRICS = 'http://127.0.0.1:9854/metrics';

/**
 * Root may lock whatever it likes, so leaving the limit out takes leaving the capabilities out. By its full path,
 * because the shell would take its own applet of that name.
 */
const NO_PROTECTION = 'ulimit -l 0; ulimit -n 524288';
const WITHOUT_CAPABILITIES =
  '/usr/bin/setpriv --bounding-set -ipc_lock,-sys_resource --inh-caps -ipc_lock,-sys_resource';

function startScript(options: DaemonOptions): string {
  const isProtected = options.isProtected ?? true;
  const unit = readUnit();
  const observe = options.observe ? ' --observe' : '';
  const command = `node ${unit.nodeOptions.join(' ')} /opt/daemon/dist/main.js run --config ${CONFIG}${observe}`;
  const environment = ['env', ...unit.environment].join(' ');
  return `
mount -t ext4 -o ro /dev/vdc /opt/daemon && mount -t tmpfs conf /etc/oomwatchd || exit 70
cat > ${CONFIG} <<'END_OF_CONFIG'
${writeConfigYaml(options)}
END_OF_CONFIG
${(options.modules ?? []).map((name) => `modprobe ${name} || exit 71\n`).join('')}${options.hasLogPipe ? THROUGH_PIPE : ''}${isProtected ? enterUnit(unit) : NO_PROTECTION}
mkdir -p ${INCIDENTS} && chown oomwatchd ${INCIDENTS} && cd / && NOTIFY_SOCKET=/run/notify exec ${isProtected ? `${environment} ${command}` : `${WITHOUT_CAPABILITIES} ${command}`}`;
}

async function printed(job: Job, event: string): Promise<void> {
  while (!job.stdout.includes(`"event":"${event}"`)) await sleep(100, undefined, { ref: false });
}

async function startAndWait(guest: Guest, options: DaemonOptions): Promise<Running> {
  const begun = Date.now();
  const ready = new Promise<void>((resolve) => {
    guest.channel.on('notify', (text: string) => {
      if (text.split('\n').includes('READY=1')) resolve();
    });
  });
  const job = guest.start(startScript(options));
  const ended = job.ended.then((end) => {
    throw new Error(
      `the daemon ended with ${end.code}/${end.signal} before it was ready\n${end.stdout}\n${end.stderr}`,
    );
  });
  const isReady = Promise.race([ready, ended]);
  await withinRunTime(guest.qemu.pid, READY_WITHIN_MS, 'the daemon is ready', isReady).catch(async (error: Error) => {
    const state = await guest.sh(`cd /proc/${await job.started}; cat stat wchan syscall; ps`, { mayFail: true });
    throw new Error(`${error.message}\nits output so far:\n${job.stdout}\n${job.stderr}\n${state.stdout}`);
  });
  ended.catch(() => undefined); // from here on the cases look at its end themselves
  const readyMs = Date.now() - begun;
  await withinRunTime(guest.qemu.pid, REPORTER_WITHIN_MS, 'the reporter listens', printed(job, 'report_listening'));
  await guest.sh('sleep 3'); // let it index the processes and fall into its calm pace
  return { jobId: job.id, pid: await job.started, readyMs, printed: job.stdout + job.stderr };
}

export class Daemon {
  readonly pid: number;
  readonly readyMs: number;
  readonly notes: string[] = [];
  private readonly guest: Guest;
  private readonly job: Job;
  private readonly before: string;

  private constructor(guest: Guest, running: Running) {
    this.guest = guest;
    this.pid = running.pid;
    this.readyMs = running.readyMs;
    this.job = guest.channel.adopt(running.jobId);
    this.before = this.job.stdout === '' ? running.printed : '';
    guest.channel.on('notify', (text: string) => this.notes.push(text));
  }

  /** A guest in which the daemon has just become ready; it is started once per build and options, then resumed. */
  static async resume(options: DaemonOptions = {}): Promise<[Guest, Daemon]> {
    const name = `daemon-${options.observe ? 'observe' : 'enforce'}-${options.isProtected === false ? 'bare' : 'unit'}`;
    const [guest, running] = await Guest.resumePrepared(name, [startScript(options)], (fresh) =>
      startAndWait(fresh, options),
    );
    return [guest, new Daemon(guest, running)];
  }

  /**
   * The same without the saved state, some ten seconds slower, for cases that count milliseconds: an emulator that
   * resumes has to translate all code anew, so that what the daemon has rehearsed would run cold.
   */
  static async start(options: DaemonOptions = {}): Promise<[Guest, Daemon]> {
    const guest = await Guest.resume();
    try {
      return [guest, new Daemon(guest, await startAndWait(guest, options))];
    } catch (error) {
      await guest.stop();
      throw error;
    }
  }

  /** What it has printed since its start. */
  output(): string {
    return this.before + this.job.stdout + this.job.stderr;
  }

  get ended(): Promise<Ended> {
    return this.job.ended;
  }

  async isAlive(): Promise<boolean> {
    return (await this.guest.sh(`kill -0 ${this.pid}`, { mayFail: true })).code === 0;
  }

  /** Field 12 of /proc/PID/stat, counted from behind the comm. */
  async majorFaults(): Promise<number> {
    const { stdout } = await this.guest.sh(`cat /proc/${this.pid}/stat`);
    return Number(stdout.slice(stdout.lastIndexOf(')') + 2).split(' ')[9]);
  }

  async status(): Promise<Record<string, string>> {
    const { stdout } = await this.guest.sh(`cat /proc/${this.pid}/status`);
    return Object.fromEntries(stdout.split('\n').map((line) => line.split(':\t', 2) as [string, string]));
  }

  /** The sum of the samples of one metric, undefined when there is none. */
  async metric(name: string, labels = ''): Promise<number | undefined> {
    // The reporter comes up after control is ready, and comes back slowly after a thrash.
    const ask = `for i in $(seq 60); do wget -qO- ${METRICS} && exit; sleep 1; done; exit 1`;
    const { stdout } = await this.guest.sh(ask, { timeoutMs: 120_000 });
    const samples = stdout.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
    const values = samples.filter((line) => line.includes(labels)).map((line) => Number(line.split(' ').at(-1)));
    return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0);
  }
}
