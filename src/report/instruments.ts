/** The table of metrics as prom-client objects in a registry of its own, with the ways in which values are set. */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { type CountedHistogram, type Counts, createCountedHistogram } from './counted-histogram.ts';
import type { MetricRow } from './metric-row.ts';
import { type CountedName, METRICS, type MetricName, type NameOf } from './metric-table.ts';

export type Labels = Readonly<Record<string, string>>;

/** A label from a closed list: what control of another version knows and we do not is "other". */
export const known = (word: string, words: readonly string[]): string => (words.includes(word) ? word : 'other');

export interface Instruments {
  readonly registry: Registry;
  /** Sets a gauge; undefined, or what is no number, takes the sample away, for what is not known is not zero. */
  set(name: NameOf<'gauge'>, value: number | undefined, labels?: Labels): void;
  /** Sets a counter to a total that is counted elsewhere; undefined takes the sample away. */
  total(name: NameOf<'counter'>, value: number | undefined, labels?: Labels): void;
  /** Adds to a counter; what is negative or not finite is ignored, a counter cannot take it. */
  add(name: NameOf<'counter'>, value: number, labels?: Labels): void;
  observe(name: Exclude<NameOf<'histogram'>, CountedName>, value: number): void;
  /** Sets what control has counted; undefined takes the samples away. */
  counts(name: CountedName, counts: Counts | undefined): void;
  /** Takes all samples of a gauge away. */
  clear(name: NameOf<'gauge'>): void;
}

const create = (name: MetricName, row: MetricRow, registry: Registry): Counter | Gauge | Histogram => {
  const options = { name, help: row.help, labelNames: [...(row.labels ?? [])], registers: [registry] };
  switch (row.type) {
    case 'counter':
      return new Counter(options);
    case 'gauge':
      return new Gauge(options);
    case 'histogram':
      return new Histogram({ ...options, buckets: [...(row.buckets ?? [])] });
  }
};

export const createInstruments = (): Instruments => {
  const registry = new Registry();
  const gauges = new Map<string, Gauge>();
  const counters = new Map<string, Counter>();
  const histograms = new Map<string, Histogram>();
  const counted = new Map<string, CountedHistogram>();
  for (const name of Object.keys(METRICS) as MetricName[]) {
    const row: MetricRow = METRICS[name];
    if (row.isCounted) {
      counted.set(name, createCountedHistogram(registry, name, row.help, row.buckets ?? []));
      continue;
    }
    const metric = create(name, row, registry);
    if (metric instanceof Gauge) {
      // prom-client starts a metric without labels at 0, which would be a lie for a gauge not yet known.
      metric.remove({});
      gauges.set(name, metric);
    } else if (metric instanceof Counter) counters.set(name, metric);
    else histograms.set(name, metric);
  }
  return {
    registry,
    set: (name, value, labels = {}) => {
      if (value === undefined || !Number.isFinite(value)) gauges.get(name)?.remove(labels);
      else gauges.get(name)?.set(labels, value);
    },
    total: (name, value, labels = {}) => {
      counters.get(name)?.remove(labels);
      if (value !== undefined && value >= 0) counters.get(name)?.inc(labels, value);
    },
    add: (name, value, labels = {}) => {
      if (value >= 0 && Number.isFinite(value)) counters.get(name)?.inc(labels, value);
    },
    observe: (name, value) => {
      if (value >= 0 && Number.isFinite(value)) histograms.get(name)?.observe(value);
    },
    counts: (name, counts) => counted.get(name)?.set(counts),
    clear: (name) => gauges.get(name)?.reset(),
  };
};
