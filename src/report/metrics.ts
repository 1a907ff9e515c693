/** What /metrics shows: events counted as they come, the last gauge frame and our own counters at each scrape. */
import type { ReportStart } from '../channel/report-start.ts';
import type { StampedEvent } from '../core/event.ts';
import { createEventMetrics } from './event-metrics.ts';
import { applyFrame, gaugeOf, setMode } from './frame-metrics.ts';
import type { Health } from './health.ts';
import type { HostFacts } from './host-facts.ts';
import { NOTICE_RESULT_KINDS, NOTICE_RESULTS, type NoticeResult } from './incident/incident-head.ts';
import { createInstruments } from './instruments.ts';
import { createVictimAges } from './victim-ages.ts';

/** Totals that others in this process keep. */
interface OwnTotals {
  readonly linesLost: number;
  readonly linesSuppressed: number;
  readonly skippedBytes: number;
  readonly badFrames: number;
  readonly faults: number;
}

export interface Metrics {
  event(event: StampedEvent): void;
  /** One notice has ended, however. */
  notice(result: NoticeResult): void;
  /** The exposition in the Prometheus text format 0.0.4. */
  render(): Promise<string>;
  readonly contentType: string;
}

/** With what the report process finds out and does beside the events. */
export interface MetricsIntake extends Metrics {
  /** Shows what the host is, once that is known. */
  host(facts: HostFacts): void;
  /** Counts a write of the textfile. */
  wrote(result: 'ok' | 'failed'): void;
}

export const createMetrics = (start: ReportStart, health: Health, own: () => OwnTotals): MetricsIntake => {
  const instruments = createInstruments();
  const labels = { version: start.version, node_version: process.versions.node };
  instruments.set('oomwatchd_build_info', 1, labels);
  setMode(instruments, start.mode);
  for (const result of ['ok', 'failed']) instruments.add('oomwatchd_textfile_writes_total', 0, { result });
  for (const kind of NOTICE_RESULT_KINDS) {
    for (const result of NOTICE_RESULTS) instruments.add('oomwatchd_notices_total', 0, { kind, result });
  }
  const count = createEventMetrics(instruments);
  const ages = createVictimAges();

  return {
    event: (event) => {
      count(event);
      ages.event(event);
    },
    host: ({ kernel, distro, architecture, virtualization }) =>
      instruments.set('oomwatchd_host_info', 1, { kernel, distro, architecture, virtualization }),
    wrote: (result) => instruments.add('oomwatchd_textfile_writes_total', 1, { result }),
    notice: ({ kind, result }) => instruments.add('oomwatchd_notices_total', 1, { kind, result }),
    render: () => {
      const last = health.last();
      instruments.set('oomwatchd_last_sample_age_seconds', last === undefined ? undefined : last.ageMs / 1000);
      if (last !== undefined) {
        applyFrame(instruments, last.frame);
        const monotonicMs = gaugeOf(last.frame, 'monotonicMs');
        if (monotonicMs !== undefined) ages.apply(instruments, monotonicMs + last.ageMs);
      }
      const totals = own();
      instruments.total('oomwatchd_log_lines_lost_total', totals.linesLost);
      instruments.total('oomwatchd_log_lines_suppressed_total', totals.linesSuppressed);
      instruments.total('oomwatchd_channel_skipped_bytes_total', totals.skippedBytes);
      instruments.total('oomwatchd_channel_bad_frames_total', totals.badFrames);
      instruments.total('oomwatchd_report_faults_total', totals.faults);
      return instruments.registry.metrics();
    },
    contentType: instruments.registry.contentType,
  };
};
