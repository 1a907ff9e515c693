/** On a fake tree, and on a cgroup v1 of this test where the machine has one: 8 MiB, and a child that would take all there is. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { findUnderOom, hangsUnderOom } from '../../../src/linux/cgroup/under-oom.ts';
import { v1PointOf } from '../../../src/linux/proc/cgroup-mode.ts';
import { type Mount, parseMountinfo } from '../../../src/linux/proc/mountinfo.ts';

const MIB = 1024;

it.each([
  ['oom_kill_disable 1\nunder_oom 1\noom_kill 0\n', true],
  ['oom_kill_disable 1\nunder_oom 1\n', true],
  ['oom_kill_disable 0\nunder_oom 1\noom_kill 3\n', false],
  ['oom_kill_disable 1\nunder_oom 0\noom_kill 0\n', false],
  ['oom_kill_disable 1\nunder_oom 10\n', false],
  ['', false],
])('%j hangs: %j', (text, expected) => {
  expect(hangsUnderOom(text)).toBe(expected);
});

const fakeTree = (cgroups: Readonly<Record<string, string>>): string => {
  const root = mkdtempSync(join(tmpdir(), 'cgroup-v1-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  for (const [path, control] of Object.entries(cgroups)) {
    mkdirSync(`${root}${path}`, { recursive: true });
    if (control !== '') writeFileSync(`${root}${path}/memory.oom_control`, control);
    writeFileSync(`${root}${path}/memory.usage_in_bytes`, `${40 * MIB * 1024}\n`);
  }
  return root;
};

const HANGS = 'oom_kill_disable 1\nunder_oom 1\noom_kill 0\n';
const CALM = 'oom_kill_disable 1\nunder_oom 0\noom_kill 0\n';

it('finds those that hang, of a branch the topmost alone', async () => {
  const root = fakeTree({ '/a': CALM, '/a/b': HANGS, '/a/b/c': HANGS, '/d': HANGS, '/e': '' });
  const rows = await findUnderOom(root);
  expect(rows.map(({ path }) => path).toSorted()).toEqual(['/a/b', '/d']);
  expect(rows[0]).toMatchObject({ isUnderOom: true, currentKiB: 40 * MIB, maxKiB: -1, oomPerS: -1 });
});

it('finds nothing where there is no such hierarchy', async () => {
  expect(await findUnderOom('/nonexistent')).toEqual([]);
});

/** Made anew, or null where the machine has no memory controller in cgroup v1 that a test may use. */
const realCgroup = (): { root: string; path: string } | null => {
  const mounts: Mount[] = [];
  parseMountinfo(readFileSync('/proc/self/mountinfo', 'utf8'), mounts);
  const root = v1PointOf(mounts, 'memory');
  const path = `/oomwatchd-under-oom-${process.pid}`;
  if (root === '') return null;
  try {
    mkdirSync(`${root}${path}`);
  } catch {
    // Read-only, or not root.
    return null;
  }
  onTestFinished(() => rmdirSync(`${root}${path}`));
  return { root, path };
};

it('finds one of the kernel, and that it is over', async (context) => {
  const real = realCgroup();
  if (real === null) return context.skip('no cgroup v1 with the memory controller to write to');
  const folder = `${real.root}${real.path}`;
  writeFileSync(`${folder}/memory.limit_in_bytes`, String(8 * MIB * 1024));
  writeFileSync(`${folder}/memory.oom_control`, '1');
  const script = `echo $$ > ${folder}/cgroup.procs && exec tail /dev/zero`;
  const child = spawn('/bin/sh', ['-c', script], { stdio: 'ignore' });
  const exited = once(child, 'exit');
  const found = async (): Promise<string[]> => (await findUnderOom(real.root)).map(({ path }) => path);
  try {
    await expect.poll(found, { timeout: 10_000 }).toContain(real.path);
  } finally {
    child.kill('SIGKILL');
    await exited;
  }
  await expect.poll(found, { timeout: 10_000 }).not.toContain(real.path);
});
