/** Keys of report.notices and report.schedules: whom the reporter tells, and what it does by the clock. */
import * as z from 'zod';
import { NOTICE_KINDS, WALLS, WEBHOOK_TEMPLATES } from '../../core/notice-policy.ts';
import { CRON_EXAMPLE, parseCron } from '../cron.ts';
import { duration, quantity } from './amount.ts';
import { choice, count, expected, list, map, section, setting, shown, text } from './field.ts';
import { unit } from './pattern.ts';

/** Entries of one list; all of them go to the reporter in one variable of its environment (128 KiB, MAX_ARG_STRLEN). */
const ENTRIES_MAX = 64;
const ARGUMENTS_MAX = 32;
const ARGUMENT_BYTES = 1024;
const URL_BYTES = 2048;

const entries = <S extends z.ZodType>(item: S, what: string) =>
  list(item, what).refine((value) => value.length <= ENTRIES_MAX, { error: `at most ${ENTRIES_MAX} entries` });

const name = text('a name')
  .regex(/^[\w.-]{1,32}$/, { error: 'a name has 1 to 32 letters, digits, dots, dashes or underscores' })
  .optional()
  .meta({ description: 'What results, log and incident reports call it; its place in the file when left out.' });

const on = z
  .array(choice(NOTICE_KINDS), { error: expected(`a list of ${NOTICE_KINDS.join(', ')}`) })
  .min(1, { error: 'the list is empty; leave the key out for all' })
  .optional()
  .meta({ description: `What it is told: any of ${NOTICE_KINDS.join(', ')}; all when left out.` });

const wrongArgument = (argument: string, index: number): string => {
  if (argument.includes('\0')) return 'it holds a NUL';
  if (Buffer.byteLength(argument) > ARGUMENT_BYTES) return `an argument has at most ${ARGUMENT_BYTES} bytes`;
  if (index > 0) return '';
  return argument.startsWith('/') ? '' : 'there is no shell and no search path; write the full path of the program';
};

const argvError = expected('a list of program and arguments such as ["/usr/local/bin/page", "--urgent"]');
const argv = z
  .array(z.string({ error: argvError }), { error: argvError })
  .min(1, { error: 'the list is empty; name a program' })
  .max(ARGUMENTS_MAX, { error: `at most ${ARGUMENTS_MAX} arguments` })
  .transform((values, context) => {
    values.forEach((value, index) => {
      const why = wrongArgument(value, index);
      if (why === '') return;
      context.addIssue({ code: 'custom', path: [index], message: `${shown(value)} cannot be used: ${why}` });
    });
    return values;
  });

const commandTimeout = setting(
  duration('1s', '5m', 'a notice that takes longer helps nobody any more'),
  '30s',
  'After this its whole process group is killed.',
  'mail and paging clients answer within seconds; their own time limits are often 30 s.',
);

const RUN = 'Program with its full path, and arguments. It gets one JSON document on its standard input.';

const command = map({ name, run: argv.meta({ description: RUN }), on, timeout: commandTimeout });

const wrongUrl = (given: string): string => {
  if (Buffer.byteLength(given) > URL_BYTES) return `a URL has at most ${URL_BYTES} bytes`;
  let url: URL;
  try {
    url = new URL(given);
  } catch {
    return 'it is no URL';
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return 'it begins with neither http:// nor https://';
  return url.username === '' && url.password === ''
    ? ''
    : 'a password does not belong here; put an Authorization header into headers_file';
};

/** The value is not quoted in errors: it may be a secret. */
const url = text('a URL such as "https://chat.example/hook"').transform((given, context) => {
  const why = wrongUrl(given);
  if (why !== '') context.addIssue({ code: 'custom', message: `this URL cannot be used: ${why}` });
  return given;
});

const file = text('the full path of a file').refine((path) => path.startsWith('/') && !path.includes('\0'), {
  error: 'write the full path of the file, beginning with "/"',
});

const target = {
  url: url.optional().meta({ description: 'http:// or https://; where it is secret itself, use url_file.' }),
  url_file: file
    .optional()
    .meta({ description: 'File whose first line is the URL. The user of report.user reads it.' }),
  headers_file: file.optional().meta({
    description:
      'File with one "Name: value" a line, sent with each request: tokens. The user of report.user reads it each time.',
  }),
  ca_file: file.optional().meta({
    description:
      'File with the certificates (PEM) of a private authority that signed that of the receiver: it alone is trusted then, in place of those that Node.js comes with. The user of report.user reads it each time.',
  }),
  template: setting(
    choice(WEBHOOK_TEMPLATES),
    'generic',
    'Form of the body: "generic" as commands get it, "slack" (also Mattermost, Rocket.Chat), "alertmanager" (POST /api/v2/alerts).',
    'what you write yourself reads it all; the others are for services that want their own.',
  ),
  timeout: setting(
    duration('1s', '1m', 'it is tried again up to four times'),
    '10s',
    'Of one attempt. Network errors, 429 and 5xx are tried again, five times in two minutes at the most.',
    'an answer takes milliseconds; one that has not come in ten seconds will not come.',
  ),
};

const checked = <
  S extends z.ZodType<{ url?: string | undefined; url_file?: string | undefined; ca_file?: string | undefined }>,
>(
  webhook: S,
): S =>
  webhook
    .refine((given) => (given.url === undefined) !== (given.url_file === undefined), {
      error: 'a webhook needs either url or url_file',
    })
    .refine((given) => given.ca_file === undefined || !/^http:/i.test(given.url ?? ''), {
      error: 'ca_file is for https://, and this URL begins with http://',
    });

const webhook = checked(map({ name, on, ...target }));

const owner = map({
  user: z
    .union([z.string(), z.int().gte(0)], { error: expected('a user name or a uid') })
    .optional()
    .meta({ description: 'User that the process ran as, by name (looked up in /etc/passwd) or uid.' }),
  unit,
  command: argv.optional().meta({ description: RUN }),
  webhook: checked(map(target)).optional().meta({ description: 'As in webhooks.' }),
  timeout: commandTimeout,
}).check(({ value, issues }) => {
  const wrong = (message: string): void => void issues.push({ code: 'custom', message, input: value });
  if (value.user === undefined && value.unit === undefined) wrong('an owner needs user, unit or both');
  if ((value.command === undefined) === (value.webhook === undefined))
    wrong('an owner needs either command or webhook');
});

export const notices = section(
  {
    commands: setting(
      entries(command, 'a list such as [{ run: ["/usr/local/bin/page"], on: [signal, livelock] }]'),
      [],
      'Programs that are started with a JSON document on their standard input. They run as report.user, never before a kill: the reporter hears of it afterwards.',
      'only the operator knows who is to be told.',
    ),
    webhooks: setting(
      entries(webhook, 'a list such as [{ url: "http://127.0.0.1:9093/api/v2/alerts", template: alertmanager }]'),
      [],
      'Addresses that get an HTTP POST. The unit lets no traffic leave the host: see OPERATING.md for the drop-in.',
      'nothing leaves the host unless it is asked to.',
    ),
    owners: setting(
      entries(owner, 'a list such as [{ user: postgres, command: ["/usr/local/bin/tell-dba"] }]'),
      [],
      'Who is told when a process of a user or unit is sent a signal; each entry that matches is told.',
      'their addresses are known to the operator alone.',
    ),
    wall: setting(
      choice(WALLS),
      'off',
      'Tell all logged-in users what is urgent: "journal" by a line of level emerg, which journald shows on all terminals; "command" by wall(1), where the primary group of report.user is tty.',
      'people on a host that serves machines are few, and a terminal is interrupted by it.',
    ),
    at_once: setting(
      count(1, 16),
      2,
      'Commands and requests at a time.',
      'a host that was short of memory a moment ago must not be made short by what tells of it.',
    ),
    queue: setting(
      count(1, 256),
      32,
      'Notices that wait for their turn or their next attempt; what does not fit is counted and told as dropped.',
      'an incident makes a handful; more than 32 that cannot be delivered say the same as 32.',
    ),
  },
  'Who is told of incidents beside the log. Entries of drop-ins are added to those of the main file.',
);

const cron = (fallback: string, what: string, because: string) =>
  setting(quantity(parseCron, CRON_EXAMPLE), fallback, what, because);

export const schedules = section(
  {
    summary: cron(
      '0 7 * * *',
      'The last 24 hours in one line of the log and one notice: kills, livelocks, shortages, failed reloads, drops.',
      'it is there when people come to work; a line that fails to come says that something is wrong as well.',
    ),
    prune: cron('30 3 * * *', 'Incident reports beyond report.incidents.keep and max_size are deleted.', 'at night.'),
    drill: cron(
      '0 4 1 * *',
      'A child process is killed the way a victim would be, to see that it still can be done. In calm only, and once an hour at the most.',
      'permissions get lost by updates and policies, which are about as frequent; early on the first of the month nobody is disturbed.',
    ),
    self_check: cron(
      '17 * * * *',
      'The reporter looks at itself: memory, the directory of incidents, disk space, whether control is heard of.',
      'what is found is to be mended by hand, so minutes do not matter; not on the full hour, when everything else runs.',
    ),
  },
  'What the reporter does by the clock, each as a cron expression (minute, hour, day of month, month, day of week; time of the host) or "off".',
);
