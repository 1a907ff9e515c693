import { describe, expect, test } from 'vitest';
import { BUILTIN_PROTECTION, builtinRules } from '../../src/config/builtin-protection.ts';
import { checkUnit } from '../../src/config/schema/pattern.ts';
import { clearSlot, createProcessTable, FLAG } from '../../src/core/process-table.ts';
import { applyPolicy } from '../../src/core/select/policy-match.ts';
import { ABSENT } from '../../src/core/units.ts';
import { unitOf } from '../../src/linux/proc/unit-of.ts';
import { defaultPolicy } from '../support/policy.ts';

interface Process {
  cgroup?: string;
  exe?: string;
  /** Whether exe is the host's own file; a namesake in a container is not. */
  hostFile?: boolean;
  uid?: number;
  comm?: string;
}

/** The rule that protects a process under the default policy, "" when none does. */
const protectorOf = ({ cgroup = '', exe = '', hostFile = true, uid = 0, comm = 'x' }: Process): string => {
  const policy = defaultPolicy().select;
  const table = createProcessTable(1);
  clearSlot(table, 0, 100);
  table.cgroup[0] = cgroup;
  table.unit[0] = unitOf(cgroup);
  table.exe[0] = exe;
  table.uid[0] = uid;
  table.comm[0] = comm;
  table.flags[0] = hostFile ? FLAG.EXE_VERIFIED : 0;
  applyPolicy(policy, table, 0);
  const index = table.protectRule[0] ?? ABSENT;
  return index === ABSENT ? '' : (policy.rules[index]?.id ?? '');
};

describe('the list', () => {
  test('never goes by comm, and every entry has a reason, a criterion and a name of its own', () => {
    const rules = builtinRules();
    expect(new Set(rules.map(({ id }) => id)).size).toBe(rules.length);
    for (const rule of rules) {
      expect(rule).toMatchObject({ action: 'protect', points: 0, comm: [], cgroup: [] });
      expect(rule.reason.length).toBeGreaterThan(10);
      expect(rule.unit.length + rule.exe.length).toBeGreaterThan(0);
    }
  });

  test('asks for root wherever a program alone decides, as anybody can start one with a library of his own', () => {
    for (const { name, unit, exe, root } of BUILTIN_PROTECTION) {
      if (exe !== undefined && unit === undefined) expect(root, name).toBe(true);
    }
  });

  test('holds only names that can exist', () => {
    for (const { unit = [], exe = [] } of BUILTIN_PROTECTION) {
      for (const name of unit) expect(checkUnit(name), name).toBe('');
      for (const path of exe) expect(path).toMatch(/^\/(usr|sbin|snap|var\/lib)\//);
    }
  });
});

describe('protected', () => {
  test.each<[string, Process]>([
    ['builtin:init', { cgroup: '/init.scope', exe: '/usr/lib/systemd/systemd' }],
    ['builtin:journald', { cgroup: '/system.slice/systemd-journald.service' }],
    ['builtin:udevd', { cgroup: '/system.slice/systemd-udevd.service/udev' }],
    ['builtin:dbus', { cgroup: '/system.slice/dbus.service', exe: '/usr/bin/dbus-daemon', uid: 100 }],
    ['builtin:logind', { cgroup: '/system.slice/systemd-logind.service' }],
    ['builtin:sshd', { cgroup: '/system.slice/ssh.service', exe: '/usr/sbin/sshd' }],
    ['builtin:sshd', { cgroup: '/user.slice/user-0.slice/session-3.scope', exe: '/usr/lib/openssh/sshd-session' }],
    ['builtin:network', { cgroup: '/system.slice/systemd-networkd.service', uid: 998 }],
    ['builtin:container-runtime', { cgroup: '/system.slice/docker.service', exe: '/usr/bin/dockerd' }],
    ['builtin:container-shim', { cgroup: '/system.slice/containerd.service', exe: '/usr/bin/containerd-shim-runc-v2' }],
    ['builtin:container-shim', { cgroup: '/system.slice/web.service/runtime', exe: '/usr/bin/conmon' }],
    ['builtin:kubelet', { cgroup: '/system.slice/kubelet.service', exe: '/usr/local/bin/kubelet' }],
    ['builtin:k3s-rke2', { cgroup: '/system.slice/k3s.service', exe: '/var/lib/rancher/k3s/data/0af3/bin/k3s' }],
    ['builtin:block-storage', { cgroup: '/system.slice/multipathd.service' }],
    ['builtin:ceph', { cgroup: '/system.slice/system-ceph\\x2dosd.slice/ceph-osd@3.service', uid: 64045 }],
    ['builtin:oomwatchd', { cgroup: '/system.slice/oomwatchd.service', uid: 999 }],
    ['builtin:oom-daemons', { cgroup: '/system.slice/earlyoom.service' }],
  ])('%s: %j', (id, process) => {
    expect(protectorOf(process)).toBe(id);
  });
});

describe('not protected', () => {
  test.each<[string, Process]>([
    ['a process that calls itself sshd', { comm: 'sshd', exe: '/tmp/sshd' }],
    ['sshd started by a user', { exe: '/usr/sbin/sshd', uid: 1000 }],
    ['sshd of a container', { exe: '/usr/sbin/sshd', hostFile: false }],
    [
      'a shell left in ssh.service on a host without pam_systemd',
      { cgroup: '/system.slice/ssh.service', exe: '/bin/bash' },
    ],
    ['a container under the systemd driver', { cgroup: '/system.slice/docker-0123.scope', exe: '/usr/bin/python3' }],
    [
      'a pod that runc put below containerd.service',
      {
        cgroup: '/system.slice/containerd.service/kubepods-burstable-pod1.slice:cri-containerd:2',
        exe: '/usr/bin/java',
      },
    ],
    ['a pod', { cgroup: '/kubepods.slice/kubepods-besteffort.slice/x.slice/cri-containerd-1.scope' }],
    ['a container of podman', { cgroup: '/system.slice/web.service/libpod-payload-1', exe: '/usr/bin/nginx' }],
    ['journald of a container', { cgroup: '/system.slice/docker-1.scope/system.slice/systemd-journald.service' }],
    [
      'a service that a user named after ours',
      { cgroup: '/user.slice/user-5.slice/user@5.service/app.slice/kubelet.service' },
    ],
    ['a shim that runs the workload in itself', { exe: '/opt/kata/bin/containerd-shim-kata-v2' }],
    ['a program that D-Bus has started', { cgroup: '/system.slice/dbus.service', exe: '/usr/libexec/packagekitd' }],
    ['an ordinary service', { cgroup: '/system.slice/nginx.service', exe: '/usr/sbin/nginx' }],
  ])('%s', (_, process) => {
    expect(protectorOf(process)).toBe('');
  });
});
