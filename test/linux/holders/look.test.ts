/** The whole look, on a fake /proc with the true file systems below it. */
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { afterEach, expect, it } from 'vitest';
import { createLook, largest } from '../../../src/linux/holders/look.ts';
import { createPatience } from '../../../src/linux/holders/patience.ts';
import { type FakeProc, fakeProc } from '../../support/fake-proc.ts';

const TMPFS_MAGIC = 0x01021994;
const MIB = 1024;
let fake: FakeProc | null = null;
let folder = '';
afterEach(() => {
  fake?.remove();
  fake = null;
  if (folder !== '') rmSync(folder, { recursive: true, force: true });
});

const lookOn = ({ roots }: FakeProc, cgroup2 = '') =>
  createLook(
    { roots, cgroup2, pageKiB: 4, nowMs: () => performance.now() },
    { pids: () => [7], commOf: () => 'java' },
    createPatience(1000, () => performance.now()),
  );

it('names a tmpfs of this machine by its size, besides slab and a cgroup', async (context) => {
  if (statfsSync('/dev/shm').type !== TMPFS_MAGIC) context.skip('/dev/shm is no tmpfs here');
  folder = mkdtempSync('/dev/shm/oomwatchd-test-');
  writeFileSync(`${folder}/file`, Buffer.alloc(4 * MIB * MIB, 1));
  fake = fakeProc({
    meminfo: { MemTotal: 100 * MIB, Shmem: 4 * MIB },
    files: {
      'self/mountinfo': '30 1 0:26 / /dev/shm rw - tmpfs tmpfs rw\n',
      slabinfo: `x 1 1 1 1 1 : tunables 0 0 0 : slabdata 1 512 0\ntiny 1 1 1 1 1 : tunables 0 0 0 : slabdata 1 2 0\n`,
    },
    cgroup: { 'a/memory.current': '9000000\n', 'a/memory.stat': `shmem ${8 * MIB * MIB}\n` },
    processes: [{ pid: 7, rssKiB: MIB }],
  });
  const found = await lookOn(fake, fake.roots.cgroup)();
  expect(found).toContainEqual({ kind: 'slab_cache', name: 'x', sizeKiB: 2 * MIB });
  expect(found).toContainEqual({ kind: 'cgroup', name: '/a', sizeKiB: 8 * MIB });
  expect(found.find(({ kind, name }) => kind === 'tmpfs' && name === '/dev/shm')?.sizeKiB).toBeGreaterThanOrEqual(
    4 * MIB,
  );
  expect(found.map(({ name }) => name)).not.toContain('tiny');
});

it('finds nothing, and fails at nothing, where there is nothing to read', async () => {
  fake = fakeProc({ meminfo: '' });
  expect(await lookOn(fake)()).toEqual([]);
});

it('keeps the largest, three of a kind and ten in all', () => {
  const kinds = ['tmpfs', 'slab_cache', 'memfd', 'cgroup'] as const;
  const found = kinds.flatMap((kind, k) =>
    Array.from({ length: 5 }, (_, i) => ({ kind, name: `${kind}${i}`, sizeKiB: 100 * (i + 1) + k })),
  );
  const kept = largest(found, 200);
  expect(kept).toHaveLength(10);
  expect(kept[0]).toEqual({ kind: 'cgroup', name: 'cgroup4', sizeKiB: 503 });
  for (const kind of kinds) expect(kept.filter((holder) => holder.kind === kind).length).toBeLessThanOrEqual(3);
  expect(kept.every(({ sizeKiB }) => sizeKiB >= 200)).toBe(true);
});
