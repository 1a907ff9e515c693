// The frame of a case: a guest with or without the daemon, workloads under the judge's eyes, and on failure everything
// that helps to understand it.
import { Daemon, type DaemonOptions } from './daemon.ts';
import { Guest } from './guest.ts';
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
  readonly guest: Guest;
  private readonly maybeDaemon: Daemon | undefined;

  constructor(guest: Guest, daemon: Daemon | undefined) {
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
    const { stdout } = await this.guest.sh(judgeCommand(watch), { timeoutMs: (watch.seconds * 3 + 60) * 1000 });
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
      `--- files: ${this.guest.qemu.folder}`,
    ];
    return new Error(parts.join('\n'));
  }
}

async function play(scene: Scene, body: (scene: Scene) => Promise<void>): Promise<void> {
  let isFine = false;
  try {
    await scene.guest.throttleDisks(true);
    await body(scene);
    isFine = true;
  } catch (error) {
    throw await scene.explain(error);
  } finally {
    await scene.guest.stop(!isFine);
  }
}

/** A case with the daemon, ready and calm. */
export async function withDaemon(options: DaemonOptions, body: (scene: Scene) => Promise<void>): Promise<void> {
  const [guest, daemon] = await Daemon.resume(options);
  await play(new Scene(guest, daemon), body);
}

/** The same for cases that count milliseconds (see Daemon.start). */
export async function withWarmDaemon(options: DaemonOptions, body: (scene: Scene) => Promise<void>): Promise<void> {
  const [guest, daemon] = await Daemon.start(options);
  await play(new Scene(guest, daemon), body);
}

/** A case that shows what happens without it. */
export async function withoutDaemon(body: (scene: Scene) => Promise<void>): Promise<void> {
  await play(new Scene(await Guest.resume(), undefined), body);
}
