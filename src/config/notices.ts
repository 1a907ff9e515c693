/** Notices as they were written -> those of the policy, each with its name; and what only the user database can refuse. */
import type { NoticeCommand, NoticeKind, NoticeOwner, NoticeWebhook } from '../core/notice-policy.ts';
import { NOTICE_KINDS } from '../core/notice-policy.ts';
import type { ConfigDocument } from './document.ts';
import type { Users } from './passwd.ts';
import { formatPath, type Path, type Problem } from './problem.ts';
import { findUser } from './schema/pattern.ts';
import type { Settings } from './schema.ts';

/** The lists of one file. Those of all files count. */
export interface NoticeLists {
  readonly commands: readonly NoticeCommand[];
  readonly webhooks: readonly NoticeWebhook[];
  readonly owners: readonly NoticeOwner[];
}

export const NO_NOTICES: NoticeLists = { commands: [], webhooks: [], owners: [] };

type Notices = Settings['report']['notices'];

/**
 * All of them go to the reporter in one variable of its environment, of which the kernel takes 128 KiB
 * (MAX_ARG_STRLEN, execve(2)); quotes and backslashes double in it.
 */
const ALL_BYTES = 48 * 1024;

const OWNER_KINDS: readonly NoticeKind[] = ['signal'];

type Target = Notices['owners'][number]['webhook'];

const webhookOf = (name: string, target: NonNullable<Target>, on: readonly NoticeKind[]): NoticeWebhook => ({
  name,
  url: target.url ?? '',
  urlFile: target.url_file ?? '',
  headersFile: target.headers_file ?? '',
  caFile: target.ca_file ?? '',
  template: target.template,
  on,
  timeoutMs: target.timeout,
});

/** `label` stands before the place of entries without a name: "50-local.yaml:commands[0]". */
export const noticesOf = (
  document: ConfigDocument,
  label: string,
  { commands, webhooks, owners }: Notices,
  users: Users,
): { readonly lists: NoticeLists; readonly problems: readonly Problem[] } => {
  const problems: Problem[] = [];
  const place = (key: string, index: number): string => `${label}${key}[${index}]`;
  const uidsOf = (user: string | number | undefined, index: number): number[] => {
    const found = user === undefined ? undefined : findUser(user, users);
    if (typeof found !== 'string') return found === undefined ? [] : [found];
    const path: Path = ['report', 'notices', 'owners', index, 'user'];
    problems.push({ file: document.file, ...document.locate(path), path: formatPath(path), message: found });
    return [];
  };
  const ownerOf = ({ user, unit, command, webhook, timeout }: Notices['owners'][number], at: number): NoticeOwner => {
    const name = place('owners', at);
    return {
      uids: uidsOf(user, at),
      unit: unit ?? [],
      command: command === undefined ? null : { name, argv: command, on: OWNER_KINDS, timeoutMs: timeout },
      webhook: webhook === undefined ? null : webhookOf(name, webhook, OWNER_KINDS),
    };
  };
  const lists: NoticeLists = {
    commands: commands.map(({ name, run, on, timeout }, at) => ({
      ...{ name: name ?? place('commands', at), argv: run, on: on ?? NOTICE_KINDS, timeoutMs: timeout },
    })),
    webhooks: webhooks.map((each, at) => webhookOf(each.name ?? place('webhooks', at), each, each.on ?? NOTICE_KINDS)),
    owners: owners.map(ownerOf),
  };
  return { lists, problems };
};

/** The lists of several files as one. */
export const joinNotices = (all: readonly NoticeLists[]): NoticeLists => ({
  commands: all.flatMap(({ commands }) => commands),
  webhooks: all.flatMap(({ webhooks }) => webhooks),
  owners: all.flatMap(({ owners }) => owners),
});

/** '' or why they are too many in all. */
export const tooMany = (lists: NoticeLists): string =>
  Buffer.byteLength(JSON.stringify(lists)) > ALL_BYTES
    ? `all notices together take more than ${ALL_BYTES / 1024} KiB; have one program tell several people`
    : '';
