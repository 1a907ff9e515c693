/** config/prometheus: what is alerted on, and that each alert fires and is quiet when it should. */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { anchors, shellCommands } from '../docs/page.ts';
import { skipBecause } from '../e2e/skip.ts';
import { missing } from './prometheus.ts';
import { alerts, ROOT, RULE_TESTS, RULES, unknownMetrics } from './shipped.ts';

const made: string[] = [];
afterAll(() => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true });
});

/** promtool makes a database for each test: on a disk that takes a second each. */
const TMPDIR = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
const PATIENCE_MS = 120_000;

const run = (program: string, ...args: string[]): { status: number | null; text: string } => {
  const { status, stdout, stderr } = spawnSync(program, args, {
    encoding: 'utf8',
    cwd: ROOT,
    env: { ...process.env, TMPDIR },
  });
  return { status, text: stdout + stderr };
};

interface RuleTest {
  readonly name: string;
  readonly input_series: { series: string }[];
  readonly alert_rule_test: { alertname: string; exp_alerts: object[] }[];
}
const tests = (parse(readFileSync(RULE_TESTS, 'utf8')) as { tests: RuleTest[] }).tests;
const names = alerts().map(({ alert }) => alert);

describe('each alert', () => {
  test('has a name of its own', () => {
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeGreaterThanOrEqual(18);
  });

  test.each(alerts())(
    '$alert has what an operator needs, on metrics that exist',
    ({ alert, expr, labels, annotations }) => {
      expect(alert).toMatch(/^Oomwatchd[A-Z][A-Za-z]+$/);
      expect(['critical', 'warning', 'info']).toContain(labels['severity']);
      expect(Object.keys(annotations).sort()).toEqual(['description', 'runbook_url', 'summary']);
      expect(annotations['description']?.length).toBeGreaterThan(30);
      expect(unknownMetrics(expr)).toEqual([]);
    },
  );

  test.each(alerts())(
    '$alert has its section in the runbook, and the installation has the page',
    ({ alert, annotations }) => {
      const [, page = '', anchor = ''] =
        /^file:\/\/\/usr\/lib\/oomwatchd\/(\w+\.md)#(.+)$/.exec(annotations['runbook_url'] ?? '') ?? [];
      expect(anchor).toBe(alert.toLowerCase());
      expect(anchors(page)).toContain(anchor);
      expect(readFileSync(join(ROOT, 'README.md'), 'utf8')).toMatch(
        new RegExp(`cp -r .*\\b${page} .*/usr/lib/oomwatchd/`),
      );
    },
  );

  test('has a section, and no section has no alert', () => {
    const sections = anchors('OPERATING.md').filter((anchor) => anchor.startsWith('oomwatchd'));
    expect(sections.sort()).toEqual(names.map((name) => name.toLowerCase()).sort());
  });

  test.each(names)('%s has a test in which it fires and one in which it is quiet', (name) => {
    const kinds = tests
      .flatMap((each) => each.alert_rule_test)
      .filter(({ alertname }) => alertname === name)
      .map(({ exp_alerts }) => exp_alerts.length > 0);
    expect(new Set(kinds)).toEqual(new Set([true, false]));
  });

  test('is tested on metrics that exist', () => {
    expect(tests.flatMap(({ input_series }) => input_series.flatMap(({ series }) => unknownMetrics(series)))).toEqual(
      [],
    );
  });
});

describe('promtool', () => {
  test(
    'accepts what the guide says to check: rules, their tests, the scrape and the routes',
    (context) => {
      skipBecause(context, missing('promtool', 'amtool'));
      const commands = shellCommands('OPERATING.md').filter((command) => /^(promtool|amtool) /.test(command));
      expect(commands).toHaveLength(4);
      for (const command of commands) {
        const [program = '', ...args] = command.split(' ');
        expect([command, run(program, ...args)]).toEqual([command, expect.objectContaining({ status: 0 })]);
      }
    },
    PATIENCE_MS,
  );

  test.each([
    ['never fires', 'vector(1) > 2'],
    ['always fires', 'vector(1)'],
  ])(
    'finds out when any alert %s',
    (_, expr) => {
      if (missing('promtool') !== '') return;
      const folder = mkdtempSync(join(tmpdir(), 'oomwatchd-rules-'));
      made.push(folder);
      const { groups } = parse(readFileSync(RULES, 'utf8')) as { groups: { rules: object[] }[] };
      const broken = groups.map((group) => ({
        ...group,
        rules: group.rules.map((rule) => ({ ...rule, expr, for: '0s' })),
      }));
      writeFileSync(join(folder, 'oomwatchd.rules.yml'), stringify({ groups: broken }));
      cpSync(RULE_TESTS, join(folder, 'rules.test.yml'));
      const { status, text } = run('promtool', 'test', 'rules', join(folder, 'rules.test.yml'));
      expect(status).toBe(1);
      for (const name of names) expect(text).toContain(`alertname: ${name},`);
    },
    PATIENCE_MS,
  );
});

describe('alertmanager.yml', () => {
  const file = `${ROOT}config/prometheus/alertmanager.yml`;

  test('sends critical alerts to the pager and all others to the chat', (context) => {
    skipBecause(context, missing('amtool'));
    const receiver = (...labels: string[]): string =>
      spawnSync('amtool', ['config', 'routes', 'test', `--config.file=${file}`, ...labels], { encoding: 'utf8' })
        .stdout;
    // One of each severity: routes know no more of an alert than that and how its name begins.
    const severities = new Map(alerts().map((alert) => [alert.labels['severity'], alert]));
    expect(severities.size).toBe(3);
    for (const { alert, labels } of severities.values()) {
      const wanted = labels['severity'] === 'critical' ? 'pager' : 'chat';
      expect([alert, receiver(`alertname=${alert}`, `severity=${labels['severity']}`).trim()]).toEqual([alert, wanted]);
    }
  });

  test('inhibits alerts that exist by alerts that exist', () => {
    const { inhibit_rules } = parse(readFileSync(file, 'utf8')) as {
      inhibit_rules: { source_matchers: string[]; target_matchers: string[] }[];
    };
    const matchers = inhibit_rules.flatMap((rule) => [...rule.source_matchers, ...rule.target_matchers]);
    for (const matcher of matchers) {
      const [, prefix = '', , list = ''] = /^alertname=~?"(Oomwatchd)?(\()?(.*?)\)?"$/.exec(matcher) ?? [];
      const named = list.split('|').map((name) => prefix + name);
      expect([matcher, named.filter((name) => !names.includes(name))]).toEqual([matcher, []]);
    }
  });
});
