import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { unitOf } from '../../../src/linux/proc/unit-of.ts';

const USER = '/user.slice/user-1000.slice/user@1000.service';

describe('unitOf', () => {
  it.each([
    ['/system.slice/ssh.service', 'ssh.service'],
    ['/init.scope', 'init.scope'],
    ['/system.slice/system-getty.slice/getty@tty1.service', 'getty@tty1.service'],
    ['/user.slice/user-1000.slice/session-3.scope', 'session-3.scope'],
    ['/system.slice/postgresql@14-main.service/worker', 'postgresql@14-main.service'],
    ['/system.slice/mnt-data.mount', 'mnt-data.mount'],
    ['/system.slice/systemd-fsck@dev-disk-by\\x2duuid.service', 'systemd-fsck@dev-disk-by\\x2duuid.service'],
    ['/kubepods.slice/kubepods-pod1.slice/cri-containerd-abc.scope', 'cri-containerd-abc.scope'],
    ['/system.slice/_cpu.service', 'cpu.service'],
    ['//system.slice//ssh.service/', 'ssh.service'],
  ])('finds the unit of %s', (path, unit) => expect(unitOf(path)).toBe(unit));

  it.each(['', '/', '/user.slice', '/system.slice/', '/getty', '/getty@.service', '/@x.service', '/.service', '/a.b'])(
    'finds none in %j',
    (path) => expect(unitOf(path)).toBe(''),
  );

  it.each([
    ['a user who calls his own cgroup so', `${USER}/ssh.service`, 'user@1000.service'],
    ['a user who makes slices too', `${USER}/system.slice/ssh.service`, 'user@1000.service'],
    ['a unit of a user manager', `${USER}/app.slice/ssh.service`, 'user@1000.service'],
    [
      'a container with a systemd inside',
      '/system.slice/docker-ab12.scope/system.slice/ssh.service',
      'docker-ab12.scope',
    ],
    ['a podman container', '/machine.slice/libpod-9f.scope/container/system.slice/ssh.service', 'libpod-9f.scope'],
    ['nspawn', '/machine.slice/systemd-nspawn@x.service/payload/system.slice/ssh.service', 'systemd-nspawn@x.service'],
    ['a service that delegates to itself', '/system.slice/ci.service/ssh.service', 'ci.service'],
    ['a container of the cgroupfs driver', '/docker/ab12/system.slice/ssh.service', ''],
    ['an LXC container', '/lxc.payload.web/system.slice/ssh.service', ''],
    ['a neighbour outside a cgroup namespace', '/../ssh.service', ''],
    ['the way around by ".."', '/system.slice/evil.service/../ssh.service', ''],
    ['a template', '/ssh@.service/ssh.service', ''],
    ['a name with a blank', '/ssh .service/ssh.service', ''],
    ['a name with a newline', '/x\n.service/ssh.service', ''],
    ['a name in other letters', '/ѕsh.service', ''],
    ['a slice with an instance', '/a@b.slice/ssh.service', ''],
    ['a name too long for a unit', `/${'a'.repeat(250)}.service`, ''],
  ])('gives no false unit to %s', (_, path, unit) => expect(unitOf(path)).toBe(unit));

  it('never depends on what is below the first unit', () => {
    const below = fc.array(fc.constantFrom('ssh.service', 'system.slice', 'x', 'init.scope', 'a.socket'));
    fc.assert(fc.property(below, (components) => unitOf(`${USER}/${components.join('/')}`) === 'user@1000.service'));
  });

  it('never throws, and gives a plain name or nothing', () => {
    fc.assert(fc.property(fc.string(), (path) => /^$|^[A-Za-z0-9:_.\\@-]+$/.test(unitOf(path))));
  });
});
