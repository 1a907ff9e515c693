import { constants } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Finding } from '../../src/core/event.ts';
import { probe } from '../../src/linux/capabilities.ts';
import type { Subject } from '../../src/linux/probe/host.ts';
import type { SyscallSupport } from '../../src/linux/probe/kernel.ts';
import { probeTracing } from '../../src/linux/probe/tracing.ts';
import { REAL_ROOTS } from '../../src/linux/root.ts';
import { GOOD_HOST, limitsText, MOUNTS, selfStatus } from '../support/fake-host.ts';
import { type FakeTree, fakeProc, fixture } from '../support/fake-proc.ts';

const ALL_WORK: SyscallSupport = { pidfdOpen: 0, pidfdSendSignal: 0, processMrelease: 0, kcmp: 0 };
const ENOSYS = -38;
const EPERM = -1;

const TRACEFS: FakeTree['sys'] = {
  'kernel/tracing/instances/README': '',
  'kernel/tracing/events/oom/mark_victim/id': '512\n',
};

const merge = (changes: FakeTree): FakeTree => ({
  ...GOOD_HOST,
  ...changes,
  files: { ...GOOD_HOST.files, ...changes.files },
  links: { ...GOOD_HOST.links, ...changes.links },
  cgroup: { ...GOOD_HOST.cgroup, ...changes.cgroup },
  sys: { ...GOOD_HOST.sys, ...TRACEFS, ...changes.sys },
});

/** What is not "ok" on a good host after some changes. */
const complaints = (changes: FakeTree = {}, syscalls = ALL_WORK): Finding[] => {
  const proc = fakeProc(merge(changes));
  try {
    return probe(proc.roots, syscalls).filter(({ status }) => status !== 'ok');
  } finally {
    proc.remove();
  }
};
const names = (findings: readonly Finding[]) => findings.map(({ name, status }) => `${name} ${status}`);

describe('probe', () => {
  it('has nothing to say against a good host', () => expect(complaints()).toEqual([]));

  it('gives every finding a name of its own, what was found and what it means; a remedy when not ok', () => {
    const proc = fakeProc(GOOD_HOST);
    const findings = probe(proc.roots, ALL_WORK);
    proc.remove();
    expect(new Set(findings.map(({ name }) => name)).size).toBe(findings.length);
    for (const finding of findings) {
      expect(finding.name).toMatch(/^[a-z0-9_]+$/);
      expect(finding.found).not.toBe('');
      expect(finding.meaning).not.toBe('');
    }
    expect(
      complaints({ files: { 'self/status': null, 'sysrq-trigger': null } }).every(({ remedy }) => remedy !== ''),
    ).toBe(true);
  });

  it('finds its way on this host', () => {
    expect(probe(REAL_ROOTS, ALL_WORK).map(({ name }) => name)).toContain('kernel');
  });

  it('survives an empty /proc, and calls it unsafe', () => {
    const proc = fakeProc({ pressure: null });
    for (const path of ['meminfo', 'vmstat', 'zoneinfo', 'swaps']) proc.file(path, null);
    const findings = probe(proc.roots, ALL_WORK);
    proc.remove();
    expect(names(findings)).toEqual(
      expect.arrayContaining(['pid_namespace fatal', 'cap_kill fatal', 'psi warn', 'kernel warn']),
    );
  });
});

describe('what makes enforcing unsafe', () => {
  it.each<[string, FakeTree, string]>([
    ['a pid namespace of its own', { links: { 'self/ns/pid': 'pid:[4026532000]' } }, 'pid_namespace'],
    ['a /proc without kernel threads', { processes: [] }, 'pid_namespace'],
    [
      'a pid 2 that only calls itself kthreadd',
      { processes: [{ pid: 2, comm: 'kthreadd', rssKiB: null }] },
      'pid_namespace',
    ],
    ['a user namespace', { links: { 'self/ns/user': 'user:[4026532001]' } }, 'user_namespace'],
    ['a cgroup namespace', { files: { '1/cgroup': '0::/../../init.scope\n' } }, 'cgroup_namespace'],
    ['no CAP_KILL', { files: { 'self/status': selfStatus('000001ffffffffdf') } }, 'cap_kill'],
    [
      'ProcSubset=pid',
      { files: { 'self/mountinfo': MOUNTS.replace('proc rw\n', 'proc rw,subset=pid\n') } },
      'proc_mount',
    ],
    [
      'lxcfs over meminfo',
      { files: { 'self/mountinfo': `${MOUNTS}99 21 0:99 / /proc/meminfo rw - fuse.lxcfs lxcfs rw\n` } },
      'meminfo',
    ],
  ])('%s', (_, changes, name) => expect(names(complaints(changes))).toEqual([`${name} fatal`]));

  it('not a pid namespace of its own with a memory limit of its own: the container is what is watched', () => {
    const own = { links: { 'self/ns/pid': 'pid:[4026532000]' }, processes: [] };
    expect(names(complaints({ ...own, cgroup: { 'memory.max': `${512 * 1024 * 1024}\n` } }))).toEqual([]);
    expect(names(complaints({ ...own, cgroup: { 'memory.max': 'max\n' } }))).toEqual(['pid_namespace fatal']);
  });

  it.each([
    [{ ...ALL_WORK, pidfdOpen: ENOSYS }, 'ENOSYS'],
    [{ ...ALL_WORK, pidfdSendSignal: EPERM }, 'EPERM'],
  ])('pidfd calls that do not work', (syscalls, found) => {
    expect(complaints({}, syscalls)).toMatchObject([{ name: 'pidfd', status: 'fatal', found }]);
  });
});

describe('hidepid', () => {
  const hidden = (option: string, status: string) => ({
    files: { 'self/mountinfo': MOUNTS.replace('proc rw\n', `proc rw,gid=7,${option}\n`), 'self/status': status },
  });
  const WITHOUT_PTRACE = '000001fffff7ffff';

  it.each(['hidepid=invisible', 'hidepid=2', 'hidepid=noaccess', 'hidepid=ptraceable'])(
    '%s needs CAP_SYS_PTRACE',
    (option) => {
      expect(complaints(hidden(option, selfStatus()))).toEqual([]);
      expect(names(complaints(hidden(option, selfStatus(WITHOUT_PTRACE))))).toContain('hidepid fatal');
    },
  );

  it('lets the group of gid= see, unless it is "ptraceable"', () => {
    const member = selfStatus(WITHOUT_PTRACE, 0, '4 7');
    expect(names(complaints(hidden('hidepid=invisible', member)))).toEqual(['cap_sys_ptrace warn']);
    expect(names(complaints(hidden('hidepid=4', member)))).toContain('hidepid fatal');
  });

  it('reads the option as the kernel prints it', () => {
    const mountinfo = fixture('mountinfo-hidepid-5.10').toString();
    expect(names(complaints({ files: { 'self/mountinfo': mountinfo, 'self/status': selfStatus('0') } }))).toContain(
      'hidepid fatal',
    );
  });
});

describe('what works with less', () => {
  it.each<[string, FakeTree, string, RegExp]>([
    ['an old kernel', { files: { 'sys/kernel/osrelease': '5.4.0-100\n' } }, 'kernel', /^5\.4/],
    ['no PSI', { pressure: null }, 'psi', /pressure/],
    [
      'an oom_score_adj that stays',
      { files: { 'self/oom_score_adj': '0\n', 'self/status': selfStatus('000001fffeffffff') } },
      'own_oom_score_adj',
      /^0$/,
    ],
    [
      'a read-only /proc',
      { files: { 'self/mountinfo': MOUNTS.replace('/proc rw', '/proc ro') } },
      'proc_writable',
      /read-only/,
    ],
    ['few descriptors', { files: { 'self/limits': limitsText('unlimited', '1024') } }, 'file_limit', /^1024$/],
    ['no memory.min', { cgroup: { 'oomwatchd.service/memory.min': '0\n' } }, 'memory_min', /^0 MiB$/],
    [
      'a memory.max that is too small',
      { cgroup: { 'oomwatchd.service/memory.max': '67108864\n' } },
      'memory_max',
      /^64 MiB$/,
    ],
    [
      'oom_kill_allocating_task',
      { files: { 'sys/vm/oom_kill_allocating_task': '1\n' } },
      'oom_kill_allocating_task',
      /^1$/,
    ],
    ['panic_on_oom', { files: { 'sys/vm/panic_on_oom': '2\n' } }, 'panic_on_oom', /^2$/],
    ['strict overcommit', { files: { 'sys/vm/overcommit_memory': '2\n' } }, 'overcommit_memory', /^2$/],
    [
      'a kernel that kills for thrashing',
      { sys: { 'kernel/mm/lru_gen/min_ttl_ms': '1000\n' } },
      'mglru',
      /min_ttl_ms 1000/,
    ],
    ['no SysRq', { files: { 'sysrq-trigger': null } }, 'sysrq', /missing/],
  ])('%s', (_, changes, name, found) => {
    const about = complaints(changes).filter((finding) => finding.name === name);
    expect(about).toMatchObject([{ status: 'warn', found: expect.stringMatching(found) }]);
    expect(about[0]?.remedy).not.toBe('');
  });

  it('process_mrelease before 5.15', () => {
    expect(names(complaints({}, { ...ALL_WORK, processMrelease: ENOSYS }))).toEqual(['process_mrelease warn']);
  });

  it.each([
    ['is filtered', EPERM],
    ['is not in this kernel', ENOSYS],
  ])('kcmp that %s', (_, kcmp) => {
    const found = complaints({}, { ...ALL_WORK, kcmp });
    expect(found).toMatchObject([{ name: 'kcmp', status: 'warn', found: kcmp === EPERM ? 'EPERM' : 'ENOSYS' }]);
    expect(found[0]?.remedy).toContain('CONFIG_KCMP=y');
  });

  it('a locked memory limit below its own code, without CAP_IPC_LOCK', () => {
    const files = { 'self/limits': limitsText('8388608', '65536'), 'self/status': selfStatus('000001ffffffbfff') };
    expect(names(complaints({ files }))).toEqual(['cap_ipc_lock warn', 'memlock_limit warn']);
    expect(complaints({ files })[1]?.meaning).toMatch(/^of \d\d MiB of code/);
  });

  it('an unprivileged user: what is fatal and what is not', () => {
    const found = names(complaints({ files: { 'self/status': selfStatus('0', 1000) } }));
    expect(found).toContain('cap_kill fatal');
    expect(found).toContain('kmsg_read warn');
    expect(found.filter((each) => each.endsWith('fatal'))).toHaveLength(1);
  });

  it('no /dev/kmsg', () => {
    expect(names(complaints({ files: { '../kmsg': null } }))).toEqual(['kmsg_write warn', 'kmsg_read warn']);
  });
});

/** One finding of a good host after some changes. */
const finding = (name: string, changes: FakeTree): Finding | undefined => {
  const proc = fakeProc(changes);
  const found = probe(proc.roots, ALL_WORK).find((each) => each.name === name);
  proc.remove();
  return found;
};

describe('tracefs', () => {
  it('not mounted leaves the kernel log alone', () => {
    const found = finding('tracefs', GOOD_HOST);
    expect(found).toMatchObject({ status: 'warn', found: 'not mounted' });
    expect(found?.remedy).toBe('mount -t tracefs tracefs /sys/kernel/tracing');
  });

  it('is found below debugfs as well', () => {
    const sys = {
      'kernel/debug/tracing/instances/README': '',
      'kernel/debug/tracing/events/oom/mark_victim/id': '1\n',
    };
    const found = finding('tracefs', { ...GOOD_HOST, sys });
    expect(found).toMatchObject({ status: 'ok', found: expect.stringMatching(/kernel\/debug\/tracing$/) });
  });

  it('without oom:mark_victim (before 4.9) has nothing to offer', () => {
    const found = finding('tracefs', { ...GOOD_HOST, sys: { 'kernel/tracing/instances/README': '' } });
    expect(found).toMatchObject({ status: 'ok', found: 'no trace point oom:mark_victim' });
  });

  it('that cannot be written to is told', () => {
    // Root may write everywhere but on a read-only mount.
    const found = probeTracing({ roots: REAL_ROOTS }, (_, mode) => mode !== constants.W_OK);
    expect(found).toMatchObject([{ status: 'warn', found: 'not writable' }]);
  });
});

describe('memory.oom.group', () => {
  it.each([
    ['cpuset cpu io memory pids\n', 'cgroup v2'],
    ['cpuset cpu io pids\n', 'no memory controller on cgroup v2'],
  ])('with the controllers %j', (controllers, found) => {
    const cgroup = { ...GOOD_HOST.cgroup, 'cgroup.controllers': controllers };
    expect(finding('oom_group', { ...GOOD_HOST, cgroup })).toMatchObject({ status: 'ok', found });
  });

  it('is no matter of v1', () => {
    const files = { ...GOOD_HOST.files, 'self/mountinfo': fixture('mountinfo-v1-5.10').toString() };
    expect(finding('oom_group', { ...GOOD_HOST, files })?.found).toBe('no memory controller on cgroup v2');
  });
});

describe('memory.min', () => {
  const inSlice = (slice: string) =>
    complaints({
      files: { 'self/cgroup': '0::/system.slice/oomwatchd.service\n' },
      cgroup: {
        'system.slice/memory.min': `${slice}\n`,
        'system.slice/oomwatchd.service/memory.min': '134217728\n',
        'system.slice/oomwatchd.service/memory.swap.max': 'max\n',
      },
    });

  it('is worth no more than the slice has', () => {
    expect(inSlice('0')).toMatchObject([{ name: 'memory_min', found: '128 MiB, but a parent has 0 MiB' }]);
    expect(inSlice('134217728')).toEqual([]);
    expect(inSlice('max')).toEqual([]);
  });
});

describe('beside a daemon that runs', () => {
  const SHELL = {
    ...{ 'self/cgroup': '0::/user.slice\n', 'self/limits': limitsText('8388608', '1024'), 'self/oom_score_adj': '0\n' },
    'self/status': selfStatus('0000000000000000'),
  };
  const DAEMON = {
    ...{ '812/cgroup': '0::/oomwatchd.service\n', '812/limits': limitsText('unlimited', '65536') },
    '812/oom_score_adj': '-1000\n',
  };
  const OWN = ['memlock_limit', 'file_limit', 'own_swap', 'memory_min', 'memory_max', 'own_oom_score_adj'];
  /** What is told of its own, as `doctor` has it from a shell. */
  const own = (subject: Subject, changes: FakeTree = {}): string[] => {
    const files = { ...SHELL, ...DAEMON, swaps: fixture('swaps-zram-6.12').toString(), ...changes.files };
    const cgroup = { 'user.slice/memory.min': '0\n', 'user.slice/memory.max': 'max\n', ...changes.cgroup };
    const proc = fakeProc(merge({ files, cgroup }));
    const found = probe(proc.roots, ALL_WORK, subject).filter(({ name }) => OWN.includes(name));
    proc.remove();
    return found.map((each) => `${each.status} ${each.name} ${each.found}`).sort();
  };
  const daemon: Subject = { directory: '812', name: 'daemon 812' };

  it('its cgroup, limits and oom_score_adj count, and not those of the shell', () => {
    expect(own(daemon)).toEqual([
      'ok file_limit 65536 (daemon 812)',
      'ok memlock_limit max (daemon 812)',
      'ok memory_max max (daemon 812, /oomwatchd.service)',
      'ok memory_min 128 MiB (daemon 812, /oomwatchd.service)',
      'ok own_oom_score_adj -1000 (daemon 812)',
      'ok own_swap forbidden (daemon 812, /oomwatchd.service)',
    ]);
  });

  it('what it lacks is told as its own', () => {
    const lacking = own(daemon, { cgroup: { 'oomwatchd.service/memory.min': '0\n' } });
    expect(lacking).toContain('warn memory_min 0 MiB (daemon 812, /oomwatchd.service)');
    // That it sets it at its start is no comfort any more.
    const files = { 'self/status': selfStatus(), '812/oom_score_adj': '0\n' };
    expect(own(daemon, { files })).toContain('warn own_oom_score_adj 0 (daemon 812)');
  });

  it('says of a shell that it is one', () => {
    expect(own({ directory: 'self', name: 'this shell' })).toEqual([
      'ok memory_max max (this shell, /user.slice)',
      'warn file_limit 1024 (this shell)',
      'warn memlock_limit 8 MiB (this shell)',
      'warn memory_min 0 MiB (this shell, /user.slice)',
      'warn own_oom_score_adj 0 (this shell)',
      'warn own_swap allowed (this shell, /user.slice)',
    ]);
  });

  it('says nothing of a cgroup that our cgroup namespace does not have', () => {
    const outside = own(daemon, { files: { '812/cgroup': '0::/../../system.slice/oomwatchd.service\n' } });
    expect(outside.filter((each) => each.includes('memory_'))).toEqual([]);
  });
});

describe('cgroup layouts', () => {
  it.each(['v1', 'hybrid'])('%s cannot reserve memory', (mode) => {
    const files = {
      'self/mountinfo': fixture(`mountinfo-${mode}-5.10`).toString(),
      'self/cgroup': fixture(`pid-cgroup-${mode}-5.10`).toString(),
    };
    expect(complaints({ files })).toMatchObject([{ name: 'cgroup', found: mode }]);
  });

  it('none at all leaves units unknown', () => {
    const files = { 'self/mountinfo': '21 1 0:19 / /proc rw - proc proc rw\n' };
    expect(names(complaints({ files }))).toEqual(['cgroup warn']);
  });
});

describe('swap', () => {
  const swaps = fixture('swaps-zram-6.12').toString();

  it('may not take our own heap', () => {
    expect(complaints({ files: { swaps } })).toEqual([]);
    const found = complaints({ files: { swaps }, cgroup: { 'oomwatchd.service/memory.swap.max': 'max\n' } });
    expect(names(found)).toEqual(['own_swap warn']);
  });

  it('is told by device and size', () => {
    const proc = fakeProc(merge({ files: { swaps } }));
    const finding = probe(proc.roots, ALL_WORK).find(({ name }) => name === 'swap');
    proc.remove();
    expect(finding).toMatchObject({
      found: expect.stringContaining('/dev/zram0 8191 MiB'),
      meaning: expect.stringMatching(/compressed/),
    });
  });
});

describe('another OOM daemon', () => {
  const kthreadd = GOOD_HOST.processes ?? [];
  const running = (comm: string, exe: string | null) =>
    complaints({ processes: [...kthreadd, { pid: 700, comm, exe }, { pid: 701, comm: 'bash', exe: '/usr/bin/bash' }] });

  it.each([
    ['earlyoom', '/usr/bin/earlyoom', 'systemctl disable --now earlyoom.service'],
    ['earlyoom', '/usr/bin/earlyoom (deleted)', 'systemctl disable --now earlyoom.service'],
    ['nohang', '/usr/bin/python3.11', 'systemctl disable --now nohang.service'],
    ['systemd-oomd', null, 'systemctl disable --now systemd-oomd.service systemd-oomd.socket'],
    ['low-memory-moni', '/usr/libexec/low-memory-monitor', 'systemctl disable --now low-memory-monitor.service'],
  ])('%s with exe %s is named with its remedy', (comm, exe, remedy) => {
    expect(running(comm, exe)).toMatchObject([{ name: 'other_oom_daemon', found: `${comm} (pid 700)`, remedy }]);
  });

  it('is not every process that calls itself so', () => {
    expect(running('earlyoom', '/opt/eve/miner')).toEqual([]);
    expect(running('earlyoom-not', '/usr/bin/earlyoom-not')).toEqual([]);
  });
});
