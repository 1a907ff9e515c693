/**
 * systemd/oomwatchd.service against what the program really does. The hardening of a watchdog is usually found wrong in
 * the night of its first kill: a forgotten system call, a capability too few. Here it is found wrong before.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { until } from '../report/pipe.ts';
import { startChild } from './child.ts';
import { cleanUp, ready, skipUnlessEnforcing, startEnforcing, statusOf, writeConfig } from './daemon.ts';
import { folder } from './folder.ts';
import { readUnit } from './service-unit.ts';
import { skipBecause } from './skip.ts';
import { callsIn, noStrace } from './system-calls.ts';

afterEach(cleanUp);

const SYSTEMD = new URL('../../systemd/', import.meta.url).pathname;
const UNIT = join(SYSTEMD, 'oomwatchd.service');
const text = readFileSync(UNIT, 'utf8');

const run = (program: string, ...args: string[]): string =>
  execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

/** Why a program cannot be used here, '' when it can. */
const lacking = (program: string, ...args: string[]): string => {
  try {
    run(program, ...args);
    return '';
  } catch {
    return `${program} is not here`;
  }
};

const notRoot = (): string => (process.getuid?.() === 0 ? '' : 'not root');

/** The allow-list as names, with the groups of this machine's systemd. */
const allowedCalls = (): Set<string> => {
  const membersOf = (name: string): string[] =>
    name.startsWith('@')
      ? run('systemd-analyze', 'syscall-filter', '--no-pager', name)
          .split('\n')
          .map((line) => line.trim())
          .filter((line) => line !== '' && line !== name && !line.startsWith('#'))
          .flatMap(membersOf)
      : [name];
  const allowed = new Set<string>();
  for (const value of readUnit().get('SystemCallFilter') ?? []) {
    const isDenied = value.startsWith('~');
    for (const name of value.replace(/^~/, '').split(' ').flatMap(membersOf)) {
      if (isDenied) allowed.delete(name);
      else allowed.add(name);
    }
  }
  // systemd allows these with every allow-list (systemd.exec(5)).
  for (const name of membersOf('@default')) allowed.add(name);
  return allowed;
};

describe('the unit', () => {
  test('gives a reason in front of every line of [Service]', () => {
    const lines = text.slice(text.indexOf('[Service]')).split('\n');
    const bare = lines.filter((line, at) => /^[A-Z]\w+=/.test(line) && !/^#|^\[Install/.test(lines[at - 1] ?? ''));
    expect(bare).toEqual([]);
  });

  test('is understood by systemd without a word', (context) => {
    const why = lacking('systemd-analyze', '--version');
    skipBecause(context, why);
    const copy = join(folder(), 'oomwatchd.service');
    writeFileSync(copy, text.replace('=/usr/bin/node ', `=${process.execPath} `));
    const merged = execFileSync('sh', ['-c', 'systemd-analyze verify --man=no "$1" 2>&1', 'sh', copy], {
      encoding: 'utf8',
    });
    expect(merged).toBe('');
  });

  test('keeps its exposure where README.md says it is', (context) => {
    const why = lacking('systemd-analyze', '--version');
    skipBecause(context, why);
    const told = /^→ Overall exposure level for \S+: (\d+\.\d)/m.exec(
      run('systemd-analyze', 'security', '--offline=true', '--no-pager', '--threshold=100', UNIT),
    )?.[1];
    // Cgroups may be killed as a whole (cgroup.kill), for which it needs to write below /sys/fs/cgroup: 0.2 of it.
    const written = /exposure (\d+\.\d) \(OK\)/.exec(readFileSync(join(SYSTEMD, '../README.md'), 'utf8'))?.[1];
    expect(told).toBe(written);
  });

  test('makes the user and the directory of the reporter', (context) => {
    const why = notRoot() || lacking('systemd-sysusers', '--version');
    skipBecause(context, why);
    const root = folder();
    mkdirSync(join(root, 'etc'));
    run('systemd-sysusers', `--root=${root}`, join(SYSTEMD, 'oomwatchd.sysusers'));
    expect(readFileSync(join(root, 'etc/passwd'), 'utf8')).toMatch(/^oomwatchd:x:\d+:\d+:.*:\/usr\/sbin\/nologin$/m);
    run('systemd-tmpfiles', `--root=${root}`, '--create', join(SYSTEMD, 'oomwatchd.tmpfiles'));
    expect(run('stat', '-c', '%A', join(root, 'run/oomwatchd')).trim()).toBe('drwxrwxr-t');
    const uid = /^oomwatchd:x:(\d+):/m.exec(readFileSync(join(root, 'etc/passwd'), 'utf8'))?.[1];
    const incidents = join(root, 'var/lib/oomwatchd/incidents');
    expect(run('stat', '-c', '%A %u', incidents).trim()).toBe(`drwxr-x--- ${uid}`);
    expect(readUnit().get('ReadWritePaths')).toContain('-/var/lib/oomwatchd');
  });
});

/** The life of a daemon: start, rehearsal, reload, a stubborn victim, scrapes, a reporter that dies, the end. */
const liveThrough = async (wrapper: readonly string[], victimUid?: number): Promise<{ reporterUid: string }> => {
  const hog = await startChild({
    program: 'hog',
    mib: 48,
    ignoresTerm: true,
    ...(victimUid === undefined ? {} : { uid: victimUid }),
  });
  const config = writeConfig({ mode: 'enforce', level: 'none', only: [hog.exe] });
  const options = { wrapper, env: { WATCHDOG_USEC: '1000000' } };
  const daemon = await ready(await startEnforcing(config, [hog.pid], options));
  expect(await daemon.line('rehearsed')).toMatchObject({ ok: true });
  await daemon.metric('oomwatchd_ticks_total', (ticks) => ticks > 1);
  const control = Number((await daemon.line('started'))['pid']);
  const reporter = Number(/\d+/.exec(String((await daemon.line('reporter'))['detail'])));
  const reporterUid = statusOf(reporter, 'Uid').split('\t')[0] ?? '';
  writeConfig({
    mode: 'enforce',
    level: 'term',
    only: [hog.exe],
    act: 'act: { kills_per_minute: 1, term_timeout: "300ms" }\n',
    logLevel: 'debug',
  });
  process.kill(control, 'SIGHUP');
  expect(await hog.ended()).toBe('SIGKILL');
  await daemon.line('signal', (line) => line['signal'] === 'KILL');
  expect(daemon.lines('signal').map((line) => [line['signal'], line['sent']])).toEqual([
    ['TERM', true],
    ['KILL', true],
  ]);
  await daemon.metric('oomwatchd_reporter_restarts_total', (n) => n > 0);
  process.kill(control, 'SIGTERM');
  expect(await daemon.ended).toBe(0);
  await until(() => daemon.notify.messages().includes('STOPPING=1'));
  return { reporterUid };
};

/** Of dmesg and ip, which systeminformation tries for facts that nobody asks for here: refused, nothing is missed. */
const REFUSED = ['capset', 'syslog'];

describe('what the unit allows', () => {
  beforeEach(skipUnlessEnforcing);

  test('covers every system call of control, rehearsal, loader and reporter', async (context) => {
    const why = noStrace() || lacking('systemd-analyze', '--version');
    skipBecause(context, why);
    const file = join(folder(), 'life.strace');
    await liveThrough(['strace', '-f', '-qq', '-o', file]);
    const allowed = allowedCalls();
    const made = new Set(callsIn(file));
    expect(made).toContain('pidfd_send_signal');
    expect([...made].filter((name) => !allowed.has(name) && !REFUSED.includes(name)).sort()).toEqual([]);
    for (const name of REFUSED) expect(allowed).not.toContain(name);
    for (const name of ['process_mrelease', 'kcmp', 'mlock2']) expect(allowed).toContain(name);
    for (const name of ['ptrace', 'process_vm_readv', 'mount', 'chroot', 'chown']) expect(allowed).not.toContain(name);
  }, 120_000);

  test('is enough to live, kill and report in: under its system calls, capabilities and no_new_privs', async (context) => {
    const why =
      notRoot() || lacking('gcc', '--version') || lacking('systemd-analyze', '--version') || lacking('setpriv', '-V');
    skipBecause(context, why);
    const known = run('sh', '-c', 'echo "#include <sys/syscall.h>" | gcc -E -dM -');
    const names = [...allowedCalls()].filter((name) => known.includes(`#define SYS_${name} `));
    writeFileSync(join(folder(), 'allowed.h'), `#define ALLOWED(X) ${names.map((name) => `X(${name})`).join(' ')}\n`);
    const filter = join(folder(), 'seccomp-filter');
    run('gcc', '-O1', '-Wall', `-I${folder()}`, '-o', filter, new URL('seccomp-filter.c', import.meta.url).pathname);

    const granted = new Set(
      (readUnit().get('CapabilityBoundingSet') ?? []).flatMap((value) =>
        value.toLowerCase().replaceAll('cap_', '').split(' '),
      ),
    );
    const dropped = run('setpriv', '--list-caps')
      .split('\n')
      .filter((name) => name !== '' && !granted.has(name))
      .map((name) => `-${name}`)
      .join(',');
    const wrapper = ['--bounding-set', dropped, '--inh-caps', dropped, '--no-new-privs', filter];
    const impossible = lacking('setpriv', ...wrapper, 'true');
    skipBecause(context, impossible === '' ? '' : 'capabilities cannot be dropped, or seccomp filters set, here');
    const { reporterUid } = await liveThrough(['setpriv', ...wrapper], 65_534);
    expect(reporterUid).not.toBe('0');
  }, 120_000);
});
