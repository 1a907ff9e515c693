/** `oomwatchd doctor`: what this host lets oomwatchd do, and what to change; of a daemon that runs, or else of this shell. */
import { parseArgs } from 'node:util';
import { EXIT } from '../exit.ts';
import { probe, probeOf } from '../linux/capabilities.ts';
import type { Subject } from '../linux/probe/host.ts';
import { REAL_ROOTS } from '../linux/root.ts';
import { printable } from '../report/printable.ts';
import { loadPolicy } from './daemon/policy-source.ts';
import { syscallSupport } from './daemon/syscall-support.ts';
import { table } from './inspect/columns.ts';
import { type Daemons, findDaemons } from './inspect/daemons.ts';
import { probeStandby } from './inspect/standby.ts';

const MARKS = { ok: 'ok', warn: 'WARN', fatal: 'FATAL' } as const;

/** Long enough for any cgroup, and for a list of swap areas. */
const FOUND_LIMIT = 300;

const OF_THIS_SHELL =
  'No daemon was found: limits, cgroup and oom_score_adj are those of this shell, which a daemon that is started from it takes\n' +
  'over. The unit has its own: see again while it runs.';

/** A daemon that is stopped has what it had; of several, each of which `rivals` tells, one is looked at. */
const subjectOf = (daemons: Daemons): Subject => {
  const [daemon] = daemons.keys();
  return daemon === undefined
    ? { directory: 'self', name: 'this shell, no daemon was found' }
    : { directory: String(daemon), name: `daemon ${daemon}` };
};

export const run = async (argv: readonly string[]): Promise<number> => {
  const { values } = parseArgs({
    args: [...argv],
    options: { json: { type: 'boolean', default: false }, config: { type: 'string' } },
  });
  const daemons = findDaemons(REAL_ROOTS.proc);
  const loaded = await loadPolicy(values.config);
  // A broken configuration is told by `check`; what the host offers is of interest all the same.
  const wanted =
    'policy' in loaded
      ? [
          ...probeOf(REAL_ROOTS, loaded.policy),
          ...probeStandby(REAL_ROOTS.proc, daemons, loaded.policy.control.standby),
        ]
      : [];
  const findings = [...probe(REAL_ROOTS, syscallSupport(), subjectOf(daemons)), ...wanted];
  const unsafe = findings.filter(({ status }) => status === 'fatal');
  if (values.json) {
    process.stdout.write(`${JSON.stringify(findings)}\n`);
    return unsafe.length === 0 ? EXIT.OK : EXIT.NEGATIVE;
  }
  const rows = findings.map(({ name, status, found, meaning, remedy }) => [
    MARKS[status],
    name,
    printable(found, FOUND_LIMIT),
    status === 'ok' ? meaning : `${meaning}; remedy: ${remedy}`,
  ]);
  const columns = [{ title: 'STATE' }, { title: 'WHAT' }, { title: 'FOUND' }, { title: 'MEANING AND REMEDY' }] as const;
  process.stdout.write(table(columns, rows, process.stdout));
  const verdict =
    unsafe.length === 0
      ? 'enforcing is safe here'
      : `enforcing would be unsafe here: ${unsafe.map(({ name }) => name).join(', ')}`;
  if (daemons.size === 0) process.stdout.write(`\n${OF_THIS_SHELL}\n`);
  process.stdout.write(`\n${verdict}\n`);
  return unsafe.length === 0 ? EXIT.OK : EXIT.NEGATIVE;
};
