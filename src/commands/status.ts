/** `oomwatchd status`: what the running daemon knows, for a person, a program or a monitoring system. */
import { parseArgs } from 'node:util';
import { EXIT } from '../exit.ts';
import { wantsColour } from '../report/pretty.ts';
import type { Severity } from '../report/status/document.ts';
import { overview } from '../report/status/overview.ts';
import { calmWords, checkLine, modeWords, withoutWords, wordOf } from '../report/status/status-wording.ts';
import { inColour } from '../report/status/terminal.ts';
import { loadPolicy } from './daemon/policy-source.ts';
import { type Asked, askStatus } from './inspect/ask-status.ts';
import { CLIENT_OPTIONS, clientFilesOf } from './inspect/client-certificate.ts';

/** Exit codes of Nagios plugins; node-problem-detector takes 0 for well, 1 for a problem and others for unknown. */
const CHECK_CODES: Readonly<Record<Severity, number>> = { ok: 0, warning: 1, critical: 2 };
const CHECK_UNKNOWN = 3;

const complain = (text: string, code: number): number => {
  process.stderr.write(`oomwatchd: ${text}\n`);
  return code;
};

/** A terminal that knows no UTF-8 is asked for none (locale(7): the first of these that is set). */
export const isUnicode = ({ LC_ALL, LC_CTYPE, LANG }: NodeJS.ProcessEnv): boolean =>
  /utf-?8/i.test(LC_ALL || LC_CTYPE || LANG || '');

/** One line, the worst first, and what it comes to. */
const check = (asked: Asked): number => {
  if ('failure' in asked) {
    process.stdout.write(`${checkLine('critical', asked.failure)}\n`);
    return CHECK_CODES.critical;
  }
  const { state, problems, daemon } = asked.document;
  const text =
    problems.length === 0
      ? `${calmWords(asked.document)}; ${modeWords(daemon)}${withoutWords(asked.document)}`
      : problems.map((problem) => problem.text).join('; ');
  process.stdout.write(`${checkLine(state, text)}\n`);
  return wordOf(CHECK_CODES, state) ?? CHECK_UNKNOWN;
};

export const run = async (argv: readonly string[]): Promise<number> => {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      config: { type: 'string' },
      ...CLIENT_OPTIONS,
      json: { type: 'boolean', default: false },
      check: { type: 'boolean', default: false },
    },
  });
  if (values.json && values.check) return complain('--json and --check exclude each other', EXIT.USAGE);
  const client = clientFilesOf(values);
  if (typeof client === 'string') return complain(client, EXIT.USAGE);
  const loaded = await loadPolicy(values.config);
  if ('errors' in loaded) {
    if (values.check) return check({ failure: `the configuration is refused: ${loaded.errors[0]}` });
    for (const error of loaded.errors) complain(error, EXIT.CONFIG);
    return EXIT.CONFIG;
  }
  const asked = await askStatus(loaded.policy.report, client);
  if (values.check) return check(asked);
  if ('failure' in asked) return complain(asked.failure, EXIT.UNAVAILABLE);
  if (values.json) process.stdout.write(`${JSON.stringify(asked.document)}\n`);
  else {
    const isColour = wantsColour(process.stdout.isTTY === true, process.env);
    const lines = overview(asked.document, { isUnicode: isUnicode(process.env) });
    process.stdout.write(`${lines.map((line) => inColour(line, isColour)).join('\n')}\n`);
  }
  return EXIT.OK;
};
