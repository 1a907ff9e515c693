/** Who the status is asked of: each may be missing, and the rest is told all the same. */
import type { Incidents } from '../incident/incident-head.ts';
import type { Recorder } from '../recorder/recorder.ts';
import type { Schedules } from '../schedule/schedules.ts';

export interface StatusSources {
  readonly recorder?: Pick<Recorder, 'seconds' | 'candidates' | 'victims'>;
  readonly incidents?: Pick<Incidents, 'heads' | 'read'>;
  readonly schedules?: Pick<Schedules, 'list'>;
}
