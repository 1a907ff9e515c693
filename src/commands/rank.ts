/** `oomwatchd rank`: the list of victims as it stands now. */
import { parseArgs } from 'node:util';
import type { Policy } from '../core/policy.ts';
import { emptySample } from '../core/sample.ts';
import { factsOf } from '../core/select/facts.ts';
import { ABSENT } from '../core/units.ts';
import { EXIT } from '../exit.ts';
import { size } from '../report/amount.ts';
import { printable } from '../report/printable.ts';
import { loadPolicy } from './daemon/policy-source.ts';
import { table as columns } from './inspect/columns.ts';
import { type Judged, judge, reasonsOf } from './inspect/judge.ts';
import { endSurvey, type Survey, survey } from './inspect/survey.ts';

const known = (value: number): number | null => (value === ABSENT ? null : value);

/** One process as `--json` gives it; absent numbers are null. */
export const candidateJson = ({ table }: Survey, policy: Policy, judged: Judged, slot: number) => {
  const facts = factsOf(table, slot);
  return {
    pid: facts.pid,
    comm: facts.comm,
    start_time_ticks: known(facts.startTimeTicks),
    uid: known(facts.uid),
    unit: facts.unit,
    rss_kib: known(facts.rssKiB),
    swap_kib: known(facts.swapKiB),
    page_tables_kib: known(facts.pageTablesKiB),
    oom_score_adj: facts.oomScoreAdj,
    badness_pages: facts.badnessPages,
    eligible: judged.ranking.exclusion[slot] === ABSENT,
    reasons: reasonsOf(table, policy, judged, slot),
  };
};

const print = (found: Survey, policy: Policy, judged: Judged, top: number): void => {
  const { table } = found;
  const slots = top === 0 ? judged.order : judged.order.slice(0, top);
  const rows = slots.map((slot, at) => [
    judged.ranking.exclusion[slot] === ABSENT ? String(at + 1) : '-',
    String(table.pid[slot]),
    String(Math.round(judged.ranking.points[slot] as number)),
    size(Math.max(0, table.rssKiB[slot] as number)),
    size(Math.max(0, table.swapKiB[slot] as number)),
    String(table.oomScoreAdj[slot]),
    printable(table.comm[slot] as string),
    (table.unit[slot] as string) || '-',
    reasonsOf(table, policy, judged, slot).join('; '),
  ]);
  const titles = [
    { title: 'RANK', isRight: true },
    { title: 'PID', isRight: true },
    { title: 'POINTS', isRight: true },
    { title: 'RSS', isRight: true },
    { title: 'SWAP', isRight: true },
    { title: 'ADJ', isRight: true },
    { title: 'COMM' },
    { title: 'UNIT' },
    { title: 'WHY' },
  ] as const;
  process.stdout.write(columns(titles, rows, process.stdout));
  const rest = judged.order.length - slots.length;
  if (rest > 0) process.stdout.write(`... and ${rest} more (--top 0 shows all)\n`);
};

const DEFAULT_TOP = 15;

export const run = async (argv: readonly string[]): Promise<number> => {
  const { values } = parseArgs({
    args: [...argv],
    options: { config: { type: 'string' }, top: { type: 'string' }, json: { type: 'boolean', default: false } },
  });
  const top = values.top === undefined ? DEFAULT_TOP : Number(values.top);
  if (!Number.isInteger(top) || top < 0) {
    process.stderr.write(`oomwatchd: --top takes a whole number from 0, got '${values.top}'\n`);
    return EXIT.USAGE;
  }
  const loaded = await loadPolicy(values.config);
  if ('errors' in loaded) {
    for (const error of loaded.errors) process.stderr.write(`oomwatchd: ${error}\n`);
    return EXIT.CONFIG;
  }
  const found = await survey(loaded.policy);
  const sample = emptySample();
  found.host.sampler.readBasics(sample);
  const judged = judge(found.table, loaded.policy, sample.memTotalKiB);
  if (values.json) {
    const candidates = judged.order.map((slot) => candidateJson(found, loaded.policy, judged, slot));
    process.stdout.write(`${JSON.stringify({ total_pages: found.table.totalPages, candidates })}\n`);
  } else print(found, loaded.policy, judged, top);
  return endSurvey(found, EXIT.OK);
};
