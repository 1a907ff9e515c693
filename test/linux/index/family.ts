/** Real processes that are related by their memory: see support/native/family.c. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { build } from '../../support/native/build.ts';

export interface Family {
  readonly pids: readonly number[];
  readonly process: ChildProcess;
}

const running = new Set<ChildProcess>();

export const startFamily = async (kind: string, mib = 8, children = 0): Promise<Family> => {
  const child = spawn(build('family'), [kind, String(mib), String(children)], { stdio: ['pipe', 'pipe', 'inherit'] });
  running.add(child);
  const { value } = await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next();
  return { pids: String(value).trim().split(' ').map(Number), process: child };
};

/** For afterEach: they end with their stdin, the children before or after their parent. */
export const endFamilies = async (): Promise<void> => {
  await Promise.all(
    [...running].map(async (child) => {
      running.delete(child);
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.stdin?.end();
      setTimeout(() => child.kill('SIGKILL'), 500).unref();
      await ended;
    }),
  );
};
