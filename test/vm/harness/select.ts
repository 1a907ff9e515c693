// What the cases about selection ask of a guest: who there is, whom the kernel and the daemon chose, what the daemon told.
import type { Guest } from './guest.ts';
import type { Scene } from './scene.ts';
import { readSignals, type SignalEvent } from './trace.ts';

/** Pids of the processes with exactly this comm, zombies among them. */
export async function pidsOf(guest: Guest, comm: string): Promise<number[]> {
  const { stdout } = await guest.sh(`cat /proc/[0-9]*/stat 2>/dev/null`, { mayFail: true });
  const lines = [...stdout.matchAll(/^(\d+) \((.*)\) [A-Za-z] /gm)];
  const pids = lines.filter(([, , name]) => name === comm).map(([, pid]) => Number(pid));
  return pids.sort((a, b) => a - b);
}

/** The one process of that comm. */
export async function pidOf(guest: Guest, comm: string): Promise<number> {
  const pids = await pidsOf(guest, comm);
  const [pid] = pids;
  if (pid === undefined || pids.length > 1) throw new Error(`expected one process ${comm}, found ${pids.length}`);
  return pid;
}

/** Starts a workload that says "ready" when it has its memory, waits for that and leaves it running. */
export async function startHolder(guest: Guest, command: string): Promise<void> {
  const said = `/run/said.$$`;
  await guest.sh(`(${command}) > ${said} 2>&1 & until grep -q ready ${said}; do usleep 50000; done`);
}

/** The processes that the kernel's OOM killer marked as its victims, in the order of time; a victim may come twice. */
export async function kernelMarks(guest: Guest): Promise<{ us: number; pid: number }[]> {
  const { stdout } = await guest.sh('cat /sys/kernel/tracing/trace');
  const lines = [...stdout.matchAll(/ ([\d.]+): mark_victim: pid=(\d+)/g)];
  return lines.map(([, seconds, pid]) => ({ us: Math.round(Number(seconds) * 1e6), pid: Number(pid) }));
}

/** Everything that the daemon signalled, whoever that was, in the order of time. */
export async function daemonSignals(scene: Scene): Promise<SignalEvent[]> {
  const all = await readSignals(scene.guest);
  return all.filter((event) => event.senderTid === scene.daemon.pid).sort((a, b) => a.us - b.us);
}

/** Between the first signals to each of several processes: those who go together are signalled in one go. */
export function spreadMs(fired: readonly SignalEvent[]): number {
  const firsts = [...new Map([...fired].reverse().map(({ pid, us }) => [pid, us])).values()];
  return (Math.max(...firsts) - Math.min(...firsts)) / 1000;
}

/** A line of the daemon's log, for the cases that are about what it tells. */
export type Told = Record<string, unknown> & { event: string };

/** What the daemon has told about `event` since the guest was resumed. */
export function told(scene: Scene, event: string): Told[] {
  const lines = scene.daemon.output().split('\n');
  const entries = lines.filter((line) => line.startsWith('{')).flatMap(parseWhole);
  return entries.filter((entry) => entry.event === event);
}

/** Nothing for the last line when it is still on its way. */
function parseWhole(line: string): Told[] {
  try {
    return [JSON.parse(line) as Told];
  } catch {
    return [];
  }
}

const ASK_MS = 250;

/** Asks until `isSo` answers true, or gives up after `withinMs` (of this machine's clock). */
export async function until(what: string, withinMs: number, isSo: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, ASK_MS));
  }
}
