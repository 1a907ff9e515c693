/** Some thousand sleeping processes, started by one shell and ended with it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export interface Sleepers {
  stop(): Promise<void>;
}

/** Starts `count` processes that only sleep; resolves when all run. */
export const startSleepers = async (count: number): Promise<Sleepers> => {
  // The shell ends its own children: it knows them, so no pid is guessed.
  const script = `i=0; while [ $i -lt ${count} ]; do sleep 600 & i=$((i+1)); done; echo ready; read _; kill $(jobs -p); wait`;
  const shell: ChildProcess = spawn('bash', ['-c', script], { stdio: ['pipe', 'pipe', 'ignore'] });
  if (shell.stdin === null || shell.stdout === null) throw new Error('no pipes to the shell');
  await once(createInterface(shell.stdout), 'line');
  return {
    stop: async () => {
      shell.stdin?.end('\n');
      await once(shell, 'exit');
    },
  };
};
