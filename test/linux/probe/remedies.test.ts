/** A remedy that is on and could not be carried out is told before it is needed. */
import { expect, it } from 'vitest';
import type { RemediesPolicy } from '../../../src/core/policy.ts';
import { installDropIn } from '../../../src/linux/probe/drop-in.ts';
import { CAPABILITY, type Host, MYSELF } from '../../../src/linux/probe/host.ts';
import { probeRemedies } from '../../../src/linux/probe/remedies.ts';
import { REAL_ROOTS } from '../../../src/linux/root.ts';
import { defaultPolicy } from '../../support/policy.ts';

const OFF = defaultPolicy().remedies;
const ALL: RemediesPolicy = { ...OFF, thawCgroup: true, thawFileSystem: true, abortFuse: true, liftMemoryHigh: true };
const bits = (...of: number[]): bigint => of.reduce((sum, bit) => sum | (1n << BigInt(bit)), 0n);
const host = (effectiveCapabilities: bigint, v2Point = '/sys/fs/cgroup'): Host => ({
  ...{
    roots: REAL_ROOTS,
    subject: MYSELF,
    euid: 0,
    groups: [],
    effectiveCapabilities,
    mounts: [],
    cgroupDirectory: '',
  },
  cgroups: { mode: 'v2', v2Point },
});
const WHOLE = host(bits(CAPABILITY.SYS_ADMIN, CAPABILITY.DAC_OVERRIDE));
const said = (remedies: RemediesPolicy, on: Host, can: (path: string) => boolean) =>
  probeRemedies(remedies, on, can).map(({ name, status, found }) => `${status} ${name}: ${found}`);

it('says nothing of remedies that are off', () => expect(said(OFF, host(0n), () => false)).toEqual([]));

it('is content where all can be written', () =>
  expect(said(ALL, WHOLE, () => true)).toEqual(
    ['thaw_cgroup', 'thaw_file_system', 'fuse_abort', 'lift_memory_high'].map((key) => `ok remedy_${key}: can be done`),
  ));

it('names what the sandbox of the unit takes away, and the drop-in that gives it back', () => {
  expect(said(ALL, host(0n), () => false)).toEqual([
    'warn remedy_thaw_cgroup: /sys/fs/cgroup is not writable',
    'warn remedy_thaw_file_system: no CAP_SYS_ADMIN, which FITHAW asks for',
    'warn remedy_fuse_abort: /sys/fs/fuse/connections is not mounted, or not writable',
    'warn remedy_lift_memory_high: /sys/fs/cgroup is not writable',
  ]);
  expect(probeRemedies(ALL, host(0n), () => false)[0]?.remedy).toContain(installDropIn('remedies'));
});

it('connections of users take a capability, memory.high takes cgroup v2', () => {
  expect(said({ ...OFF, abortFuse: true }, host(0n), () => true)[0]).toContain('no CAP_DAC_OVERRIDE');
  expect(said({ ...OFF, liftMemoryHigh: true }, host(0n, ''), () => true)).toEqual([
    'warn remedy_lift_memory_high: no cgroup v2',
  ]);
});
