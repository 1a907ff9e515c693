/** `oomwatchd doctor`: what this host lets oomwatchd do, and what to change. */
import { parseArgs } from 'node:util';
import { EXIT } from '../exit.ts';
import { probe, probeOf } from '../linux/capabilities.ts';
import { REAL_ROOTS } from '../linux/root.ts';
import { loadPolicy } from './daemon/policy-source.ts';
import { syscallSupport } from './daemon/syscall-support.ts';
import { table } from './inspect/columns.ts';
import { probeStandby } from './inspect/standby.ts';

const MARKS = { ok: 'ok', warn: 'WARN', fatal: 'FATAL' } as const;

export const run = async (argv: readonly string[]): Promise<number> => {
  const { values } = parseArgs({
    args: [...argv],
    options: { json: { type: 'boolean', default: false }, config: { type: 'string' } },
  });
  const loaded = await loadPolicy(values.config);
  // A broken configuration is told by `check`; what the host offers is of interest all the same.
  const wanted =
    'policy' in loaded
      ? [...probeOf(REAL_ROOTS, loaded.policy), ...probeStandby(REAL_ROOTS.proc, loaded.policy.control.standby)]
      : [];
  const findings = [...probe(REAL_ROOTS, syscallSupport()), ...wanted];
  const unsafe = findings.filter(({ status }) => status === 'fatal');
  if (values.json) {
    process.stdout.write(`${JSON.stringify(findings)}\n`);
    return unsafe.length === 0 ? EXIT.OK : EXIT.NEGATIVE;
  }
  const rows = findings.map(({ name, status, found, meaning, remedy }) => [
    MARKS[status],
    name,
    found,
    status === 'ok' ? meaning : `${meaning}; remedy: ${remedy}`,
  ]);
  const columns = [{ title: 'STATE' }, { title: 'WHAT' }, { title: 'FOUND' }, { title: 'MEANING AND REMEDY' }] as const;
  process.stdout.write(table(columns, rows, process.stdout));
  const verdict =
    unsafe.length === 0
      ? 'enforcing is safe here'
      : `enforcing would be unsafe here: ${unsafe.map(({ name }) => name).join(', ')}`;
  process.stdout.write(`\n${verdict}\n`);
  return unsafe.length === 0 ? EXIT.OK : EXIT.NEGATIVE;
};
