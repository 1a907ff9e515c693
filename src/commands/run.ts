/** `oomwatchd run`: loads the policy, protects this process, refuses to enforce where that is unsafe, and runs. */
import { parseArgs } from 'node:util';
import type { Finding } from '../core/event.ts';
import { EXIT } from '../exit.ts';
import { probe, probeOf } from '../linux/capabilities.ts';
import { REAL_ROOTS } from '../linux/root.ts';
import { runDaemon } from './daemon/daemon.ts';
import { settleCompiler } from './daemon/heap.ts';
import { loadPolicy, type PolicyResult } from './daemon/policy-source.ts';
import { becomeUnkillable } from './daemon/protection.ts';
import { catchSignals } from './daemon/signals.ts';
import { syscallSupport } from './daemon/syscall-support.ts';

const complain = (text: string): void => void process.stderr.write(`oomwatchd: ${text}\n`);

const inWords = ({ name, found, meaning, remedy }: Finding): string =>
  `enforcing would be unsafe here: ${name} is ${found}: ${meaning}; remedy: ${remedy}`;

export const run = async (argv: readonly string[]): Promise<number> => {
  const { values } = parseArgs({
    args: [...argv],
    options: { config: { type: 'string' }, observe: { type: 'boolean', default: false } },
  });
  settleCompiler();
  const signals = catchSignals();
  becomeUnkillable(REAL_ROOTS);
  const findings = probe(REAL_ROOTS, syscallSupport());
  const unsafe = findings.filter(({ status }) => status === 'fatal').map(inWords);
  const load = async (): Promise<PolicyResult> => {
    const result = await loadPolicy(values.config);
    return 'policy' in result && values.observe ? { policy: { ...result.policy, mode: 'observe' } } : result;
  };
  const loadSafe = async (): Promise<PolicyResult> => {
    const result = await load();
    return 'policy' in result && result.policy.mode === 'enforce' && unsafe.length > 0 ? { errors: unsafe } : result;
  };
  const first = await load();
  if ('errors' in first) {
    for (const error of first.errors) complain(error);
    return EXIT.CONFIG;
  }
  if (first.policy.mode === 'enforce' && unsafe.length > 0) {
    for (const problem of unsafe) complain(problem);
    complain('it does not start; "oomwatchd run --observe" does');
    return EXIT.UNAVAILABLE;
  }
  return runDaemon(REAL_ROOTS, first.policy, loadSafe, [...findings, ...probeOf(REAL_ROOTS, first.policy)], signals);
};
