// Compiles the C programs of test/vm/workloads: static, so that nothing but their own pages can slow them down.
// `probe` alone is dynamic: it stands for any command of an administrator, whose libc may have been evicted.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { shortHash, VM } from './paths.ts';

const SOURCES = join(VM, 'workloads');
const DYNAMIC = new Set(['probe']);

const sources = (): string[] =>
  readdirSync(SOURCES)
    .filter((name) => name.endsWith('.c') || name.endsWith('.h'))
    .sort();

export function workloadsHash(): string {
  return shortHash(...sources().flatMap((name) => [name, readFileSync(join(SOURCES, name))]));
}

export function compileWorkloads(folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const source of sources()) {
    if (!source.endsWith('.c')) continue;
    const name = source.slice(0, -2);
    const link = DYNAMIC.has(name) ? [] : ['-static'];
    execFileSync(
      'gcc',
      [...link, '-O2', '-Wall', '-Wextra', '-pthread', '-o', join(folder, name), join(SOURCES, source)],
      { stdio: ['ignore', 'inherit', 'pipe'] },
    );
  }
}
