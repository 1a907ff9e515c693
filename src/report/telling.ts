/** Notices and schedules, put together with what they are about. */
import { hostname } from 'node:os';
import { REQUEST_FD, type ReportStart } from '../channel/report-start.ts';
import type { Health } from './health.ts';
import type { IncidentStore } from './incident/store/incident-store.ts';
import type { Logger } from './logger.ts';
import type { Metrics } from './metrics.ts';
import { createNotices, type Notices } from './notice/notices.ts';
import { createDrillRequest } from './schedule/drill-request.ts';
import { type Duties, startDuties } from './schedule/duties.ts';

interface TellingPorts {
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly health: Health;
  readonly incidents: IncidentStore;
}

/** Whom to tell and what to do by the clock; a control of an older version has no policy for it. */
export const startTelling = (
  { policy, mode, takesRequests }: ReportStart,
  { logger, metrics, health, incidents }: TellingPorts,
): { notices?: Notices; duties?: Duties } => {
  if (policy.notices === undefined || policy.schedules === undefined) return {};
  const notices = createNotices(policy.notices, {
    ...{ host: hostname(), mode, emergency: logger.emergency },
    result: (result, about) => {
      metrics.notice(result);
      logger.note({ ...result, kind: 'notice', about, to: result.kind });
    },
  });
  notices.follow(incidents);
  const duties = startDuties(policy.schedules, {
    ...{ note: logger.note, tell: notices.tell, prune: incidents.prune, inDirectory: incidents.inDirectory },
    directory: policy.incidents?.directory,
    askForDrill: createDrillRequest(takesRequests ? REQUEST_FD : undefined),
    rssBytes: () => process.memoryUsage.rss(),
    controlAgeMs: () => health.last()?.ageMs,
    controlLimitMs: health.limitMs,
  });
  return { notices, duties };
};
