/** What control hands over to a reporter that listens nowhere: for tests that are about something else. */
import type { ReportPolicy } from '../../src/core/policy.ts';

export const REPORT_POLICY: ReportPolicy = {
  listen: 'off',
  http: { tokenFile: '', tlsCert: '', tlsKey: '', clientCa: '' },
  logLevel: 'info',
  // JSON, as the output of a test is no terminal.
  logFormat: 'auto',
  textfile: 'off',
  uid: -1,
  gid: -1,
};
