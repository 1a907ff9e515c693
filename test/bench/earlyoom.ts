/** earlyoom as the peer: CPU time of one of its scans, from /proc, while it runs dry and finds memory low all the time. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';

const cpuMs = (pid: number): number => {
  // utime and stime of schedstat's clock: nanoseconds on CPU, where stat has ticks of 10 ms.
  const [onCpuNs] = readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ');
  return Number(onCpuNs) / 1e6;
};

/** Median is the caller's: CPU milliseconds of one scan, averaged over `seconds` of dry scans. */
export const earlyoomScanCpuMs = async (seconds: number): Promise<number> => {
  const child = spawn('earlyoom', ['--dryrun', '-m', '99,98', '-s', '99', '-r', '0'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let scans = 0;
  const count = (chunk: Buffer): void => {
    scans += chunk.toString().split('low memory!').length - 1;
  };
  child.stdout.on('data', count);
  child.stderr.on('data', count);
  const pid = child.pid;
  if (pid === undefined) throw new Error('earlyoom did not start: apt-get install earlyoom');
  await new Promise((resolve) => setTimeout(resolve, 500));
  const [scansBefore, cpuBefore] = [scans, cpuMs(pid)];
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const [scansAfter, cpuAfter] = [scans, cpuMs(pid)];
  child.kill('SIGTERM');
  await once(child, 'exit');
  return (cpuAfter - cpuBefore) / (scansAfter - scansBefore);
};
