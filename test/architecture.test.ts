/** The walls of ARCHITECTURE.md, held by tests: sizes, names, who may import whom, which process loads what. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VERSION } from '../src/version.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');

const filesBelow = (folder: string, ending: RegExp): string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && ending.test(entry.name))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
    .filter((file) => !file.includes('/.cache/'))
    .sort();

const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
const sources = filesBelow('src', /\.ts$/);
const tests = filesBelow('test', /\.(ts|mjs)$/);

describe('files', () => {
  const linesOf = (file: string): number => read(file).split('\n').length - 1;

  it('have at most 250 lines, tests 400', () => {
    expect(sources.filter((file) => linesOf(file) > 250)).toEqual([]);
    expect(tests.filter((file) => linesOf(file) > 400)).toEqual([]);
  });

  it('are named after what they hold: no barrels, no utils', () => {
    const vague = /(^|\/)(utils?|helpers?|common|misc|types|shared)(\.ts|\/)|(^|\/)index\.ts$/;
    expect([...sources, ...tests].filter((file) => vague.test(file))).toEqual([]);
  });

  it('lie in the folders of the layer table', () => {
    const known = new Set([
      ...['src', 'src/core', 'src/core/act', 'src/core/detect', 'src/core/kernel-model', 'src/core/register'],
      ...['src/core/select', 'src/core/select/rules', 'src/core/verify', 'src/channel'],
      ...['src/core/stall', 'src/core/livelock', 'src/core/storm', 'src/core/cgroup', 'src/core/holders'],
      ...['src/core/remedies', 'src/linux/remedies'],
      ...['src/linux/tasks', 'src/linux/cgroup', 'src/linux/holders', 'src/standby'],
      ...[
        'src/linux',
        'src/linux/steer',
        'src/linux/index',
        'src/linux/kernel-log',
        'src/linux/probe',
        'src/linux/proc',
        'src/linux/sys',
        'src/linux/victims',
        'src/control',
        'src/config',
      ],
      ...[
        'src/config/schema',
        'src/trace',
        'src/report',
        'src/report/incident',
        'src/report/incident/document',
        'src/report/incident/gather',
        'src/report/incident/page',
        'src/report/incident/store',
        'src/report/notice',
        'src/report/recorder',
        'src/report/schedule',
        'src/report/status',
        'src/commands',
        'src/commands/daemon',
        'src/commands/inspect',
      ],
    ]);
    expect([...new Set(sources.map(dirname))].filter((folder) => !known.has(folder))).toEqual([]);
  });

  it('begin with a sentence on what they know', () => {
    const bare = sources.filter((file) => !/^(#!.*\n)?\/\*\*/.test(read(file)));
    expect(bare).toEqual([]);
  });

  it('say nothing about the machine they were written on', () => {
    const everywhere = [...sources, ...tests, ...filesBelow('config', /./), ...filesBelow('systemd', /./)];
    const paths = [ROOT, ['', 'work', ''].join('/'), ['', 'home', ''].join('/')];
    expect(everywhere.filter((file) => paths.some((path) => read(file).includes(path)))).toEqual([]);
  });

  it('carry one version', () => {
    expect(VERSION).toBe(JSON.parse(read('package.json')).version);
    expect(VERSION).toBe(JSON.parse(read('package-lock.json')).version);
  });

  it('keep download addresses out of the lockfile', () => {
    expect(read('package-lock.json')).not.toContain('"resolved"');
  });
});

const withoutComments = (text: string): string => text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
const staticImports = (text: string): string[] =>
  [...withoutComments(text).matchAll(/^\s*(?:import|export)\s(?!type\b)(?:[^;'"]*?\sfrom\s)?['"]([^'"]+)['"]/gm)].map(
    (match) => match[1] as string,
  );

/** Everything that loading `entry` loads: files of src/, node: modules and packages. Lazy imports are not followed. */
const loadedBy = (entry: string, loaded = new Set<string>()): Set<string> => {
  if (loaded.has(entry)) return loaded;
  loaded.add(entry);
  for (const specifier of staticImports(read(entry))) {
    if (specifier.startsWith('.')) loadedBy(join(dirname(entry), specifier), loaded);
    else loaded.add(specifier);
  }
  return loaded;
};
const packagesOf = (loaded: Set<string>): string[] =>
  [...loaded].filter((name) => !name.startsWith('src/') && !name.startsWith('node:')).sort();
const foldersOf = (loaded: Set<string>): Set<string> =>
  new Set([...loaded].filter((name) => name.startsWith('src/')).map((name) => name.split('/')[1] as string));

describe('processes', () => {
  it('control loads node builtins and koffi, nothing else', () => {
    const loaded = loadedBy('src/commands/run.ts');
    expect(packagesOf(loaded)).toEqual(['koffi']);
    for (const folder of ['report', 'config', 'trace']) expect(foldersOf(loaded)).not.toContain(folder);
  });

  it('the standby process loads no more than it needs to act: nothing of the loop, the index or the reporter', () => {
    const loaded = loadedBy('src/commands/standby.ts');
    expect(packagesOf(loaded)).toEqual(['koffi']);
    for (const folder of ['report', 'config', 'trace', 'control', 'channel']) {
      expect(foldersOf(loaded)).not.toContain(folder);
    }
    expect([...loaded].filter((name) => /^src\/(linux\/index|core\/(tick|state))/.test(name))).toEqual([]);
  });

  it('the command line loads no command before it is called', () => {
    expect(packagesOf(loadedBy('src/main.ts'))).toEqual([]);
    expect(foldersOf(loadedBy('src/main.ts'))).not.toContain('commands');
  });

  it('the reporter loads nothing that can signal a process', () => {
    for (const entry of ['src/report/main.ts', 'src/report/serve.ts']) {
      const loaded = loadedBy(entry);
      expect(packagesOf(loaded)).not.toContain('koffi');
      for (const folder of ['linux', 'control', 'commands']) expect(foldersOf(loaded)).not.toContain(folder);
    }
  });

  it('the configuration loader loads zod and yaml, and of the program only config and core', () => {
    const loaded = loadedBy('src/config/main.ts');
    expect(packagesOf(loaded)).toEqual(['yaml', 'zod']);
    expect([...foldersOf(loaded)].sort()).toEqual(['config', 'core']);
  });
});

describe('imports', () => {
  const importing = (wrong: RegExp): string[] => sources.filter((file) => wrong.test(withoutComments(read(file))));

  it('are written the short way, so that the lint patterns see where they lead', () => {
    expect(importing(/['"]\.\/\.\.\/|['"][^'"]*[^./'"]\/\.\.\//)).toEqual([]);
  });

  it('are written at the top: no import types, which the lint rule does not see', () => {
    expect(importing(/[^\w.]import\('[^']+'\)\s*\./)).toEqual([]);
  });

  it('bring core no randomness', () => {
    const random = sources.filter((file) => file.startsWith('src/core/') && read(file).includes('Math.random'));
    expect(random).toEqual([]);
  });
});

const use = (specifier: string): string => `import { x } from '${specifier}';\n\nx();\n`;
const RULE = 'lint/style/noRestrictedImports';

/** File, what it imports, and whether the layer table allows it. */
const EDGES: readonly (readonly [file: string, specifier: string, allowed: boolean])[] = [
  ['core/detect/probe.ts', '../mark.ts', true],
  ['core/detect/probe.ts', './slope.ts', true],
  ['core/detect/probe.ts', '../select/rank.ts', false],
  ['core/select/probe.ts', '../act/budget.ts', false],
  ['core/act/probe.ts', '../verify/return.ts', false],
  ['core/verify/probe.ts', '../detect/slope.ts', false],
  ['core/verify/probe.ts', '../../linux/source.ts', false],
  ['core/probe.ts', './select/rank.ts', true],
  ['core/probe.ts', 'node:fs', false],
  ['core/probe.ts', 'zod', false],
  ['core/probe.ts', '../channel/frame.ts', false],
  ['core/probe.ts', '../version.ts', false],
  ['channel/probe.ts', '../core/event.ts', true],
  ['channel/probe.ts', '../core/tick.ts', false],
  ['channel/probe.ts', 'node:fs', false],
  ['channel/probe.ts', '../report/wording.ts', false],
  ['linux/probe.ts', '../core/sample.ts', true],
  ['linux/probe.ts', './proc/meminfo.ts', true],
  ['linux/probe.ts', 'node:fs', true],
  ['linux/probe.ts', '../core/tick.ts', false],
  ['linux/probe.ts', '../core/detect/detect.ts', false],
  ['linux/probe.ts', 'koffi', false],
  ['linux/proc/probe.ts', '../bytes.ts', true],
  ['linux/proc/probe.ts', '../../core/units.ts', true],
  ['linux/proc/probe.ts', 'node:fs/promises', true],
  ['linux/proc/probe.ts', '../../core/state.ts', false],
  ['linux/proc/probe.ts', '../../control/loop.ts', false],
  ['linux/sys/probe.ts', 'koffi', false],
  ['linux/sys/libc.ts', 'koffi', true],
  ['control/probe.ts', '../core/select/rank.ts', true],
  ['control/probe.ts', '../channel/frame.ts', true],
  ['control/probe.ts', 'node:child_process', true],
  ['control/probe.ts', '../linux/source.ts', false],
  ['control/probe.ts', '../report/wording.ts', false],
  ['control/probe.ts', 'koffi', false],
  ['standby/probe.ts', '../core/detect/detect.ts', true],
  ['standby/probe.ts', '../linux/source.ts', false],
  ['standby/probe.ts', '../control/ports.ts', false],
  ['standby/probe.ts', 'node:fs', false],
  ['linux/sys/ipc.ts', 'koffi', true],
  ['linux/sys/locks.ts', 'koffi', true],
  ['linux/sys/memory.ts', 'koffi', true],
  ['config/probe.ts', 'zod', true],
  ['config/probe.ts', '../core/policy.ts', true],
  ['config/probe.ts', '../core/event.ts', false],
  ['config/schema/probe.ts', '../nearest.ts', true],
  ['config/schema/probe.ts', '../../linux/source.ts', false],
  ['trace/probe.ts', '../core/tick.ts', true],
  ['trace/probe.ts', 'node:fs', true],
  ['trace/probe.ts', '../linux/source.ts', false],
  ['trace/probe.ts', 'node:net', false],
  ['report/probe.ts', '../channel/decode.ts', true],
  ['report/probe.ts', 'pino', true],
  ['report/probe.ts', '../control/ports.ts', false],
  ['report/probe.ts', '../linux/source.ts', false],
  ['report/probe.ts', '../config/load.ts', false],
  ['report/probe.ts', 'koffi', false],
  ['report/notice/probe.ts', '../wording.ts', true],
  ['report/notice/probe.ts', '../incident/incident-store.ts', true],
  ['report/notice/probe.ts', '../../core/event.ts', true],
  ['report/notice/probe.ts', 'node-cron', true],
  ['report/incident/store/probe.ts', '../gather/facts.ts', true],
  ['report/incident/store/probe.ts', '../incident-head.ts', true],
  ['report/incident/store/probe.ts', '../../replace-file.ts', true],
  ['report/incident/store/probe.ts', '../../recorder/recorder.ts', true],
  ['report/incident/store/probe.ts', '../../../core/event.ts', true],
  ['report/incident/store/probe.ts', '../../../core/tick.ts', false],
  ['report/incident/store/probe.ts', '../../../linux/source.ts', false],
  ['report/notice/probe.ts', '../../core/tick.ts', false],
  ['report/notice/probe.ts', '../../control/ports.ts', false],
  ['report/notice/probe.ts', '../../linux/source.ts', false],
  ['report/status/probe.ts', '../amount.ts', true],
  ['report/status/probe.ts', '../../core/event.ts', true],
  ['report/status/probe.ts', '../../core/tick.ts', false],
  ['report/status/probe.ts', '../../control/ports.ts', false],
  ['report/status/probe.ts', 'koffi', false],
  ['report/probe.ts', '../cli.ts', false],
  ['linux/proc/probe.ts', '../../commands/run.ts', false],
  ['control/probe.ts', '../main.ts', false],
  ['commands/probe.ts', '../linux/source.ts', true],
];

/** Files that break another rule each. */
const BREACHES: readonly (readonly [rule: string, file: string, text: string])[] = [
  [RULE, 'core/lazy.ts', "export const load = async () => await import('../linux/source.ts');\n"],
  [RULE, 'core/type.ts', "import type { X } from '../linux/source.ts';\n\nexport type Y = X;\n"],
  ['lint/style/noRestrictedGlobals', 'core/clock.ts', 'export const now = (): number => performance.now();\n'],
  ['lint/performance/noBarrelFile', 'channel/barrel.ts', "export { x } from './frame.ts';\n"],
  ['lint/suspicious/noImportCycles', 'channel/left.ts', "import { r } from './right.ts';\n\nexport const l = r;\n"],
  ['lint/suspicious/noImportCycles', 'channel/right.ts', "import { l } from './left.ts';\n\nexport const r = l;\n"],
  ['lint/nursery/noFloatingPromises', 'a.ts', 'const f = async () => 1;\nexport const g = () => {\n  f();\n};\n'],
  ['lint/nursery/noMisusedPromises', 'b.ts', 'const f = async () => true;\nexport const g = () => (f() ? 1 : 2);\n'],
  ['lint/correctness/noUndeclaredDependencies', 'c.ts', use('vitest')],
  [
    'lint/nursery/useExhaustiveSwitchCases',
    'd.ts',
    "export const f = (x: 'a' | 'b'): void => {\n  switch (x) {\n    case 'a':\n      f('b');\n  }\n};\n",
  ],
];

describe('lint rules', () => {
  const root = mkdtempSync(join(tmpdir(), 'oomwatchd-lint-'));
  const findings = new Map<string, Set<string>>();
  const fileOfEdge = (index: number, file: string): string =>
    file.endsWith('/probe.ts') ? file.replace('probe', `probe-${index}`) : file;

  beforeAll(() => {
    for (const name of ['biome.json', 'package.json', 'tsconfig.json']) cpSync(join(ROOT, name), join(root, name));
    const put = (file: string, text: string): void => {
      mkdirSync(join(root, 'src', dirname(file)), { recursive: true });
      writeFileSync(join(root, 'src', file), text);
    };
    EDGES.forEach(([file, specifier], index) => {
      put(fileOfEdge(index, file), use(specifier));
    });
    for (const [, file, text] of BREACHES) put(file, text);
    const biome = join(ROOT, 'node_modules/.bin/biome');
    const options = ['lint', '--vcs-enabled=false', '--max-diagnostics=none', '--reporter=json', 'src'];
    let output = '';
    try {
      output = execFileSync(biome, options, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    } catch (error) {
      // Findings make it end with 1, which is what is wanted here.
      output = (error as { stdout: string }).stdout;
    }
    for (const { category, location } of JSON.parse(output).diagnostics) {
      const file = location.path.replace(/^src\//, '');
      findings.set(file, (findings.get(file) ?? new Set()).add(category));
    }
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  it.each(EDGES.map((edge, index) => [...edge, index] as const))(
    'src/%s importing %s: allowed %s',
    (file, _, allowed, index) => {
      expect(findings.get(fileOfEdge(index, file))?.has(RULE) ?? false).toBe(!allowed);
    },
  );

  it.each(BREACHES)('%s finds src/%s', (rule, file) => {
    expect(findings.get(file) ?? new Set()).toContain(rule);
  });
});
