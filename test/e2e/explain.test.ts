/** `explain --as-kernel` on the real process table; explain of one process is in commands.test.ts. */
import { afterEach, describe, expect, test } from 'vitest';
import type { KernelView } from '../../src/commands/inspect/kernel-view.ts';
import { EXIT } from '../../src/exit.ts';
import { startChild } from './child.ts';
import { cleanUp, command, writeConfig } from './daemon.ts';

afterEach(cleanUp);

const viewOf = async (...args: string[]): Promise<KernelView> => {
  const { code, stdout, stderr } = await command(['explain', '--json', ...args]);
  expect({ code, stderr }).toEqual({ code: EXIT.OK, stderr: '' });
  return JSON.parse(stdout).as_kernel;
};

describe('explain --as-kernel', () => {
  test('needs no PID, and knows the largest process of this host without any policy', async () => {
    const hog = await startChild({ program: 'hog', mib: 64 });
    const config = writeConfig({ mode: 'observe', level: 'none', only: [hog.exe] });
    const { version, release, cases } = await viewOf('--as-kernel', '6.1', '--config', config);
    expect({ version, release }).toEqual({ version: '6.1', release: '6.1' });
    expect(cases.map(({ when }) => when)).toEqual(['shortage', 'sysrq_f']);
    for (const { kernel, oomwatchd, reasons } of cases) {
      expect(oomwatchd.process).toEqual({ pid: hog.pid, comm: 'hog' });
      // Others on this machine may be larger: then it is the scope that keeps us from them.
      if (kernel.outcome === 'kill' && kernel.process?.pid !== hog.pid) expect(reasons).not.toEqual([]);
    }
    const { stdout } = await command(['explain', '--as-kernel', '6.1', '--config', config]);
    expect(stdout).toMatch(/^the kernel 6\.1 would choose so\n {2}in a shortage +\S/);
    expect(stdout).toContain(`takes hog (pid ${hog.pid})\n`);
  });

  test('a process can be told together with it', async () => {
    const hog = await startChild({ program: 'hog' });
    const config = writeConfig({ mode: 'observe', level: 'none', only: [hog.exe] });
    const args = ['explain', String(hog.pid), '--as-kernel', '4.5+patches', '--config', config];
    const told = JSON.parse((await command([...args, '--json'])).stdout);
    expect(told).toMatchObject({ pid: hog.pid, as_kernel: { version: '4.5+patches' } });
    expect(told.corrections.map(({ patch }: { patch: number }) => patch).sort()).toEqual([1, 2, 3, 4, 5, 6]);
    const { stdout } = await command(args);
    expect(stdout).toMatch(new RegExp(`^hog \\(pid ${hog.pid}\\) is number 1 of 1 candidates\n`));
    expect(stdout).toMatch(/\ncorrections\n( {2}\d [a-z_]+ +\S.*\n){6}the kernel 4\.5\+patches would choose so\n/);
  });

  test('"running" is this host', async () => {
    const { release, version } = await viewOf('--as-kernel', 'running');
    expect(release).toMatch(/^\d+\.\d+/);
    expect(version).toMatch(/^\d+\.\d+$/);
  });

  test.each([
    [['--as-kernel', 'newest'], '--as-kernel takes a release (4.5, 4.5+patches, '],
    [['--as-kernel'], "Option '--as-kernel <value>' argument missing"],
    [['1', '2', '--as-kernel', '6.1'], 'explain takes one PID, or --as-kernel'],
    [['init', '--as-kernel', '6.1'], 'explain takes one PID, or --as-kernel'],
  ])('refuses %j', async (args, expected) => {
    const { code, stdout, stderr } = await command(['explain', ...args]);
    expect({ code, stdout }).toEqual({ code: EXIT.USAGE, stdout: '' });
    expect(stderr).toContain(expected);
  });
});
