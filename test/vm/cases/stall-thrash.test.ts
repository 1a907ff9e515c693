// File-page thrash that nobody ends, as the daemon observes only: its threads stall, and both logs say so as kmallocwd would.
import { expect, test } from 'vitest';
import { note } from '../harness/outcome.ts';
import { withDaemon } from '../harness/scene.ts';
import { quarterThrash } from '../harness/thrash.ts';

const THREADS = 32;
/** Ten seconds until the first warning, and time enough on a machine that lets the guest run now and then only. */
const STALL_S = 75;

const INFO = /MemAlloc-Info: stalling=(\d+) dying=(\d+) exiting=(\d+) victim=(\d+) oom_count=(\d+)/;
const TASK =
  /MemAlloc: (\S+)\((\d+)\) flags=0x([0-9a-f]+)(?: switches=(\d+))?(?: delay=(\d+))?(?: uninterruptible)?(?: exiting)?(?: dying)?(?: victim)?$/;

const median = (numbers: readonly number[]): number => numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? 0;

test('threads that stall for more than ten seconds are counted and named in the kernel log and in the log', () =>
  withDaemon({ observe: true }, async (scene) => {
    const thrash = await quarterThrash(scene);
    const states = scene.guest.start(`exec states name=thrash threads=${THREADS}`);
    const before = Number((await scene.guest.sh("awk '/^oom_kill /{print $2}' /proc/vmstat")).stdout);
    await scene.watch({ seconds: thrash.startsMs / 1000 + STALL_S, workloads: thrash.workloads, probeMs: 0 });

    const { stdout } = await scene.guest.sh('dmesg | grep oomwatchd: ; true');
    const records = stdout.split('\n').map((line) => line.trimEnd());
    const infos = records.flatMap((line) => [INFO.exec(line) ?? []].filter(({ length }) => length > 0));
    const named = records.flatMap((line) => [TASK.exec(line) ?? []].filter(({ length }) => length > 0));
    const seen = states.stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => Number(line.split(' ')[1]));
    note('stall-thrash', {
      infos: infos.map(([line]) => line),
      named: named.map(([line]) => line),
      states: median(seen),
    });

    expect(infos.length, 'summary lines').toBeGreaterThanOrEqual(1);
    const [, stalling, dying, exiting, victim, oomCount] = (infos.at(-1) ?? []).map(Number);
    // What an observer sees at one moment of those 32: each of them is in D or in reclaim nearly all of the time.
    expect(median(seen), 'threads of thrash in D or with PF_MEMALLOC').toBeGreaterThan(THREADS / 2);
    expect(stalling, 'stalling').toBeGreaterThanOrEqual(median(seen) / 2);
    expect(stalling, 'stalling').toBeLessThanOrEqual(2 * THREADS);
    expect([dying, exiting, victim, oomCount]).toEqual([0, 0, 0, before]);
    const ofThrash = named.filter(([, comm]) => comm === 'thrash');
    expect(ofThrash.length, 'named threads of thrash').toBeGreaterThanOrEqual(1);
    for (const [, , , flags = '', , delay] of ofThrash) {
      expect(Number.parseInt(flags, 16) & 0x200000, 'PF_KTHREAD').toBe(0);
      expect(Number(delay)).toBeGreaterThanOrEqual(0);
    }
    expect(Math.max(...ofThrash.map(([, , , , , delay]) => Number(delay))), 'clock ticks').toBeGreaterThanOrEqual(500);
    // The same lines in the daemon's own log.
    const output = scene.daemon.output();
    for (const [line] of infos) expect(output).toContain(line);
    expect(output).toContain('MemAlloc: thrash(');
  }));
