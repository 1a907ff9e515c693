/** `oomwatchd check`: every error of the configuration at once, where an editor finds it. */
import { parseArgs } from 'node:util';
import { loadPolicy } from '../config/load.ts';
import { formatProblem } from '../config/problem.ts';
import { DEFAULT_CONFIG, EXIT } from '../exit.ts';

export const run = (argv: readonly string[]): number => {
  const { values } = parseArgs({
    args: [...argv],
    options: { config: { type: 'string' }, json: { type: 'boolean', default: false } },
  });
  const file = values.config ?? DEFAULT_CONFIG;
  const loaded = loadPolicy({ file, mustExist: values.config !== undefined, passwdFile: '/etc/passwd' });
  const errors = 'errors' in loaded ? loaded.errors : [];
  if (values.json) process.stdout.write(`${JSON.stringify({ ok: errors.length === 0, errors })}\n`);
  else if ('policy' in loaded) {
    const { mode, hash, files } = loaded.policy;
    const from = files.length === 0 ? `built-in defaults (${file} does not exist)` : files.join(', ');
    process.stdout.write(`valid: mode ${mode}, configuration ${hash}, from ${from}\n`);
  } else for (const problem of errors) process.stdout.write(`${formatProblem(problem)}\n`);
  return errors.length === 0 ? EXIT.OK : EXIT.CONFIG;
};
