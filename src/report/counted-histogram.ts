/**
 * A histogram whose buckets were counted elsewhere. prom-client's own counts by observe() alone; its registry asks of a
 * metric no more than a name and what get() resolves to (lib/registry.js of 15.1.3, getMetricsAsString()).
 */
import type { Histogram, Registry } from 'prom-client';

/** Counts of one histogram. */
export interface Counts {
  /** Observations at or below each bound. */
  readonly cumulative: readonly number[];
  readonly count: number;
  /** In the base unit. */
  readonly sum: number;
}

export interface CountedHistogram {
  /** undefined takes the samples away. */
  set(counts: Counts | undefined): void;
}

interface Sample {
  readonly metricName: string;
  readonly labels: { readonly le?: number | '+Inf' };
  readonly value: number;
}

/** Adds it to the registry, without samples. `bounds`: of the buckets, in the base unit, rising. */
export const createCountedHistogram = (
  registry: Registry,
  name: string,
  help: string,
  bounds: readonly number[],
): CountedHistogram => {
  let values: readonly Sample[] = [];
  const metric = { name, get: () => Promise.resolve({ name, help, type: 'histogram', values }) };
  // The declared parameter is the union of prom-client's four classes.
  registry.registerMetric(metric as unknown as Histogram);

  const samplesOf = ({ cumulative, count, sum }: Counts): readonly Sample[] => [
    ...bounds.map((le, at) => ({ metricName: `${name}_bucket`, labels: { le }, value: cumulative[at] ?? count })),
    { metricName: `${name}_bucket`, labels: { le: '+Inf' as const }, value: count },
    { metricName: `${name}_sum`, labels: {}, value: sum },
    { metricName: `${name}_count`, labels: {}, value: count },
  ];

  return {
    set: (counts) => {
      values = counts === undefined ? [] : samplesOf(counts);
    },
  };
};
