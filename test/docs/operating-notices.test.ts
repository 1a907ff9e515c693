/** The sections of OPERATING.md on notices and schedules: their examples load, their words are those of the program. */
import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { NOTICE_KINDS } from '../../src/core/notice-policy.ts';
import { defaultPolicy } from '../support/policy.ts';
import { blocksIn, section } from './page.ts';

describe('## Notices', () => {
  test('has an example that loads, in which each way of telling is used', () => {
    const [example = ''] = blocksIn(section('OPERATING.md', 'Notices'), 'yaml');
    const notices = defaultPolicy(example).report.notices;
    expect(notices).toMatchObject({
      commands: [{ name: 'pager' }],
      webhooks: [
        { name: 'chat', template: 'slack' },
        { name: 'alertmanager', template: 'alertmanager' },
      ],
      owners: [{ uids: [70] }, { unit: ['ci-runner*.service'] }],
      wall: 'journal',
    });
    for (const kind of notices?.commands[0]?.on ?? []) expect(NOTICE_KINDS).toContain(kind);
  });

  test('has a script that a shell can read', () => {
    const [script = ''] = blocksIn(section('OPERATING.md', 'Notices'), 'sh');
    expect(execFileSync('sh', ['-n'], { input: script, encoding: 'utf8' })).toBe('');
  });
});

describe('## Schedules', () => {
  test('has an example that loads', () => {
    const [example = ''] = blocksIn(section('OPERATING.md', 'Schedules'), 'yaml');
    expect(defaultPolicy(example).report.schedules).toMatchObject({ summary: '0 7 * * 1-5', prune: '' });
  });

  test('has each key with its default', () => {
    const { summary, prune, drill, selfCheck } = defaultPolicy().report.schedules ?? {};
    const rows = Object.entries({ summary, prune, drill, self_check: selfCheck });
    for (const [key, cron] of rows)
      expect(section('OPERATING.md', 'Schedules')).toContain(`| \`${key}\` | \`${cron}\` |`);
  });
});
