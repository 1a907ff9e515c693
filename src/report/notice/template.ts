/** Bodies of webhooks: the document itself, a text for chat systems, alerts for the API v2 of Alertmanager. */
import type { NoticeKind, WebhookTemplate } from '../../core/notice-policy.ts';
import type { LogLevel } from '../sentence.ts';
import type { NoticeDocument } from './notice-document.ts';

/**
 * Slack, Mattermost and Rocket.Chat read these as markup (Slack: "Formatting text for app surfaces", escaping). The latter two
 * also take "@all" at the start of a word for everybody and "](" for a link or picture of a stranger: a blank between undoes both.
 */
const escaped = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('`', "'")
    .replaceAll('](', '] (')
    .replace(/(?<!\w)@(?=\w)/g, '@ ');

const chatText = ({ host, summary, incident, owner }: NoticeDocument): string => {
  const lines = [`*oomwatchd on ${escaped(host)}*: ${escaped(summary)}`];
  if (incident !== undefined) lines.push(`${escaped(String(incident['outcome']))} (incident ${incident['id']})`);
  if (owner !== undefined && owner.unit !== '') lines.push(`unit ${escaped(owner.unit)}`);
  return lines.join('\n');
};

const ALERT_NAMES: Readonly<Record<NoticeKind, string>> = {
  incident: 'OomwatchdIncident',
  livelock: 'OomwatchdLivelock',
  stuck_victim: 'OomwatchdStuckVictim',
  no_action: 'OomwatchdNoAction',
  signal: 'OomwatchdSignal',
  summary: 'OomwatchdSummary',
  drill: 'OomwatchdDrill',
  self_check: 'OomwatchdSelfCheck',
};

const SEVERITIES: Readonly<Record<LogLevel, string>> = {
  debug: 'info',
  info: 'info',
  warn: 'warning',
  error: 'critical',
};

/** So long an alert stays: what it tells of is one moment, and without an end it would stay for the resolve_timeout. */
const ALERT_MS = 15 * 60_000;

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/**
 * One alert. Labels are what makes it another one, so nothing in them comes from a process; the id tells incidents apart. One that
 * has ended is no news to Alertmanager, so that of an incident ends a while after it is told.
 */
const alerts = (document: NoticeDocument): readonly object[] => {
  const { kind, host, level, time, summary, incident } = document;
  const id = incident === undefined ? {} : { incident: textOf(incident['id']) };
  return [
    {
      labels: { alertname: ALERT_NAMES[kind], severity: SEVERITIES[level], instance: host, job: 'oomwatchd', ...id },
      annotations: { summary, description: textOf(incident?.['outcome']) },
      startsAt: textOf(incident?.['started']) || time,
      endsAt: new Date(Date.parse(time) + ALERT_MS).toISOString(),
    },
  ];
};

/** The body of a POST, as JSON. */
export const bodyOf = (template: WebhookTemplate, document: NoticeDocument): string => {
  switch (template) {
    case 'generic':
      return JSON.stringify(document);
    case 'slack':
      return JSON.stringify({ text: chatText(document) });
    case 'alertmanager':
      return JSON.stringify(alerts(document));
  }
};
