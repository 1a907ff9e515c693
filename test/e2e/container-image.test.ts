/** The Dockerfile as far as it can be tried without an engine: what it copies is there and enough, and its entry runs. */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { NODE_FLAGS } from '../../src/commands/daemon/second-actor.ts';
import { cleanUp } from './daemon.ts';
import { folder } from './folder.ts';
import { nodeFlags } from './service-unit.ts';

afterEach(cleanUp);

const ROOT = new URL('../../', import.meta.url).pathname;
const text = readFileSync(join(ROOT, 'Dockerfile'), 'utf8');

interface Instruction {
  readonly name: string;
  readonly value: string;
}

const instructions: readonly Instruction[] = text
  .replace(/^\s*#.*$/gm, '')
  .replace(/\\\n/g, ' ')
  .split('\n')
  .filter((line) => line.trim() !== '')
  .map((line) => {
    const [, name = '', value = ''] = /^(\S+)\s+(.*)$/.exec(line.trim()) ?? [];
    return { name, value };
  });

/** The instructions of each stage, by its name ("" for the last one). */
const stages = new Map<string, Instruction[]>();
let stage: Instruction[] = [];
for (const instruction of instructions) {
  if (instruction.name === 'FROM') {
    stage = [];
    stages.set(/ AS (\S+)$/.exec(instruction.value)?.[1] ?? '', stage);
  }
  stage.push(instruction);
}

const valuesOf = (of: readonly Instruction[], name: string): string[] =>
  of.filter((each) => each.name === name).map(({ value }) => value);

/** What is copied from the sources: [source, ..., target]. */
const copies = (of: readonly Instruction[]): string[][] =>
  valuesOf(of, 'COPY')
    .filter((value) => !value.startsWith('--from='))
    .map((value) => value.split(' '));

const copyInto = (of: readonly Instruction[], workdir: string, base: string): void => {
  for (const words of copies(of)) {
    const target = words.at(-1) ?? '';
    for (const source of words.slice(0, -1)) {
      const to = target.startsWith('/') ? join(base, target) : join(base, workdir, target);
      cpSync(join(ROOT, source), target.endsWith('/') ? join(to, source) : to, { recursive: true });
    }
  }
};

describe('the Dockerfile', () => {
  test('uses known instructions, and one LTS image for all stages', () => {
    const known = new Set(['FROM', 'WORKDIR', 'COPY', 'RUN', 'ENV', 'ENTRYPOINT', 'CMD']);
    expect(instructions.map(({ name }) => name).filter((name) => !known.has(name))).toEqual([]);
    const images = valuesOf(instructions, 'FROM').map((value) => value.split(' ')[0]);
    expect(new Set(images)).toEqual(new Set(['node:24-bookworm-slim']));
    expect([...stages.keys()]).toEqual(['build', 'dependencies', '']);
  });

  test('copies files that are there and that .dockerignore lets through', () => {
    const admitted = readFileSync(join(ROOT, '.dockerignore'), 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1));
    for (const words of copies(instructions)) {
      for (const source of words.slice(0, -1)) {
        expect(existsSync(join(ROOT, source)), source).toBe(true);
        expect(
          admitted.some((name) => source === name || source.startsWith(`${name}/`)),
          source,
        ).toBe(true);
      }
    }
    for (const value of valuesOf(instructions, 'COPY').filter((each) => each.startsWith('--from='))) {
      expect([...stages.keys()]).toContain(/^--from=(\S+)/.exec(value)?.[1]);
    }
  });

  test('builds from what it copies, and the entry runs from where it is put', () => {
    const build = stages.get('build') ?? [];
    const final = stages.get('') ?? [];
    copyInto(build, '/build', folder());
    // `npm ci` is what made the node_modules of this checkout; the other commands run as they are.
    symlinkSync(join(ROOT, 'node_modules'), join(folder(), 'build/node_modules'));
    const runs = valuesOf(build, 'RUN').filter((value) => !value.startsWith('npm ci '));
    expect(runs).toEqual(['npm run build']);
    for (const value of runs) execFileSync('sh', ['-ec', value], { cwd: join(folder(), 'build'), stdio: 'pipe' });

    const workdir = valuesOf(final, 'WORKDIR')[0] ?? '';
    mkdirSync(join(folder(), workdir), { recursive: true });
    cpSync(join(folder(), 'build/dist'), join(folder(), workdir, 'dist'), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules'), join(folder(), workdir, 'node_modules'));
    copyInto(final, workdir, folder());
    expect(existsSync(join(folder(), 'etc/oomwatchd/config.yaml'))).toBe(true);
    const entry: string[] = JSON.parse(valuesOf(final, 'ENTRYPOINT')[0] ?? '[]');
    const [program = '', ...rest] = entry.map((word) => (word.startsWith('/') ? join(folder(), word) : word));
    const config = join(folder(), 'etc/oomwatchd/config.yaml');
    const told = execFileSync(program, [...rest, 'check', '--config', config], { encoding: 'utf8' });
    expect(told).toMatch(/^valid: mode observe/);
    expect(JSON.parse(valuesOf(final, 'CMD')[0] ?? '')).toEqual(['run']);
    expect(entry.filter((word) => word.startsWith('--'))).toEqual(nodeFlags());
    expect(NODE_FLAGS, 'of the second process').toEqual(nodeFlags());
  }, 60_000);

  test('the command in its head is one that a shell understands, with the capabilities of the unit', () => {
    const command = /^#\s+(docker run -d (?:.*\\\n#)*.*)$/m.exec(text)?.[1]?.replace(/\\\n#/g, ' ') ?? '';
    const words = execFileSync('sh', ['-c', `printf '%s\\n' ${command}`], { encoding: 'utf8' })
      .trim()
      .split('\n');
    expect(words.at(-1)).toBe('oomwatchd');
    const unit = readFileSync(join(ROOT, 'systemd/oomwatchd.service'), 'utf8');
    const granted = [...unit.matchAll(/^CapabilityBoundingSet=CAP_(\w+)$/gm)].map((match) => match[1] ?? '');
    const added = words.flatMap((word) => /^--cap-add=(\w+)$/.exec(word)?.[1] ?? []);
    expect(added.sort()).toEqual(granted.sort());
    for (const word of ['--pid=host', '--cgroupns=host', '--cap-drop=ALL', '--read-only', '--oom-score-adj=-1000']) {
      expect(words).toContain(word);
    }
  });
});
