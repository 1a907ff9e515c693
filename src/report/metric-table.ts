/**
 * Every metric: name, type, help, labels. Base units (seconds, bytes) and names as Prometheus wants them; label values
 * are enumerated words or facts of the program itself, never names of processes, so that no stranger can grow the set.
 */
import type { MetricRow } from './metric-row.ts';
import { OCCURRENCE_METRICS } from './occurrence-metrics.ts';
import { STATE_METRICS } from './state-metrics.ts';

export const METRICS = { ...STATE_METRICS, ...OCCURRENCE_METRICS } as const;

export type MetricName = keyof typeof METRICS;

/** Names of the metrics of one type. */
export type NameOf<T extends MetricRow['type']> = {
  [N in MetricName]: (typeof METRICS)[N]['type'] extends T ? N : never;
}[MetricName];

/** Names of the histograms that control counts. */
export type CountedName = {
  [N in MetricName]: (typeof METRICS)[N] extends { readonly isCounted: true } ? N : never;
}[MetricName];
