/** `oomwatchd incidents`: the reports on disk, for a terminal, a browser or a program; needs no daemon. */
import { parseArgs } from 'node:util';
import { EXIT } from '../exit.ts';
import { span } from '../report/amount.ts';
import type { IncidentDocument } from '../report/incident/document/document.ts';
import { ID, type IncidentHead } from '../report/incident/incident-head.ts';
import { outcomeWords } from '../report/incident/outcome-words.ts';
import { textOf } from '../report/incident/page/incident-text.ts';
import { pageOf } from '../report/incident/page/page.ts';
import * as files from '../report/incident/store/incident-files.ts';
import { printable, visible } from '../report/printable.ts';
import { loadPolicy } from './daemon/policy-source.ts';
import { table } from './inspect/columns.ts';

const complain = (text: string, exitCode: number): number => {
  process.stderr.write(`oomwatchd: ${text}\n`);
  return exitCode;
};

const messageOf = (error: unknown): string => printable(error instanceof Error ? error.message : String(error), 300);

const unreadable = (directory: string, error: unknown): number =>
  complain(
    `the reports in ${printable(directory, 300)} cannot be read (${messageOf(error)}); run it as root or as the user of report.user, or name the configuration with --config`,
    EXIT.UNAVAILABLE,
  );

/** What a full disk does to a pipe is not ours: what is printed is printed. */
const print = (text: string): number => {
  process.stdout.write(text);
  return EXIT.OK;
};

/** A file as it is; on a terminal without what that would act on, whoever has written it (the reporter is no root). */
const printFile = (text: string): number =>
  print(
    process.stdout.isTTY
      ? text
          .split('\n')
          .map((line) => visible(line))
          .join('\n')
      : text,
  );

interface Listed {
  readonly head: IncidentHead;
  readonly isOpen: boolean;
}

const headsIn = async (directory: string): Promise<{ heads: Listed[]; bad: string[] }> => {
  const heads: Listed[] = [];
  const bad: string[] = [];
  for (const { id } of await files.list(directory, false)) {
    try {
      heads.push(await files.readHead(directory, id));
    } catch (error) {
      bad.push(`${id}: ${messageOf(error)}`);
    }
  }
  return { heads, bad };
};

const tableOf = (heads: readonly Listed[]): string => {
  const titles = [
    { title: 'ID' },
    { title: 'TOOK', isRight: true },
    { title: 'KILLED', isRight: true },
    { title: 'OUTCOME' },
    { title: 'WHAT' },
  ] as const;
  const rows = heads.map(({ head: { id, startedMs, endedMs, victims, outcome, title } }) => [
    id,
    endedMs === null ? '-' : span(Math.max(0, endedMs - startedMs)),
    String(victims),
    visible(outcomeWords(outcome)),
    visible(title),
  ]);
  return table(titles, rows, process.stdout);
};

const list = async (directory: string, asJson: boolean): Promise<number> => {
  const { heads, bad } = await headsIn(directory);
  for (const line of bad) process.stderr.write(`oomwatchd: ${visible(line)}\n`);
  if (asJson) {
    const rows = heads.map(({ head: { id, startedMs, endedMs, title, outcome, victims } }) => ({
      ...{ id, started_ms: startedMs, ended_ms: endedMs, title, outcome, victims },
    }));
    return printFile(`${JSON.stringify({ incidents: rows })}\n`);
  }
  return print(heads.length === 0 ? `no incidents in ${printable(directory, 300)}\n` : tableOf(heads));
};

type Form = 'text' | 'html' | 'json';

const show = async (directory: string, wanted: string, form: Form): Promise<number> => {
  const id = wanted === 'last' ? ((await files.list(directory, false))[0]?.id ?? '') : wanted;
  const json = await files.read(directory, id, 'json');
  if (json === undefined) {
    const hint = ID.test(id) || wanted === 'last' ? '' : '; an id looks like 20261125T213412Z-1';
    return complain(`there is no report "${printable(wanted)}" in ${printable(directory, 300)}${hint}`, EXIT.NEGATIVE);
  }
  if (form === 'json') return printFile(json);
  if (form === 'text') return printFile(textOf(JSON.parse(json) as IncidentDocument));
  // One that is still going on has no page yet.
  return printFile((await files.read(directory, id, 'html')) ?? pageOf(JSON.parse(json) as IncidentDocument));
};

export const run = async (argv: readonly string[]): Promise<number> => {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      config: { type: 'string' },
      html: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  });
  const [what = 'list', id, ...more] = positionals;
  const isList = what === 'list' && id === undefined;
  if (
    more.length > 0 ||
    (values.html && (values.json || isList)) ||
    !(isList || (what === 'show' && id !== undefined))
  ) {
    return complain('it takes "list", or "show ID" with --html or --json; see oomwatchd incidents --help', EXIT.USAGE);
  }
  const loaded = await loadPolicy(values.config);
  if ('errors' in loaded) {
    for (const error of loaded.errors) process.stderr.write(`oomwatchd: ${error}\n`);
    return EXIT.CONFIG;
  }
  const directory = loaded.policy.report.incidents?.directory ?? '';
  try {
    if (isList) return await list(directory, values.json);
    return await show(directory, id ?? '', values.html ? 'html' : values.json ? 'json' : 'text');
  } catch (error) {
    return unreadable(directory, error);
  }
};
