/** What describes one metric. */
export interface MetricRow {
  readonly type: 'gauge' | 'counter' | 'histogram';
  readonly help: string;
  readonly labels?: readonly string[];
  readonly buckets?: readonly number[];
  /** A histogram that control counts; its buckets come with the frame. */
  readonly isCounted?: true;
}
