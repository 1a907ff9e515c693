import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { watchUnderOom } from '../../../src/commands/daemon/watch-under-oom.ts';
import { emptyObservations } from '../../../src/core/observations.ts';
import { createState } from '../../../src/core/state.ts';

const scene = (memoryV1: string) => {
  const watcher = watchUnderOom({ memoryV1 }, createState(1));
  const seen = emptyObservations();
  let nowMs = 0;
  const turns = async (ms: number): Promise<string[]> => {
    for (const endMs = nowMs + ms; nowMs < endMs; nowMs += 1000) {
      watcher.run(nowMs);
      while (watcher.isWaiting()) await sleep(1);
      watcher.take(seen);
    }
    return seen.cgroups.map(({ path }) => path);
  };
  return { seen, turns };
};

it('believes the second look, looks more often while one hangs, and sees that it is over', async () => {
  const root = mkdtempSync(join(tmpdir(), 'cgroup-v1-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  const { seen, turns } = scene(root);
  const set = (underOom: number): void =>
    writeFileSync(`${root}/a/memory.oom_control`, `oom_kill_disable 1\nunder_oom ${underOom}\noom_kill 0\n`);
  mkdirSync(`${root}/a`);
  set(0);
  await turns(30_000);
  expect(seen.cgroupSerial).toBe(1);
  set(1);
  expect(await turns(3000)).toEqual([]);
  expect(await turns(3000)).toEqual(['/a']);
  expect(seen.cgroupSerial).toBe(3);
  set(0);
  expect(await turns(3000)).toEqual([]);
  await turns(30_000);
  expect(seen.cgroupSerial).toBe(5);
});

it('leaves the rows of v2 alone where v1 has no memory controller', async () => {
  const { seen, turns } = scene('');
  seen.cgroupSerial = 7;
  await turns(60_000);
  expect(seen.cgroupSerial).toBe(7);
});
