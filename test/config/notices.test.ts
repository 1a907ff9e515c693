import { describe, expect, test } from 'vitest';
import { policyFromSources } from '../../src/config/load.ts';
import { formatProblem } from '../../src/config/problem.ts';
import { NOTICE_KINDS } from '../../src/core/notice-policy.ts';
import { defaultPolicy, TEST_USERS } from '../support/policy.ts';

const problemsIn = (text: string): string[] => {
  const loaded = policyFromSources([{ file: 'c.yaml', label: '', text }], TEST_USERS);
  return 'errors' in loaded ? loaded.errors.map(formatProblem) : [];
};

describe('notices', () => {
  test('tell nobody unless somebody is named', () => {
    expect(defaultPolicy().report.notices).toEqual({
      ...{ commands: [], webhooks: [], owners: [], wall: 'off', atOnce: 2, queue: 32 },
    });
  });

  test('of all kinds, with their limits, where nothing else is said', () => {
    const text =
      'report: { notices: { commands: [{ run: [/bin/page, -u] }], webhooks: [{ url: "https://chat.example/hook" }] } }';
    expect(defaultPolicy(text).report.notices).toMatchObject({
      commands: [{ name: 'commands[0]', argv: ['/bin/page', '-u'], on: NOTICE_KINDS, timeoutMs: 30_000 }],
      webhooks: [
        {
          ...{ name: 'webhooks[0]', url: 'https://chat.example/hook', urlFile: '', headersFile: '' },
          ...{ caFile: '', template: 'generic', on: NOTICE_KINDS, timeoutMs: 10_000 },
        },
      ],
    });
  });

  test('go to owners by user and unit, users as uids', () => {
    const text = `report:
  notices:
    owners:
      - { user: postgres, unit: "postgresql@*.service", command: [/bin/tell-dba], timeout: 5s }
      - { user: 1000, webhook: { url_file: /etc/hook, headers_file: /etc/token, ca_file: /etc/ca, template: slack, timeout: 2s } }
`;
    expect(defaultPolicy(text).report.notices?.owners).toEqual([
      {
        uids: [70],
        unit: ['postgresql@*.service'],
        command: { name: 'owners[0]', argv: ['/bin/tell-dba'], on: ['signal'], timeoutMs: 5000 },
        webhook: null,
      },
      {
        ...{ uids: [1000], unit: [], command: null },
        webhook: {
          ...{ name: 'owners[1]', url: '', urlFile: '/etc/hook', headersFile: '/etc/token', template: 'slack' },
          ...{ caFile: '/etc/ca', on: ['signal'], timeoutMs: 2000 },
        },
      },
    ]);
  });

  test('those of all files count, in their order and named by their file', () => {
    const file = (name: string) => ({
      ...{ file: name, label: `${name}:` },
      text: 'report: { notices: { commands: [{ run: [/bin/page] }], wall: journal } }',
    });
    const loaded = policyFromSources([file('a.yaml'), file('b.yaml')], TEST_USERS);
    const notices = 'policy' in loaded ? loaded.policy.report.notices : undefined;
    expect(notices?.commands.map(({ name }) => name)).toEqual(['a.yaml:commands[0]', 'b.yaml:commands[0]']);
    expect(notices?.wall).toBe('journal');
  });

  test.each([
    ['commands: [{ run: page }]', 'expected a list of program and arguments'],
    ['commands: [{ run: [] }]', 'the list is empty; name a program'],
    ['commands: [{ run: [page] }]', '1:41 report.notices.commands[0].run[0]: "page" cannot be used: there is no shell'],
    ['commands: [{ run: [/bin/x, "a\\0b"] }]', '"a\\u0000b" cannot be used: it holds a NUL'],
    [`commands: [{ run: [/bin/x, ${'y'.repeat(1025)}] }]`, 'an argument has at most 1024 bytes'],
    [`commands: [{ run: [/bin/x${', y'.repeat(32)}] }]`, 'at most 32 arguments'],
    ['commands: [{ run: [/bin/x], on: [kill] }]', 'expected one of incident, livelock'],
    ['commands: [{ run: [/bin/x], on: [] }]', 'the list is empty; leave the key out for all'],
    ['commands: [{ run: [/bin/x], timeout: 6m }]', 'expected a duration from 1s to 5m'],
    ['commands: [{ run: [/bin/x], name: "a b" }]', 'a name has 1 to 32 letters'],
    ['commands: [{ run: [/bin/x], exec: y }]', 'unknown key "exec"'],
    ['webhooks: [{ url: "https://x/", ca_file: ca.pem }]', 'webhooks[0].ca_file: write the full path of the file'],
    ['webhooks: [{ url: "http://x/", ca_file: /etc/ca }]', 'webhooks[0]: ca_file is for https://'],
    ['owners: [{ user: 1, webhook: { url: "HTTP://x/", ca_file: /etc/ca } }]', 'ca_file is for https://'],
    ['webhooks: [{ url: ftp://x/ }]', 'this URL cannot be used: it begins with neither http:// nor https://'],
    ['webhooks: [{ url: "nonsense" }]', 'this URL cannot be used: it is no URL'],
    ['webhooks: [{ url: "https://me:secret@x/" }]', 'put an Authorization header into headers_file'],
    [`webhooks: [{ url: "https://x/${'y'.repeat(2048)}" }]`, 'a URL has at most 2048 bytes'],
    ['webhooks: [{ template: slack }]', 'a webhook needs either url or url_file'],
    ['webhooks: [{ url: "http://x/", url_file: /x }]', 'a webhook needs either url or url_file'],
    ['webhooks: [{ url_file: token }]', 'write the full path of the file'],
    ['webhooks: [{ url: "http://x/", template: teams }]', 'expected one of generic, slack, alertmanager'],
    ['owners: [{ command: [/bin/x] }]', 'an owner needs user, unit or both'],
    ['owners: [{ user: nobody }]', 'an owner needs either command or webhook'],
    ['owners: [{ user: postgers, command: [/x] }]', 'report.notices.owners[0].user: unknown user "postgers" in'],
    ['owners: [{ user: [nobody], command: [/x] }]', 'expected a user name or a uid, got a list'],
    ['owners: [{ unit: sshd, command: [/x] }]', 'write "sshd.service"'],
    ['wall: true', 'expected one of off, journal, command'],
    ['at_once: 0', 'expected a whole number from 1 to 16'],
    ['queue: 1000', 'expected a whole number from 1 to 256'],
  ])('%s is refused', (entry, why) => {
    expect(problemsIn(`report: { notices: { ${entry} } }`)).toEqual([expect.stringContaining(why)]);
  });

  test('a URL that is refused is not told, it may be a password', () => {
    expect(problemsIn('report: { notices: { webhooks: [{ url: "https://me:hunter2@x/" }] } }').join()).not.toContain(
      'hunter2',
    );
  });

  test('too many of them would keep the reporter from starting', () => {
    const entry = `{ run: [/bin/x, ${'y'.repeat(1000)}] }`;
    const text = `report: { notices: { commands: [${Array(60).fill(entry).join(', ')}] } }`;
    expect(problemsIn(text)).toEqual([
      expect.stringContaining('report.notices: all notices together take more than 48'),
    ]);
    expect(problemsIn(`report: { notices: { commands: [${Array(65).fill('{ run: [/x] }').join(', ')}] } }`)).toEqual([
      expect.stringContaining('at most 64 entries'),
    ]);
  });
});

describe('schedules', () => {
  test('are on, at hours of which each has its reason', () => {
    expect(defaultPolicy().report.schedules).toEqual({
      ...{ summary: '0 7 * * *', prune: '30 3 * * *', drill: '0 4 1 * *', selfCheck: '17 * * * *' },
    });
  });

  test('each can be switched off', () => {
    const text = 'report: { schedules: { summary: off, prune: off, drill: off, self_check: off } }';
    expect(defaultPolicy(text).report.schedules).toEqual({ summary: '', prune: '', drill: '', selfCheck: '' });
  });

  test('an expression that is wrong is refused at its place, with the field', () => {
    expect(problemsIn('report: { schedules: { drill: "0 25 1 * *" } }')).toEqual([
      'c.yaml:1:31 report.schedules.drill: expected "0 7 * * *" (every day at seven) or "off", got "0 25 1 * *": hour "25" cannot be used: it is 0 to 23',
    ]);
  });
});
