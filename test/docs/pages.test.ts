/** What the pages say about files, settings and metrics, against the files, settings and metrics. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { STUCK_REASONS } from '../../src/core/dying.ts';
import { LIVELOCK_CAUSES, LIVELOCK_CLASSES } from '../../src/core/livelock.ts';
import { CORRECTIONS } from '../../src/core/select/rules/table.ts';
import { installDropIn } from '../../src/linux/probe/drop-in.ts';
import { CAUSE_WORDS, CLASS_WORDS } from '../../src/report/livelock-remedy.ts';
import type { MetricRow } from '../../src/report/metric-row.ts';
import { METRICS } from '../../src/report/metric-table.ts';
import { STUCK_WORDS } from '../../src/report/stuck-remedy.ts';
import { VERSION } from '../../src/version.ts';
import { defaultPolicy } from '../support/policy.ts';
import { anchors, blocks, codeSpans, commandsIn, links, PAGES, ROOT, read, section } from './page.ts';

describe('links', () => {
  test.each(PAGES)('of %s lead to files and headings that are there', (page) => {
    for (const link of links(page)) {
      const [file = '', anchor] = link.split('#');
      if (/^[a-z]+:/.test(link)) continue;
      const target = file === '' ? page : join(dirname(page), file);
      expect(existsSync(join(ROOT, target)), link).toBe(true);
      if (anchor !== undefined) expect(anchors(target), link).toContain(anchor);
    }
  });

  test('of what is installed lead to what is installed', () => {
    const [, copied = ''] = /^cp -r (.*) \/usr\/lib\/oomwatchd\/$/m.exec(read('README.md')) ?? [];
    const installed = new Set(copied.split(' '));
    // README.md speaks to developers, too.
    for (const page of ['OPERATING.md', 'LIVELOCKS.md']) {
      expect(installed).toContain(page);
      const files = links(page).flatMap((link) => (/^[a-z]+:|^#/.test(link) ? [] : [link.split(/[#/]/)[0] ?? '']));
      expect([page, files.filter((file) => !installed.has(file))]).toEqual([page, []]);
    }
  });

  test.each(PAGES)('paths in backticks of %s exist', (page) => {
    const paths = codeSpans(page).filter((span) => /^(src|test|config|systemd|\.ci)\/[\w./-]+$/.test(span));
    expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  test.each(PAGES)('scripts of npm that %s names exist', (page) => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    const named = [...read(page).matchAll(/npm run\s+([a-z:]+)/g)].map((match) => match[1] ?? '');
    expect(named.filter((name) => scripts[name] === undefined)).toEqual([]);
  });
});

const tableOfMetrics = (): string => {
  const rows = Object.entries(METRICS as Record<string, MetricRow>).map(
    ([name, { type, labels = [], help }]) => `| \`${name}\` | ${type} | ${labels.join(', ')} | ${help} |`,
  );
  return ['| metric | type | labels | meaning |', '| --- | --- | --- | --- |', ...rows].join('\n');
};

const tableOfReasons = (): string => {
  const rows = STUCK_REASONS.map((reason) => {
    const { cause, remedy } = STUCK_WORDS[reason];
    return `| \`${reason}\` | ${cause} | \`${remedy}\` |`;
  });
  return ['| reason | what it is | remedy |', '| --- | --- | --- |', ...rows].join('\n');
};

const tableOfClasses = (): string => {
  const rows = LIVELOCK_CLASSES.slice(1).map((each) => `| \`${each}\` | ${CLASS_WORDS[each]} |`);
  return ['| class | what it is |', '| --- | --- |', ...rows].join('\n');
};

const tableOfLivelocks = (): string => {
  const rows = LIVELOCK_CAUSES.map((each) => {
    const { cause, sign, remedy, killing } = CAUSE_WORDS[each];
    return `| \`${each}\` | ${cause} | ${sign} | ${remedy} | ${killing} |`;
  });
  const head = ['| cause | what it is | sign | remedy | does killing help |', '| --- | --- | --- | --- | --- |'];
  return [...head, ...rows].join('\n');
};

/** A page with a table of the program between its marks. */
const withTable = (mark: string, table: string, page = 'README.md'): string =>
  read(page).replace(
    new RegExp(`(<!-- ${mark} -->\n)[\\s\\S]*?(<!-- /${mark} -->)`),
    (_, begin: string, end: string) => `${begin}\n${table}\n\n${end}`,
  );

describe('LIVELOCKS.md', () => {
  test.each([
    ['classes', tableOfClasses],
    ['causes', tableOfLivelocks],
  ])('has the table of %s as the program has it (UPDATE=1 writes it)', (mark, table) => {
    const fresh = withTable(mark, table(), 'LIVELOCKS.md');
    expect(fresh).toContain(table());
    if (process.env['UPDATE'] === '1') writeFileSync(join(ROOT, 'LIVELOCKS.md'), fresh);
    expect(read('LIVELOCKS.md')).toBe(fresh);
  });
});

describe('OPERATING.md', () => {
  test('has the table of metrics as the program has it (UPDATE=1 writes it)', () => {
    const fresh = withTable('metrics', tableOfMetrics(), 'OPERATING.md');
    expect(fresh).toContain(tableOfMetrics());
    if (process.env['UPDATE'] === '1') writeFileSync(join(ROOT, 'OPERATING.md'), fresh);
    expect(read('OPERATING.md')).toBe(fresh);
  });

  test('says how a drop-in is installed as the remedies of the program do', () => {
    const commands = commandsIn(section('OPERATING.md', 'Drop-ins of the unit'));
    expect(commands.join(' && ')).toBe(installDropIn('remedies'));
  });

  test('names metrics that exist', () => {
    const named = [...read('OPERATING.md').matchAll(/`(oomwatchd_[a-z_]+)/g)].map((match) => match[1] ?? '');
    expect(named.filter((name) => !(name in METRICS))).toEqual([]);
  });
});

describe('README.md', () => {
  test('has the table of stuck as the program has it (UPDATE=1 writes it)', () => {
    const fresh = withTable('stuck', tableOfReasons());
    expect(fresh).toContain(tableOfReasons());
    if (process.env['UPDATE'] === '1') writeFileSync(join(ROOT, 'README.md'), fresh);
    expect(read('README.md')).toBe(fresh);
  });

  test.each(CORRECTIONS)('has correction $patch, its setting and its patch', ({ patch, id, link }) => {
    expect(read('README.md')).toContain(`| [${patch}](${link}) | \`${id}\` |`);
  });

  test('tells defaults as the shipped configuration has them', () => {
    const shipped = readFileSync(join(ROOT, 'config/oomwatchd.yaml'), 'utf8');
    const rows = [...read('README.md').matchAll(/^\| ((?:`[\w.]+`(?:, )?)+) \| `([^`]+)` \|/gm)];
    expect(rows.length).toBeGreaterThan(8);
    for (const [, keys = '', value = ''] of rows) {
      for (const key of keys.match(/[\w.]+/g) ?? []) {
        const name = key.split('.').at(-1);
        expect(shipped, key).toMatch(new RegExp(`^ *#${name}: "?${value.replace(/[()[\]]/g, '\\$&')}"?$`, 'm'));
      }
    }
  });

  test('shows configurations that are valid', () => {
    for (const block of blocks('README.md', 'yaml')) expect(defaultPolicy(block).mode).toBe('enforce');
    for (const block of blocks('OPERATING.md', 'yaml')) expect(() => defaultPolicy(block), block).not.toThrow();
    const written = [...read('OPERATING.md').matchAll(/^printf '(.*)\\n' > \/etc\/oomwatchd\/config\.yaml\.d\//gm)];
    expect(written.map(([, text = '']) => defaultPolicy(text).report)).toMatchObject([
      { listen: 'unix:/run/oomwatchd/http.sock', textfile: '/var/lib/prometheus/node-exporter/oomwatchd.prom' },
    ]);
  });

  test('has each of the two commands on one line', () => {
    const shell = blocks('README.md', 'sh').map((block) => block.trim());
    expect(shell).toContain('npm ci && npm start');
    expect(shell).toContain('npm ci && npm test');
  });

  test('begins with npm ci, which wants every package in the lockfile, also those of other systems', () => {
    const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { optionalDependencies?: Record<string, string> }>;
    };
    const wanted = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).filter(
        (name) => !(`node_modules/${name}` in packages) && !(`${path}/node_modules/${name}` in packages),
      ),
    );
    expect(wanted).toEqual([]);
  });

  test('is short', () => {
    expect(
      read('README.md')
        .replace(/<details>[\s\S]*?<\/details>/g, '')
        .split('\n').length,
    ).toBeLessThanOrEqual(260);
  });
});

describe('all pages', () => {
  test('name the version in CHANGELOG.md', () => {
    expect(read('CHANGELOG.md')).toMatch(new RegExp(`^## ${VERSION.replaceAll('.', '\\.')} `, 'm'));
  });

  test.each(PAGES)('%s says nothing about the machine it was written on, and promises nothing', (page) => {
    const text = read(page);
    expect(text).not.toContain(ROOT);
    expect(text).not.toMatch(new RegExp(['', '(work|home|root)', ''].join('/')));
    expect(text).not.toMatch(/\b(TODO|FIXME|XXX)\b/);
  });

  test('the layer table of ARCHITECTURE.md names every folder of src', () => {
    const table = read('ARCHITECTURE.md');
    for (const folder of ['core', 'channel', 'linux', 'control', 'config', 'report', 'commands']) {
      expect(table).toContain(`| \`${folder}/\``);
    }
  });
});
