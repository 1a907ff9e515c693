/** What is told of a file that does not answer: a pipe in its place, which is read when something was written to it. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createHolderWatch } from '../../../src/commands/daemon/holder-watch.ts';
import type { Host } from '../../../src/commands/daemon/host.ts';
import type { Watchers } from '../../../src/commands/daemon/watchers.ts';
import type { OomwatchdEvent } from '../../../src/core/event.ts';
import { createState, type State } from '../../../src/core/state.ts';
import { tableOf } from '../../core/support/tables.ts';
import { type FakeProc, fakeProc } from '../../support/fake-proc.ts';

let proc: FakeProc;
let state: State;
let nowMs = 0;
let told: OomwatchdEvent[] = [];
let watch: Watchers;
beforeEach(() => {
  nowMs = 1000;
  told = [];
  proc = fakeProc();
  proc.file('meminfo', null);
  expect(spawnSync('mkfifo', [`${proc.roots.proc}/meminfo`]).status).toBe(0);
  state = createState(1);
  state.holding.isWanted = true;
  const host = { roots: proc.roots, cgroup2: '', clock: { nowMs: () => nowMs }, index: { table: tableOf([{}]) } };
  watch = createHolderWatch(host as unknown as Host, state, (event) => void told.push(event));
});
afterEach(() => proc.remove());

/** The others have gone on without it. */
const goneOn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1100));
const answers = async (): Promise<void> => {
  writeFileSync(`${proc.roots.proc}/meminfo`, 'MemTotal: 1 kB\n');
  proc.file('meminfo', null);
  await vi.waitFor(() => expect(watch.isWaiting()).toBe(false));
};
const at = (ms: number): OomwatchdEvent[] => {
  nowMs = ms;
  watch.run(nowMs);
  return told.splice(0);
};

test('a source that is late in a shortage is not told of', async () => {
  await goneOn();
  expect(at(2000)).toEqual([]);
  expect(at(10_999)).toEqual([]);
  await answers();
  expect(at(60_000)).toEqual([]);
});

test('one that stays silent is told, and that it answers again, also when memory is not short any more', async () => {
  await goneOn();
  expect(at(11_000)).toMatchObject([
    {
      kind: 'source',
      name: 'holders',
      up: false,
      fault: true,
      detail: expect.stringMatching(/^meminfo does not answer/),
    },
  ]);
  expect(at(12_000)).toEqual([]);
  state.holding.isWanted = false;
  await answers();
  expect(at(13_000)).toMatchObject([{ kind: 'source', name: 'holders', up: true, fault: false }]);
});
