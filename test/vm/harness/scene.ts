// The frame of a case: a guest with or without the daemon, workloads under the judge's eyes, and on failure everything
// that helps to understand it.
import { Daemon, type DaemonOptions } from './daemon.ts';
import { Guest } from './guest.ts';
import { measureWait, untilCalm } from './host-load.ts';
import { type Judgement, parseJudgement } from './judge.ts';

export interface Workload {
  name: string;
  /** After the judge's start. */
  atMs: number;
  /** For sh in the guest; `exec` in front keeps the shell out of the process table. */
  command: string;
}

export interface Watch {
  seconds: number;
  workloads: Workload[];
  /** Ends the watch this long after that workload died. */
  until?: { name: string; afterMs: number };
  /** Period of the fork+exec+wait probe, 0 for none. */
  probeMs?: number;
}

const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

function judgeCommand(watch: Watch): string {
  const runs = watch.workloads.map((run) => quote(`run=${run.name}:${run.atMs}:${run.command}`));
  const until = watch.until ? [`until=${watch.until.name}:${watch.until.afterMs}`] : [];
  return ['exec judge', `seconds=${watch.seconds}`, `probe=${watch.probeMs ?? 250}`, ...until, ...runs].join(' ');
}

export class Scene {
  /** The worst of its watches, see host-load.ts. */
  hostWait = 0;
  /** Whether a busy machine may be why a case fails. Of who was killed for nothing it never is. */
  hasExcuse = true;
  readonly guest: Guest;
  private readonly maybeDaemon: Daemon | undefined;

  constructor(guest: Guest, daemon?: Daemon) {
    this.guest = guest;
    this.maybeDaemon = daemon;
  }

  get daemon(): Daemon {
    if (!this.maybeDaemon) throw new Error('this scene has no daemon');
    return this.maybeDaemon;
  }

  async availableMiB(): Promise<number> {
    const { stdout } = await this.guest.sh('grep MemAvailable: /proc/meminfo');
    return Math.floor(Number(/\d+/.exec(stdout)?.[0]) / 1024);
  }

  async totalMiB(): Promise<number> {
    const { stdout } = await this.guest.sh('grep MemTotal: /proc/meminfo');
    return Math.floor(Number(/\d+/.exec(stdout)?.[0]) / 1024);
  }

  /** Runs the workloads under the judge and answers what it saw. */
  async watch(watch: Watch): Promise<Judgement> {
    // A thrashing guest is slow to print: the judge's own end comes first, its report may take as long again.
    const hostWait = measureWait(this.guest.qemu.pid);
    const { stdout } = await this.guest.sh(judgeCommand(watch), { timeoutMs: (watch.seconds * 3 + 60) * 1000 });
    this.hostWait = Math.max(this.hostWait, hostWait());
    return parseJudgement(stdout);
  }

  async explain(error: unknown): Promise<Error> {
    const ask = async (command: string): Promise<string> => {
      try {
        return (await this.guest.sh(command, { timeoutMs: 10_000, mayFail: true })).stdout;
      } catch {
        return '(the guest does not answer)';
      }
    };
    const tail = (text: string, lines: number): string => text.trimEnd().split('\n').slice(-lines).join('\n');
    const parts = [
      error instanceof Error ? (error.stack ?? error.message) : String(error),
      `--- kernel log of the guest\n${tail(await ask('dmesg | tail -40'), 40)}`,
      `--- memory and processes\n${await ask('head -3 /proc/meminfo; cat /proc/pressure/memory; ps -o pid,rss,args | grep -v " 0 \\["')}`,
      `--- daemon\n${this.maybeDaemon ? tail(this.maybeDaemon.output(), 60) : '(none)'}`,
      `--- this machine had no core for the guest ${Math.round(this.hostWait * 100)} % of the time`,
      `--- files: ${this.guest.qemu.folder}`,
    ];
    return new Error(parts.join('\n'));
  }
}

/** More than this of a core missing, and times measured in the guest are those of the neighbours. */
const BUSY = 0.25;
const TRIES = 3;
/** Who measures waits for the neighbours; otherwise only the guest before this one has to be gone. */
const WAIT_FOR_CALM_MS = process.env['OOMWATCHD_FIGURES'] === undefined ? 10_000 : 120_000;

/** Most failures on a busy machine are no verdict: the case is played again from the start, but not for ever. */
async function play(open: () => Promise<Scene>, body: (scene: Scene) => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const scene = await open();
    let isFine = false;
    try {
      await scene.guest.throttleDisks(true);
      await body(scene);
      isFine = true;
      return;
    } catch (error) {
      const isBusy = scene.hasExcuse && scene.hostWait > BUSY;
      if (!isBusy || attempt === TRIES) throw await scene.explain(error);
      const reason = (error as Error).message.split('\n', 1)[0];
      process.stdout.write(`again, the machine was busy (${Math.round(scene.hostWait * 100)} %): ${reason}\n`);
    } finally {
      await scene.guest.stop(!isFine);
    }
  }
}

/** A case with the daemon, ready and calm. */
export function withDaemon(options: DaemonOptions, body: (scene: Scene) => Promise<void>): Promise<void> {
  return play(async () => new Scene(...(await Daemon.resume(options))), body);
}

/** The same for cases that count milliseconds (see Daemon.start). */
export function withWarmDaemon(options: DaemonOptions, body: (scene: Scene) => Promise<void>): Promise<void> {
  return play(async () => {
    await untilCalm(WAIT_FOR_CALM_MS);
    return new Scene(...(await Daemon.start(options)));
  }, body);
}

/** A case that shows what happens without it; `disk` is at /dev/vdc then, where the daemon's would be. */
export function withoutDaemon(body: (scene: Scene) => Promise<void>, disk?: string): Promise<void> {
  return play(async () => new Scene(await Guest.resume(disk)), body);
}
