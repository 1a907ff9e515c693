/**
 * `oomwatchd explain PID`: rank, points and every correction and policy line that touched one process; `--as-kernel`: whom
 * a kernel would take from the same table.
 */
import { release } from 'node:os';
import { parseArgs } from 'node:util';
import { KERNEL_VERSIONS } from '../core/kernel-model/versions.ts';
import type { Policy } from '../core/policy.ts';
import { emptySample } from '../core/sample.ts';
import { oomScoreOf, rowBadness } from '../core/select/badness.ts';
import { traceOf } from '../core/select/rules/trace.ts';
import { ABSENT } from '../core/units.ts';
import { EXIT } from '../exit.ts';
import { size } from '../report/amount.ts';
import { printable } from '../report/printable.ts';
import { loadPolicy } from './daemon/policy-source.ts';
import { type Judged, judge, rulesOf } from './inspect/judge.ts';
import { kernelView, kernelWordsOf, versionOf } from './inspect/kernel-view.ts';
import { endSurvey, type Survey, slotOfPid, survey } from './inspect/survey.ts';
import { candidateJson } from './rank.ts';

const pages = (kib: number, pageKiB: number): number => Math.floor(Math.max(0, kib) / pageKiB);

const explanation = (found: Survey, policy: Policy, judged: Judged, slot: number) => {
  const { table } = found;
  const at = judged.ranking.exclusion[slot] === ABSENT ? judged.order.indexOf(slot) + 1 : null;
  return {
    ...candidateJson(found, policy, judged, slot),
    exe: table.exe[slot],
    cgroup: table.cgroup[slot],
    rank: at,
    candidates: judged.ranking.count,
    total_pages: table.totalPages,
    points: {
      rss_pages: pages(table.rssKiB[slot] as number, table.pageKiB),
      swap_pages: pages(table.swapKiB[slot] as number, table.pageKiB),
      page_table_pages: pages(table.pageTablesKiB[slot] as number, table.pageKiB),
      oom_score_adj_pages: (table.oomScoreAdj[slot] as number) * Math.trunc(table.totalPages / 1000),
      policy_pages: Math.round(((table.policyPoints[slot] as number) * table.totalPages) / 1000),
    },
    oom_score: { kernel: table.oomScore[slot], ours: oomScoreOf(rowBadness(table, slot), table.totalPages) },
    rules: rulesOf(table, policy, slot).map(({ id, action, points, reason }) => ({ id, action, points, reason })),
    // Who is in the register of the daemon is not known here: a pending SIGKILL is.
    corrections: traceOf(table, slot, policy.select.corrections, false),
  };
};

const print = (told: ReturnType<typeof explanation>): void => {
  const { points } = told;
  const line = (label: string, value: string | number): string => `  ${label.padEnd(22)}${String(value)}\n`;
  const place = told.rank === null ? 'not a candidate' : `number ${told.rank} of ${told.candidates} candidates`;
  process.stdout.write(
    `${printable(told.comm)} (pid ${told.pid}) is ${place}\n` +
      line('exe', told.exe === '' ? '-' : printable(told.exe ?? '', 200)) +
      line('unit', told.unit === '' ? '-' : told.unit) +
      line('cgroup', printable(told.cgroup ?? '', 200)) +
      line('uid', told.uid ?? 'unknown') +
      line('start time (ticks)', told.start_time_ticks ?? 'unknown') +
      line('memory', `${size(told.rss_kib ?? ABSENT)} resident, ${size(told.swap_kib ?? ABSENT)} swapped`) +
      `badness in pages (mm/oom_kill.c, oom_badness)\n` +
      line('rss', points.rss_pages) +
      line('swap', points.swap_pages) +
      line('page tables', points.page_table_pages) +
      line(
        'oom_score_adj',
        `${points.oom_score_adj_pages}   (${told.oom_score_adj} * ${Math.trunc(told.total_pages / 1000)})`,
      ) +
      line('= badness', told.badness_pages) +
      line('policy', points.policy_pages) +
      line('= points', told.badness_pages + points.policy_pages) +
      line('oom_score', `${told.oom_score.kernel} by the kernel, ${told.oom_score.ours} by these numbers`) +
      (told.reasons.length === 0 ? '' : `why\n${told.reasons.map((reason) => `  - ${reason}\n`).join('')}`) +
      `corrections\n${told.corrections.map(({ patch, id, says }) => line(`${patch} ${id}`.padEnd(26), says)).join('')}`,
  );
};

const refuse = (text: string): number => {
  process.stderr.write(`oomwatchd: ${text}\n`);
  return EXIT.USAGE;
};

export const run = async (argv: readonly string[]): Promise<number> => {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      config: { type: 'string' },
      json: { type: 'boolean', default: false },
      'as-kernel': { type: 'string' },
    },
  });
  const pid = Number(positionals[0]);
  const asked = values['as-kernel'] === 'running' ? release() : values['as-kernel'];
  const version = asked === undefined ? null : versionOf(asked);
  if (asked !== undefined && version === null) {
    return refuse(`--as-kernel takes a release (${KERNEL_VERSIONS.join(', ')}, any between) or "running"`);
  }
  const isPidLess = positionals.length === 0 && version !== null;
  if (!isPidLess && (positionals.length !== 1 || !Number.isInteger(pid) || pid < 1)) {
    return refuse('explain takes one PID, or --as-kernel, for example: oomwatchd explain 4711');
  }
  const loaded = await loadPolicy(values.config);
  if ('errors' in loaded) {
    for (const error of loaded.errors) process.stderr.write(`oomwatchd: ${error}\n`);
    return EXIT.CONFIG;
  }
  const found = await survey(loaded.policy);
  const slot = isPidLess ? ABSENT : slotOfPid(found.table, pid);
  if (slot === ABSENT && !isPidLess) {
    process.stderr.write(`oomwatchd: there is no process ${pid}\n`);
    return endSurvey(found, EXIT.NEGATIVE);
  }
  const sample = emptySample();
  found.host.sampler.readBasics(sample);
  found.host.sampler.readDetails(sample);
  const judged = judge(found.table, loaded.policy, sample.memTotalKiB);
  const told = slot === ABSENT ? null : explanation(found, loaded.policy, judged, slot);
  const view =
    asked === undefined || version === null
      ? null
      : kernelView(found.table, loaded.policy, judged, version, asked, sample.oomKillAllocatingTask);
  if (values.json) {
    process.stdout.write(`${JSON.stringify({ ...told, ...(view === null ? {} : { as_kernel: view }) })}\n`);
    return endSurvey(found, EXIT.OK);
  }
  if (told !== null) print(told);
  if (view !== null) process.stdout.write(kernelWordsOf(view, loaded.policy));
  return endSurvey(found, EXIT.OK);
};
