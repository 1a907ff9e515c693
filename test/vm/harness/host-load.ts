// How far this machine let the guest run: the time in which QEMU's threads were ready but had no core. A guest's clock
// goes on meanwhile, so that everything in it looks late, and a limit in milliseconds says nothing about the daemon.
import { readdirSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

/** Nanoseconds that the threads of a process have waited on a run queue (second field of schedstat, proc(5)). */
function waitedNs(pid: number): number {
  let sum = 0;
  for (const tid of readdirSync(`/proc/${pid}/task`)) {
    try {
      sum += Number(readFileSync(`/proc/${pid}/task/${tid}/schedstat`, 'utf8').split(' ')[1]);
    } catch {
      // A worker thread of QEMU that has just ended: its share is lost, which only understates the wait.
    }
  }
  return sum;
}

/** Starts the measurement; the answer is the share of a core that was wanted and not had, 0 on an idle machine. */
export function measureWait(pid: number): () => number {
  const beganNs = waitedNs(pid);
  const began = performance.now();
  return () => Math.max(0, waitedNs(pid) - beganNs) / ((performance.now() - began) * 1e6);
}

/** However busy this machine is. */
const LONGEST_MS = 420_000;

/** Waits for `promise` as long as QEMU has had its two cores for `limitMs`: what it was kept from them does not count. */
export async function withinRunTime<T>(pid: number, limitMs: number, what: string, promise: Promise<T>): Promise<T> {
  const wait = measureWait(pid);
  const began = performance.now();
  const done = new AbortController();
  const late = async (): Promise<never> => {
    for (;;) {
      await sleep(1000, undefined, { signal: done.signal });
      const elapsedMs = performance.now() - began;
      const ranMs = elapsedMs * (1 - Math.min(1, wait() / 2));
      if (ranMs < limitMs && elapsedMs < LONGEST_MS) continue;
      throw new Error(`not within ${Math.round(elapsedMs)} ms, in which it ran for ${Math.round(ranMs)} ms: ${what}`);
    }
  };
  try {
    return await Promise.race([promise, late()]);
  } finally {
    done.abort();
  }
}

/** A guest wants two cores; this much of all cores idle is enough to begin with. */
const CALM_SHARE = 0.7;
const LOOK_MS = 3000;

/** Waits until this machine is mostly idle, at most so long: neighbours that stay must not stop the tests for ever. */
export async function untilCalm(atMostMs: number): Promise<void> {
  const deadline = Date.now() + atMostMs;
  while (Date.now() < deadline) {
    const before = idleAndAll();
    await sleep(LOOK_MS);
    const after = idleAndAll();
    if ((after.idle - before.idle) / (after.all - before.all) >= CALM_SHARE) return;
  }
}

function idleAndAll(): { idle: number; all: number } {
  const times = cpus().map((cpu) => cpu.times);
  const idle = times.reduce((sum, { idle }) => sum + idle, 0);
  return { idle, all: idle + times.reduce((sum, { user, nice, sys, irq }) => sum + user + nice + sys + irq, 0) };
}
