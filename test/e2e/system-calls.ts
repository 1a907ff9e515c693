/** strace(1) around or beside the daemon, and what it wrote. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';

/** Why strace cannot be used here, '' when it can. */
export const noStrace = (): string => {
  try {
    execFileSync('strace', ['-qq', '-o', '/dev/null', 'true'], { stdio: 'ignore' });
    return '';
  } catch (error) {
    return `strace does not work here: ${error instanceof Error ? error.message.split('\n')[0] : error}`;
  }
};

const CALL = /^(?:\d+\s+)?([a-z_][a-z0-9_]*)\(/;

/** Names of the calls in the file, in order, resumed ones once. */
export const callsIn = (file: string): string[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line) => CALL.exec(line)?.[1] ?? []);

/** Traces one thread of a running process until the function that is returned is called. */
export const attach = async (tid: number, file: string): Promise<() => Promise<void>> => {
  const tracer: ChildProcess = spawn('strace', ['-p', String(tid), '-o', file], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  if (tracer.stderr !== null) await once(tracer.stderr, 'data');
  return async () => {
    tracer.kill('SIGINT');
    await once(tracer, 'close');
  };
};
