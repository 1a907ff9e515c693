import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createMemoryEvents } from '../../../src/linux/kernel-log/memory-events.ts';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'oomwatchd-memory-events-'));
});
afterEach(() => rmSync(root, { recursive: true }));

const write = (name: string, oomKill: number): void => {
  mkdirSync(join(root, name), { recursive: true });
  const text = `low 0\nhigh 0\nmax 12\noom 4\noom_kill ${oomKill}\noom_group_kill 9\n`;
  writeFileSync(join(root, name, 'memory.events'), text);
};

test('tells where the counter has risen since the last look, and nothing at the first', async () => {
  const events = createMemoryEvents(root);
  write('system.slice', 7);
  write('user.slice', 1);
  expect(await events.risen()).toBe('');
  expect(await events.risen()).toBe('');
  write('system.slice', 9);
  write('kubepods.slice', 1);
  expect(await events.risen()).toBe('kubepods.slice +1, system.slice +2');
  expect(await events.risen()).toBe('');
});

test('a cgroup that goes, and one without the controller, count nothing', async () => {
  const events = createMemoryEvents(root);
  write('a', 3);
  mkdirSync(join(root, 'b'));
  await events.risen();
  rmSync(join(root, 'a'), { recursive: true });
  write('b', 0);
  expect(await events.risen()).toBe('');
});

test('without cgroup v2 there is nothing to tell', async () => {
  expect(await createMemoryEvents('').risen()).toBe('');
  expect(await createMemoryEvents(join(root, 'missing')).risen()).toBe('');
});
