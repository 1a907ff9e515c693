// How far this machine let the guest run: the time in which QEMU's threads were ready but had no core. A guest's clock
// goes on meanwhile, so that everything in it looks late, and a limit in milliseconds says nothing about the daemon.
import { readdirSync, readFileSync } from 'node:fs';

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
