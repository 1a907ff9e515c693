/**
 * Who is told, of what, and what came of it. Everything here happens after the fact: control decides, signals and only then tells
 * this process, so no notice is before a kill or holds it up.
 */
import type { StampedEvent } from '../../core/event.ts';
import type { NoticeCommand, NoticeKind, NoticesPolicy, NoticeWebhook } from '../../core/notice-policy.ts';
import type { IncidentHead, Incidents, NoticeResult } from '../incident/incident-head.ts';
import type { LogLevel } from '../sentence.ts';
import { createCommandRunner } from './command.ts';
import {
  documentOfEvent,
  documentOfFigures,
  documentOfIncident,
  type NoticeDocument,
  type Origin,
} from './notice-document.ts';
import { isOwner, ownerOf } from './owner.ts';
import { createNoticeQueue, type Job } from './queue.ts';
import { bodyOf } from './template.ts';
import { createUrgency } from './urgent.ts';
import { wallJob } from './wall.ts';

export interface Notices {
  event(event: StampedEvent): void;
  /** Each incident that is closed is told, and what came of notices is written into its report. */
  follow(incidents: Pick<Incidents, 'onClosed' | 'noteNotices'>): void;
  /** What comes by the clock. */
  tell(kind: NoticeKind, level: LogLevel, summary: string, figures: Readonly<Record<string, unknown>>): void;
  close(): void;
}

export interface NoticePorts extends Origin {
  /** Told of each result: log and metrics. */
  readonly result: (result: NoticeResult, kind: NoticeKind) => void;
  readonly emergency: (text: string) => boolean;
  readonly passwdFile?: string;
}

/** Results of urgent notices that wait for the end of their incident. */
const KEPT_MAX = 64;
/** Incidents that are over, and whose notices may still be on their way: the last attempt is two minutes after the first. */
const CLOSED_MAX = 16;
const PASSWD = '/etc/passwd';

interface Kept {
  readonly timeMs: number;
  readonly result: NoticeResult;
}

export const createNotices = (policy: NoticesPolicy, ports: NoticePorts): Notices => {
  const { passwdFile = PASSWD } = ports;
  const queue = createNoticeQueue({ atOnce: policy.atOnce, limit: policy.queue });
  const run = createCommandRunner();
  const urgency = createUrgency(() => performance.now());
  const isNobodyTold =
    policy.wall === 'off' && policy.commands.length + policy.webhooks.length + policy.owners.length === 0;
  const hasWebhooks = policy.webhooks.length > 0 || policy.owners.some(({ webhook }) => webhook !== null);
  // Loaded now or never: TLS is 1 MiB, and in the middle of an incident reading files may take long.
  const webhooks = hasWebhooks ? import('./webhook.ts') : undefined;
  const kept: Kept[] = [];
  let incidents: Pick<Incidents, 'noteNotices'> | undefined;
  const over: IncidentHead[] = [];

  const isWithin = (timeMs: number, { startedMs, endedMs }: IncidentHead): boolean =>
    timeMs >= startedMs && timeMs <= (endedMs ?? Number.POSITIVE_INFINITY);

  /** Into the report of the incident in which it happened, as soon as that is there. */
  const keep = (timeMs: number, result: NoticeResult): void => {
    if (incidents === undefined) return;
    const own = over.find((head) => isWithin(timeMs, head));
    if (own !== undefined) {
      incidents.noteNotices(own.id, [result]);
      return;
    }
    if (kept.length >= KEPT_MAX) kept.shift();
    kept.push({ timeMs, result });
  };

  type Deed = Pick<Job, 'name' | 'kind' | 'attempt'>;

  const commandDeed = ({ name, argv, timeoutMs }: NoticeCommand, document: NoticeDocument, isOwners = false): Deed => {
    const task = { argv, timeoutMs, kind: document.kind, stdin: `${JSON.stringify(document)}\n` };
    return { name, kind: isOwners ? 'owner' : 'command', attempt: (signal) => run(task, signal) };
  };

  const webhookDeed = (webhook: NoticeWebhook, document: NoticeDocument, isOwners = false): Deed => {
    const body = bodyOf(webhook.template, document);
    return {
      ...{ name: webhook.name, kind: isOwners ? 'owner' : 'webhook' },
      attempt: async (signal) => {
        const posting = await webhooks;
        return posting?.post(webhook, body, signal) ?? { result: 'failed', detail: 'not loaded' };
      },
    };
  };

  const push = (deed: Deed, { kind }: NoticeDocument, note: (result: NoticeResult) => void): void =>
    queue.push({
      ...deed,
      done: (result) => {
        ports.result(result, kind);
        note(result);
      },
    });

  const tellAll = (document: NoticeDocument, note: (result: NoticeResult) => void): void => {
    const { kind } = document;
    const wall = wallJob(policy.wall, document, { run, emergency: ports.emergency });
    if (wall !== undefined) push(wall, document, note);
    for (const each of policy.commands) if (each.on.includes(kind)) push(commandDeed(each, document), document, note);
    for (const each of policy.webhooks) if (each.on.includes(kind)) push(webhookDeed(each, document), document, note);
  };

  const closed = (head: IncidentHead): void => {
    over.unshift(head);
    over.length = Math.min(over.length, CLOSED_MAX);
    const waiting = kept.splice(0);
    const own = waiting.filter(({ timeMs }) => isWithin(timeMs, head));
    // The next incident may have begun while this one was written down.
    kept.push(...waiting.filter(({ timeMs }) => timeMs > (head.endedMs ?? 0)));
    if (own.length > 0)
      incidents?.noteNotices(
        head.id,
        own.map(({ result }) => result),
      );
    tellAll(documentOfIncident(ports, head, Date.now()), (result) => incidents?.noteNotices(head.id, [result]));
  };

  return {
    event: (event) => {
      const urgent = isNobodyTold ? undefined : urgency(event);
      if (urgent === undefined) return;
      const { kind, victim } = urgent;
      const plain = documentOfEvent(ports, kind, event);
      const document = victim === undefined ? plain : { ...plain, owner: ownerOf(victim, passwdFile) };
      const note = (result: NoticeResult): void => keep(event.timeMs, result);
      tellAll(document, note);
      for (const each of policy.owners) {
        if (victim === undefined || !isOwner(each, victim)) continue;
        if (each.command !== null) push(commandDeed(each.command, document, true), document, note);
        if (each.webhook !== null) push(webhookDeed(each.webhook, document, true), document, note);
      }
    },
    follow: (store) => {
      incidents = store;
      store.onClosed(closed);
    },
    tell: (kind, level, summary, figures) =>
      tellAll(documentOfFigures(ports, kind, level, Date.now(), summary, figures), () => undefined),
    close: queue.close,
  };
};
