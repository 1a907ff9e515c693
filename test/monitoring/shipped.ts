/** The monitoring files of config/ as tests read them, and the names of metrics in expressions. */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { MetricRow } from '../../src/report/metric-row.ts';
import { METRICS } from '../../src/report/metric-table.ts';

export const ROOT = new URL('../../', import.meta.url).pathname;
export const RULES = `${ROOT}config/prometheus/oomwatchd.rules.yml`;
export const RULE_TESTS = `${ROOT}config/prometheus/oomwatchd.rules.test.yml`;

export interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export const alerts = (): Alert[] =>
  (parse(readFileSync(RULES, 'utf8')) as { groups: { rules: Alert[] }[] }).groups.flatMap(({ rules }) => rules);

/** Names in an expression that are no metric of ours, nor a series of one of our histograms. */
export const unknownMetrics = (expr: string): string[] =>
  [...expr.matchAll(/\boomwatchd_\w+/g)]
    .map((match) => match[0])
    .filter((name) => {
      const base = name.replace(/_(bucket|sum|count)$/, '');
      const row: MetricRow | undefined = (METRICS as Record<string, MetricRow>)[base];
      return !(name in METRICS) && row?.type !== 'histogram';
    });
