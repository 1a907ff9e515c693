/** cgroup.kill on a cgroup of this test with children of its own; on a fake tree for what must not be written. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { type Host, openHost } from '../../../src/commands/daemon/host.ts';
import { createWholeKills } from '../../../src/commands/daemon/whole-kills.ts';
import type { OomwatchdEvent } from '../../../src/core/event.ts';
import { createState } from '../../../src/core/state.ts';
import { LEVEL } from '../../../src/core/verdict.ts';
import { REAL_ROOTS } from '../../../src/linux/root.ts';
import { defaultPolicy } from '../../support/policy.ts';

const real = openHost(REAL_ROOTS, defaultPolicy());
const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const each of undo.splice(0).reverse()) await each();
});

const scene = (cgroup2: string, path: string, yaml = '') => {
  const policy = defaultPolicy(yaml);
  const host: Host = { ...openHost(REAL_ROOTS, policy), cgroup2 };
  const state = createState(host.index.table.capacity);
  const told: string[] = [];
  const kills = createWholeKills(host, state, (event: OomwatchdEvent) => {
    if (event.kind === 'source') told.push(`${event.name} ${event.detail}`);
  });
  state.wholeKills.push({ path, admitsUnkillable: false, sinceMs: 0 });
  undo.push(() => {
    host.index.close();
    host.sampler.close();
  });
  /** One turn every 100 ms of its time. */
  const turns = async (fromMs: number, toMs: number): Promise<void> => {
    for (let nowMs = fromMs; nowMs < toMs; nowMs += 100) {
      kills.run(nowMs);
      // What it has begun gets to its end, however busy the machine is.
      do await sleep(5);
      while (kills.isWaiting());
    }
  };
  return { host, state, told, kills, turns };
};

/** A grandchild, as children of the process itself are out of bounds; its pid. */
const grandchild = async (script = 'exec sleep 600'): Promise<number> => {
  const shell = spawn('/bin/sh', ['-c', `/bin/sh -c "$1" > /dev/null & echo $!; wait`, 'sh', script], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [line] = (await once(shell.stdout, 'data')) as [Buffer];
  const pid = Number(line.toString());
  const exited = once(shell, 'exit');
  undo.push(async () => {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // Killed by what is tested.
    }
    await exited;
  });
  return pid;
};

/** A real cgroup, or null where none can be made or the kernel has no cgroup.kill. */
const realCgroup = (): string | null => {
  const path = `/oomwatchd-whole-${process.pid}`;
  const folder = `${real.cgroup2}${path}`;
  try {
    mkdirSync(folder);
    if (!existsSync(`${folder}/cgroup.kill`)) {
      rmdirSync(folder);
      return null;
    }
    undo.push(async () => {
      writeFileSync(`${folder}/cgroup.kill`, '1');
      await expect.poll(() => readFileSync(`${folder}/cgroup.events`, 'utf8')).toContain('populated 0');
      rmdirSync(folder);
    });
    readFileSync(`${folder}/cgroup.events`);
    return path;
  } catch {
    // Read-only, not root, or no cgroup2 at all.
    return null;
  }
};

const fakeTree = (procs: readonly number[]): { root: string; written: () => string } => {
  const root = mkdtempSync(join(tmpdir(), 'oomwatchd-whole-'));
  undo.push(() => rmSync(root, { recursive: true }));
  mkdirSync(`${root}/pod`);
  writeFileSync(`${root}/pod/cgroup.procs`, procs.map((pid) => `${pid}\n`).join(''));
  writeFileSync(`${root}/pod/cgroup.kill`, '');
  return { root, written: () => readFileSync(`${root}/pod/cgroup.kill`, 'utf8') };
};

describe('a cgroup that dies as a whole', () => {
  it('is killed by the kernel with those who were forked since', async (context) => {
    const path = realCgroup();
    if (path === null) return context.skip('no cgroup2 to write to');
    await grandchild(`echo $$ > ${real.cgroup2}${path}/cgroup.procs; sleep 600 & sleep 600 & wait`);
    const members = (): string[] =>
      readFileSync(`${real.cgroup2}${path}/cgroup.procs`, 'utf8').split('\n').filter(Boolean);
    await expect.poll(members).toHaveLength(3);
    const { state, told, turns } = scene(real.cgroup2, path);
    await turns(0, 2000);
    await expect.poll(members).toEqual([]);
    expect([state.wholeKills, told]).toEqual([[], []]);
  });

  it('is written to once all of its members are known and may die', async () => {
    const sleeper = await grandchild();
    const { root, written } = fakeTree([sleeper]);
    const { state, told, kills, turns } = scene(root, '/pod');
    await turns(0, 1000);
    await expect.poll(() => kills.isWaiting()).toBe(false);
    expect(written()).toBe('1');
    expect([state.wholeKills, told]).toEqual([[], []]);
  });

  it.each([
    ['by a rule of policy', 'select: { protect: [{ exe: "/usr/bin/*", reason: test }] }'],
    ['by an "only" list that does not name it', 'select: { only: [{ exe: /opt/none, reason: test }] }'],
  ])('is left alone when one inside is protected %s', async (_, yaml) => {
    const sleeper = await grandchild();
    const { root, written } = fakeTree([sleeper]);
    const { state, told, turns } = scene(root, '/pod', yaml);
    await turns(0, 1000);
    expect(written()).toBe('');
    expect(told).toEqual([`cgroup.kill /pod: pid ${sleeper} must live`]);
    expect(state.wholeKills).toEqual([]);
  });

  it('is left alone when this process is inside', async () => {
    const { root, written } = fakeTree([process.pid]);
    const { told, turns } = scene(root, '/pod');
    await turns(0, 1000);
    expect(written()).toBe('');
    expect(told).toEqual([`cgroup.kill /pod: pid ${process.pid} must live`]);
  });

  it('opens nothing while the host is short, and kills nobody unknown', async () => {
    const sleeper = await grandchild();
    const { root, written } = fakeTree([sleeper]);
    const { host, state, told, turns } = scene(root, '/pod');
    state.level = LEVEL.KILL;
    await turns(0, 4900);
    expect(host.index.slots.byPid.has(sleeper)).toBe(false);
    expect(told).toEqual([]);
    await turns(4900, 6000);
    expect(written()).toBe('');
    expect(told).toEqual([`cgroup.kill /pod: pid ${sleeper} is not known`]);
    expect(state.wholeKills).toEqual([]);
  });

  it('with more members than are looked at is left alone', async () => {
    const { root, written } = fakeTree(Array.from({ length: 300 }, (_, at) => 4_000_000 + at));
    const { told, turns } = scene(root, '/pod');
    await turns(0, 6000);
    expect(written()).toBe('');
    expect(told).toEqual(['cgroup.kill /pod: it has more members than are looked at']);
  });

  it('that has gone needs nothing; without the file of the kernel that is told', async () => {
    const gone = scene(fakeTree([]).root, '/none');
    await gone.turns(0, 500);
    expect([gone.state.wholeKills, gone.told]).toEqual([[], []]);
    const sleeper = await grandchild();
    const { root } = fakeTree([sleeper]);
    rmSync(`${root}/pod/cgroup.kill`);
    mkdirSync(`${root}/pod/cgroup.kill`);
    const old = scene(root, '/pod');
    await old.turns(0, 1000);
    await expect.poll(() => old.told).toEqual(['cgroup.kill /pod: EISDIR']);
  });
});
