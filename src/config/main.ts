/**
 * The one-shot loader process: one JSON line on stdout, {"policy": ...} or {"errors": [...]}. YAML and zod live and die
 * with it, so that control never loads them.
 */
import { type Loaded, loadPolicy } from './load.ts';
import { DEFAULT_CONFIG_FILE } from './read.ts';

/** sysexits.h: something was found in an unconfigured or misconfigured state. */
const EX_CONFIG = 78;

const request = (argv: readonly string[]): Loaded => {
  const [option, file, ...rest] = argv;
  if (option === undefined) {
    return loadPolicy({ file: DEFAULT_CONFIG_FILE, mustExist: false, passwdFile: '/etc/passwd' });
  }
  if (option === '--config' && file !== undefined && rest.length === 0) {
    return loadPolicy({ file, mustExist: true, passwdFile: '/etc/passwd' });
  }
  const message = `expected nothing or "--config FILE", got ${JSON.stringify(argv)}`;
  return { errors: [{ file: 'load-config', line: 1, column: 1, path: '', message }] };
};

/** Loads what `argv` names ([] or ["--config", FILE]), prints the line and returns the exit code, 0 or 78. */
export const runLoader = (argv: readonly string[]): number => {
  const loaded = request(argv);
  process.stdout.write(`${JSON.stringify(loaded)}\n`);
  return 'policy' in loaded ? 0 : EX_CONFIG;
};
