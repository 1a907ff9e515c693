/** `oomwatchd run`: the daemon. Puts the real adapters together, protects itself, rehearses, and starts the loop. */
import { parseArgs } from 'node:util';
import { EXIT } from '../cli.ts';
import type { Policy } from '../core/policy.ts';
import { REAL_ROOTS } from '../linux/root.ts';
import { startDaemon } from './daemon/daemon.ts';
import { loadPolicy, type PolicyResult } from './daemon/policy-source.ts';
import { becomeUnkillable, settleCompiler } from './daemon/protection.ts';

const observing = (policy: Policy): Policy => ({ ...policy, mode: 'observe' });

export const run = async (argv: readonly string[]): Promise<number> => {
  const { values } = parseArgs({
    args: [...argv],
    options: { config: { type: 'string' }, observe: { type: 'boolean', default: false } },
  });
  settleCompiler();
  const load = async (): Promise<PolicyResult> => {
    const result = await loadPolicy(values.config);
    return 'policy' in result && values.observe ? { policy: observing(result.policy) } : result;
  };
  const first = await load();
  if ('errors' in first) {
    for (const error of first.errors) process.stderr.write(`oomwatchd: ${error}\n`);
    return EXIT.CONFIG;
  }
  becomeUnkillable(REAL_ROOTS);
  const daemon = await startDaemon(REAL_ROOTS, first.policy, load);
  return daemon.ended;
};
