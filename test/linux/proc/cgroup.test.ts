import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CgroupMode, cgroupLayoutOf } from '../../../src/linux/proc/cgroup-mode.ts';
import { type Mount, parseMountinfo } from '../../../src/linux/proc/mountinfo.ts';
import { parsePidCgroup } from '../../../src/linux/proc/pid-cgroup.ts';
import { bytes, fixtureText } from './format.ts';

const pathIn = (text: string, mode: CgroupMode) => parsePidCgroup(bytes(text), text.length, mode);

describe('parsePidCgroup', () => {
  it.each([
    ['pid-cgroup-v2-6.12', 'v2'],
    ['pid-cgroup-hybrid-5.10', 'hybrid'],
    ['pid-cgroup-v1-5.10', 'v1'],
  ] as const)('finds the path in %s', (name, mode) => {
    expect(pathIn(fixtureText(name), mode)).toBe('/system.slice/ssh.service');
  });

  it('on v2 ignores a v1 hierarchy that somebody mounted as "systemd"', () => {
    const text = '1:name=systemd:/\n0::/system.slice/cron.service\n';
    expect(pathIn(text, 'v2')).toBe('/system.slice/cron.service');
    expect(pathIn(text, 'hybrid')).toBe('/');
  });

  it('takes what there is when systemd keeps no v1 tree', () => {
    expect(pathIn('4:memory:/docker/ab\n0::/docker/ab\n', 'hybrid')).toBe('/docker/ab');
    expect(pathIn('4:memory:/docker/ab\n', 'v1')).toBe('');
    expect(pathIn('', 'v2')).toBe('');
  });

  it('keeps colons and UTF-8, and drops the mark of a removed cgroup', () => {
    expect(pathIn('0::/a:b/c:\n', 'v2')).toBe('/a:b/c:');
    expect(pathIn('1:name=systemd:/x:name=systemd:/y\n', 'v1')).toBe('/x:name=systemd:/y');
    expect(pathIn('0::/caf\xc3\xa9 (deleted)\n', 'v2')).toBe('/café');
  });

  it('gives no cut path', () => {
    const text = fixtureText('pid-cgroup-v2-6.12');
    for (let len = 0; len < text.length; len++) expect(parsePidCgroup(bytes(text), len, 'v2')).toBe('');
  });

  it('is broken by no bytes', () => {
    const mode = fc.constantFrom<CgroupMode>('v1', 'v2', 'hybrid', 'none');
    fc.assert(
      fc.property(fc.uint8Array(), mode, (buf, each) => typeof parsePidCgroup(buf, buf.length, each) === 'string'),
    );
  });
});

const mountsOf = (name: string): Mount[] => {
  const mounts: Mount[] = [];
  expect(parseMountinfo(fixtureText(name), mounts)).toBeNull();
  return mounts;
};

describe('cgroupLayoutOf', () => {
  it.each([
    ['mountinfo-v1-5.10', { mode: 'v1', v2Point: '' }],
    ['mountinfo-hybrid-5.10', { mode: 'hybrid', v2Point: '/sys/fs/cgroup/unified' }],
    ['mountinfo-v2-elsewhere-6.12', { mode: 'v2', v2Point: '/cg' }],
  ])('reads the layout in %s', (name, layout) => expect(cgroupLayoutOf(mountsOf(name))).toEqual(layout));

  it('calls it v2 whatever else is mounted, once cgroup2 is on /sys/fs/cgroup', () => {
    const mount = (point: string, type: string): Mount => ({
      ...{ id: 1, device: '0:1', root: '/', point, type, source: type, options: [] },
    });
    const v2 = mount('/sys/fs/cgroup', 'cgroup2');
    expect(cgroupLayoutOf([v2, mount('/run/vpn/net_cls', 'cgroup')]).mode).toBe('v2');
    expect(cgroupLayoutOf([mount('/sys/fs/cgroup', 'tmpfs'), v2]).mode).toBe('v2');
    expect(cgroupLayoutOf([]).mode).toBe('none');
  });
});

describe('parseMountinfo', () => {
  it('reads options of both kinds, and blanks in paths', () => {
    const mounts = mountsOf('mountinfo-hidepid-5.10');
    expect(mounts.find(({ type }) => type === 'proc')).toEqual({
      id: expect.any(Number),
      device: expect.stringMatching(/^0:\d+$/),
      root: '/',
      point: '/proc',
      type: 'proc',
      source: 'proc',
      options: ['rw', 'relatime', 'rw', 'gid=7', 'hidepid=invisible'],
    });
    expect(mounts.map(({ point }) => point)).toContain('/tmp/a b');
  });

  it('passes over any number of optional fields', () => {
    const mounts: Mount[] = [];
    const text = '21 1 0:19 / /proc rw,nosuid shared:5 master:1 propagate_from:2 - proc proc rw\n';
    expect(parseMountinfo(text, mounts)).toBeNull();
    expect(mounts[0]).toMatchObject({ point: '/proc', type: 'proc' });
  });

  it('names a line that it cannot read', () => {
    expect(parseMountinfo('21 1 0:19 / /proc rw\n', [])).toMatchObject({
      field: 'mount',
      line: '21 1 0:19 / /proc rw',
    });
    expect(parseMountinfo('21 1 0:19 /', [])?.field).toBe('last line');
    fc.assert(fc.property(fc.string(), (text) => parseMountinfo(text, []) !== undefined));
  });
});
