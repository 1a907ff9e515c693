// The daemon in a guest: started as its unit would start it, ready by what it tells its service manager, and looked at
// from outside: /proc, its exit code, its metrics.
import type { Ended, Job } from './channel.ts';
import { type DaemonSettings, writeConfigYaml } from './config.ts';
import { Guest, within } from './guest.ts';

export interface DaemonOptions extends DaemonSettings {
  /** `--observe` on the command line. */
  observe?: boolean;
  /** What systemd/oomwatchd.service gives it; false: an ordinary process without a cgroup of its own. */
  isProtected?: boolean;
}

/** Beside a saved machine: what is running in it. */
interface Running {
  jobId: number;
  pid: number;
  readyMs: number;
}

const CGROUP = '/sys/fs/cgroup/oomwatchd.slice';
const CONFIG = '/etc/oomwatchd/config.yaml';
const READY_WITHIN_MS = 90_000;

/** memory.min counts only as far as every parent grants it too, so the slice gets the same. */
const PROTECTION = `
mkdir -p ${CGROUP}/oomwatchd.service
echo +memory > ${CGROUP}/cgroup.subtree_control
for cg in ${CGROUP} ${CGROUP}/oomwatchd.service; do echo 96M > $cg/memory.min; done
[ ! -e ${CGROUP}/oomwatchd.service/memory.swap.max ] || echo 0 > ${CGROUP}/oomwatchd.service/memory.swap.max
echo $$ > ${CGROUP}/oomwatchd.service/cgroup.procs
echo -1000 > /proc/self/oom_score_adj
ulimit -l unlimited; ulimit -n 524288`;

/** Root may lock whatever it likes, so leaving the limit out takes leaving the capabilities out. */
const NO_PROTECTION = 'ulimit -l 0; ulimit -n 524288';
const WITHOUT_CAPABILITIES = 'setpriv --bounding-set -ipc_lock,-sys_resource --inh-caps -ipc_lock,-sys_resource';

function startScript(options: DaemonOptions): string {
  const isProtected = options.isProtected ?? true;
  const command = `node /opt/daemon/dist/main.js run --config ${CONFIG}${options.observe ? ' --observe' : ''}`;
  return `
mount -t ext4 -o ro /dev/vdc /opt/daemon && mount -t tmpfs conf /etc/oomwatchd || exit 70
cat > ${CONFIG} <<'END_OF_CONFIG'
${writeConfigYaml(options)}
END_OF_CONFIG
${isProtected ? PROTECTION : NO_PROTECTION}
cd / && NOTIFY_SOCKET=/run/notify exec ${isProtected ? command : `${WITHOUT_CAPABILITIES} ${command}`}`;
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
  await within(READY_WITHIN_MS, 'the daemon is ready', Promise.race([ready, ended])).catch((error: Error) => {
    throw new Error(`${error.message}\nits output so far:\n${job.stdout}\n${job.stderr}`);
  });
  ended.catch(() => undefined); // from here on the cases look at its end themselves
  const readyMs = Date.now() - begun;
  await guest.sh('sleep 3'); // let it index the processes and fall into its calm pace
  return { jobId: job.id, pid: await job.started, readyMs };
}

export class Daemon {
  readonly pid: number;
  readonly readyMs: number;
  readonly notes: string[] = [];
  private readonly guest: Guest;
  private readonly job: Job;

  private constructor(guest: Guest, running: Running) {
    this.guest = guest;
    this.pid = running.pid;
    this.readyMs = running.readyMs;
    this.job = guest.channel.adopt(running.jobId);
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

  /** What it has printed since the guest was resumed. */
  output(): string {
    return this.job.stdout + this.job.stderr;
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
    const { stdout } = await this.guest.sh('wget -qO- http://127.0.0.1:9854/metrics');
    const samples = stdout.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
    const values = samples.filter((line) => line.includes(labels)).map((line) => Number(line.split(' ').at(-1)));
    return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0);
  }
}
