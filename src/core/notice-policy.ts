/** Whom the reporter tells beside the log, and what it does by the clock: part of the policy, see policy.ts. */

/**
 * What a notice is about. incident: one is over and written down; signal: one was sent; stuck_victim: a victim does not go;
 * no_action: a shortage in which nothing is done; livelock: one begins. summary, drill, self_check come by the clock.
 */
export const NOTICE_KINDS = [
  'incident',
  'livelock',
  'stuck_victim',
  'no_action',
  'signal',
  'summary',
  'drill',
  'self_check',
] as const;
export type NoticeKind = (typeof NOTICE_KINDS)[number];

export const WEBHOOK_TEMPLATES = ['generic', 'slack', 'alertmanager'] as const;
export type WebhookTemplate = (typeof WEBHOOK_TEMPLATES)[number];

/** command: wall(1) as the user of the reporter; journal: a line of level "emerg", which journald hands to all terminals. */
export const WALLS = ['off', 'journal', 'command'] as const;
export type Wall = (typeof WALLS)[number];

export interface NoticeCommand {
  /** As results, log and metrics call it. */
  readonly name: string;
  /** Program and arguments; no shell. */
  readonly argv: readonly string[];
  readonly on: readonly NoticeKind[];
  readonly timeoutMs: number;
}

export interface NoticeWebhook {
  readonly name: string;
  /** http or https; "" when it stands in `urlFile`. Never told anywhere: for many services it is the password. */
  readonly url: string;
  readonly urlFile: string;
  /** Lines "Name: value" that go along with each request; "" for none. */
  readonly headersFile: string;
  /**
   * Certificates of the authorities that may have signed that of the receiver; "" for those that Node.js comes with. Not there
   * from a control of an older version, after an upgrade in place.
   */
  readonly caFile?: string;
  readonly template: WebhookTemplate;
  readonly on: readonly NoticeKind[];
  /** Of one attempt. */
  readonly timeoutMs: number;
}

/** Who is told when a process of his is signalled; both criteria that are given must match. */
export interface NoticeOwner {
  readonly uids: readonly number[];
  /** Globs of the unit. */
  readonly unit: readonly string[];
  readonly command: NoticeCommand | null;
  readonly webhook: NoticeWebhook | null;
}

export interface NoticesPolicy {
  readonly commands: readonly NoticeCommand[];
  readonly webhooks: readonly NoticeWebhook[];
  readonly owners: readonly NoticeOwner[];
  readonly wall: Wall;
  /** Commands and requests at a time. */
  readonly atOnce: number;
  /** Notices that wait for their turn or for their next attempt; what comes beyond is dropped and counted. */
  readonly queue: number;
}

/** Expressions of five fields as in crontab(5), in the host's time; "" for off. */
export interface SchedulesPolicy {
  readonly summary: string;
  readonly prune: string;
  readonly drill: string;
  readonly selfCheck: string;
}
