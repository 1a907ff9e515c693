/** The texts of the kernel that tell who holds memory, and texts that no kernel writes. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseArcstats } from '../../../src/linux/holders/arcstats.ts';
import { parseBalance } from '../../../src/linux/holders/balance.ts';
import { chargedKiB } from '../../../src/linux/holders/cgroup-charges.ts';
import { parseSlabinfo } from '../../../src/linux/holders/slabinfo.ts';
import { parseSysvShm } from '../../../src/linux/holders/sysv-shm.ts';
import { fixture } from '../../support/fake-proc.ts';

const SLABINFO = `slabinfo - version: 2.1
# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab> : tunables <limit> <batchcount> <sharedfactor> : slabdata <active_slabs> <num_slabs> <sharedavail>
dentry            812448 812448    192   21    1 : tunables    0    0    0 : slabdata  38688  38688      0
kmalloc-8k           120    128   8192    4    8 : tunables    0    0    0 : slabdata     30     32      0
:a-0000104             0      0    104   39    1 : tunables    0    0    0 : slabdata      0      0      0
`;
const SHM = `       key      shmid perms                  size  cpid  lpid nattch   uid   gid  cuid  cgid      atime      dtime      ctime                   rss                  swap
-1234567890      32769  1600             134217728   211   300      2    26    26    26    26 1764079000 1764079000 1764079000             125829120               8388608
         0          1   600                  4096   211   211      0     0     0     0     0 1764079000          0 1764079000                     0                     0
`;

describe('/proc/slabinfo', () => {
  it('gives each cache the pages of all its slabs', () => {
    expect(parseSlabinfo(SLABINFO, 4)).toEqual([
      { kind: 'slab_cache', name: 'dentry', sizeKiB: 38_688 * 4 },
      { kind: 'slab_cache', name: 'kmalloc-8k', sizeKiB: 32 * 8 * 4 },
      { kind: 'slab_cache', name: ':a-0000104', sizeKiB: 0 },
    ]);
  });

  it('counts in pages of the machine', () => {
    expect(parseSlabinfo(SLABINFO, 64)[0]?.sizeKiB).toBe(38_688 * 64);
  });
});

describe('/proc/sysvipc/shm', () => {
  it('gives each segment what is resident of it, and whom to ask', () => {
    expect(parseSysvShm(SHM)).toEqual([
      { kind: 'sysv_segment', name: 'shmid 32769 of uid 26, made by pid 211, 2 attached', sizeKiB: 120 * 1024 },
      { kind: 'sysv_segment', name: 'shmid 1 of uid 0, made by pid 211, 0 attached', sizeKiB: 0 },
    ]);
  });
});

describe('arcstats of ZFS', () => {
  const ARC = `13 1 0x01 123 33456 5000000 9000000
name                            type data
c_min                           4    1073741824
c_max                           4    17179869184
size                            4    8589934592
overhead_size                   4    12
`;
  it('gives the size, and how far it shrinks', () => {
    expect(parseArcstats(ARC)).toEqual([{ kind: 'arc', name: 'ZFS, shrinks to 1024 MiB', sizeKiB: 8 * 1024 * 1024 }]);
  });

  it('is nothing without a size', () => {
    expect(parseArcstats(ARC.replace(/^size .*$/m, ''))).toEqual([]);
  });
});

describe('/proc/meminfo as a balance', () => {
  it.each(['5.10', '6.1', '6.12', '6.18', '7.2'])(
    'leaves little unaccounted on a host of %s without such drivers',
    (version) => {
      const balance = parseBalance(fixture(`meminfo-${version}`).toString());
      expect(balance.unaccountedKiB).toBeGreaterThanOrEqual(0);
      expect(balance.unaccountedKiB).toBeLessThan(balance.memTotalKiB * 0.05);
    },
  );

  it('is what is left of MemTotal', () => {
    const lines = [
      ...['MemTotal: 1000', 'MemFree: 100', 'Buffers: 10', 'Cached: 200', 'SwapCached: 5', 'AnonPages: 300'],
      ...['Shmem: 150', 'Slab: 50', 'KernelStack: 8', 'PageTables: 12', 'Percpu: 3', 'VmallocUsed: 2', 'Hugetlb: 20'],
    ];
    const text = lines.map((line) => `${line} kB\n`).join('');
    expect(parseBalance(text)).toEqual({ memTotalKiB: 1000, shmemKiB: 150, pageTablesKiB: 12, unaccountedKiB: 290 });
    expect(parseBalance(text.replace('Buffers', 'Bluffers')).unaccountedKiB).toBe(-1);
  });
});

describe('memory.stat', () => {
  it('is charged for shmem and for slab that cannot be reclaimed', () => {
    const text =
      'anon 99\nfile 4096\nkernel 9\nshmem 2097152\nfile_mapped 1\nslab_reclaimable 77\nslab_unreclaimable 1048576\nslab 5\n';
    expect(chargedKiB(text)).toBe(3072);
  });
});

it('nothing that a file may hold makes a parser throw, or gives a holder a size that is no number', () => {
  const line = fc.oneof(
    fc.string(),
    fc.constantFrom(
      ...SLABINFO.split('\n'),
      ...SHM.split('\n'),
      'size 4 12',
      'shmem 9999999999999999999',
      'MemTotal: 1 kB',
    ),
  );
  fc.assert(
    fc.property(fc.array(line), (lines) => {
      const text = lines.join('\n');
      const found = [...parseSlabinfo(text, 4), ...parseSysvShm(text), ...parseArcstats(text)];
      for (const { sizeKiB } of found) expect(sizeKiB).toBeGreaterThanOrEqual(0);
      expect(chargedKiB(text)).toBeGreaterThanOrEqual(0);
      expect(parseBalance(text).unaccountedKiB).toBeGreaterThanOrEqual(-1);
    }),
  );
});
