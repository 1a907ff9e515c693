/** Mounts, files without a name, cgroups: what the readers ask of the file system, and what they make of the answers. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Holder } from '../../../src/core/holder.ts';
import { readCgroupCharges } from '../../../src/linux/holders/cgroup-charges.ts';
import { readHugePages } from '../../../src/linux/holders/huge-pages.ts';
import { readMappers } from '../../../src/linux/holders/mappers.ts';
import { createPatience } from '../../../src/linux/holders/patience.ts';
import { findSharedFiles, isNameless } from '../../../src/linux/holders/shared-files.ts';
import { readTmpfs } from '../../../src/linux/holders/tmpfs.ts';
import { type FakeProc, fakeProc, fixture } from '../../support/fake-proc.ts';

const TMPFS = { type: 0x01021994, bsize: 4096, blocks: 1000 };

describe('tmpfs mounts', () => {
  const MOUNTS = [
    '30 1 0:26 / /dev/shm rw - tmpfs tmpfs rw',
    '31 1 0:27 / /run rw - tmpfs tmpfs rw',
    '32 1 0:27 / /var/run rw - tmpfs tmpfs rw',
    '33 1 8:1 / /run rw - ext4 /dev/sda1 rw',
    '34 1 0:28 / /with\\040blank rw - tmpfs tmpfs rw',
    '35 1 0:29 / /gone rw - tmpfs tmpfs rw',
    '36 1 0:30 / /covered rw - tmpfs tmpfs rw',
  ];
  const read = (seen = new Set<string>()) => {
    const asked: string[] = [];
    const io = {
      readFile: async (path: string) => (path === '/proc/1/mountinfo' ? `${MOUNTS.join('\n')}\n` : ''),
      statfs: async (path: string) => {
        asked.push(path);
        if (path.endsWith('/gone')) throw new Error('ENOENT');
        return path.endsWith('/covered') ? { ...TMPFS, type: 0xef53, bfree: 0 } : { ...TMPFS, bfree: 500 };
      },
    };
    const view = { pid: '1', root: '/proc/1/root', suffix: ' in pid 1 (x)' };
    return readTmpfs(io, '/proc', view, seen).then((found) => ({ found, asked }));
  };

  it('are told once each, where they can be seen, with what is used of them', async () => {
    const { found, asked } = await read();
    expect(found).toEqual(
      ['/dev/shm', '/var/run', '/with blank'].map((point) => ({
        kind: 'tmpfs',
        name: `${point} in pid 1 (x)`,
        sizeKiB: 2000,
      })),
    );
    expect(asked).toContain('/proc/1/root/dev/shm');
    expect(asked).not.toContain('/proc/1/root/run');
  });

  it('that another view has told are passed over', async () => {
    expect((await read(new Set(['0:26', '0:27']))).found.map(({ name }) => name)).toEqual(['/with blank in pid 1 (x)']);
  });
});

describe('files without a name', () => {
  it.each([
    ['/memfd:heap (deleted)', true],
    ['/dev/shm/x (deleted)', true],
    ['/dev/shm/x', false],
    ['/dev/shmoo (deleted)', false],
    ['/var/log/x (deleted)', false],
    ['socket:[12]', false],
  ])('%s: %s', (link, is) => expect(isNameless(link, ['/dev/shm'])).toBe(is));

  it('are told of the first who has them open, until time is up', async () => {
    const links: Record<string, string> = {
      '/proc/7/fd/3': '/memfd:heap (deleted)',
      '/proc/7/fd/4': 'socket:[1]',
      '/proc/8/fd/3': '/memfd:heap (deleted)',
      '/proc/8/fd/5': '/dev/shm/old (deleted)',
      '/proc/9/fd/1': '/memfd:late (deleted)',
    };
    let listed = 0;
    const io = {
      list: async (path: string) => {
        listed++;
        if (path === '/proc/6/fd') throw new Error('ENOENT');
        return Object.keys(links).flatMap((link) => (link.startsWith(`${path}/`) ? [link.slice(path.length + 1)] : []));
      },
      readlink: async (path: string) => links[path] ?? '',
      stat: async (path: string) => ({ dev: 1, ino: path === '/proc/8/fd/5' ? 2 : 1, blocks: 2048 }),
    };
    const found = new Map<string, Holder>();
    const search = (pids: number[], most: number) =>
      findSharedFiles(
        io,
        '/proc',
        pids,
        ['/dev/shm'],
        (pid) => `p${pid}`,
        () => listed >= most,
        found,
      );
    expect(await search([6, 7, 8, 9], 3)).toBe(3);
    expect([...found.values()]).toEqual([
      { kind: 'memfd', name: 'pid 7 (p7) memfd:heap', sizeKiB: 1024 },
      { kind: 'memfd', name: 'pid 8 (p8) /dev/shm/old (deleted)', sizeKiB: 1024 },
    ]);
  });
});

describe('cgroups', () => {
  const TREE: Record<string, [number, number]> = {
    '/a.slice': [900, 800],
    '/a.slice/db.service': [700, 700],
    '/a.slice/db.service/x': [350, 350],
    '/a.slice/db.service/y': [350, 350],
    '/b.slice': [100, 1],
    '/bad': [Number.NaN, 0],
  };
  const MIB = 1024 * 1024;
  const io = {
    listFolders: async (path: string) =>
      Object.keys(TREE).flatMap((name) =>
        name.startsWith(`${path.slice(3)}/`) && !name.slice(path.length - 2).includes('/')
          ? [name.slice(path.length - 2)]
          : [],
      ),
    readFile: async (path: string) => {
      const [, name, file] = /^\/cg(.*)\/(memory\.\w+)$/.exec(path) ?? [];
      const [current, shmem] = TREE[name ?? ''] ?? [0, 0];
      return file === 'memory.current' ? `${current * MIB}\n` : `anon 5\nshmem ${shmem * MIB}\n`;
    },
  };

  it('are told by the deepest that has most of the charge', async () => {
    expect(await readCgroupCharges(io, '/cg', 10 * 1024)).toEqual([
      { kind: 'cgroup', name: '/a.slice/db.service', sizeKiB: 700 * 1024 },
      { kind: 'cgroup', name: '/b.slice', sizeKiB: 1024 },
    ]);
  });
});

describe('on a fake host', () => {
  let fake: FakeProc | null = null;
  afterEach(() => fake?.remove());

  it('pools of huge pages are told with what is free in them', async () => {
    const pool = 'kernel/mm/hugepages/hugepages-2048kB';
    const sys = {
      [`${pool}/nr_hugepages`]: '512\n',
      [`${pool}/free_hugepages`]: '500\n',
      [`${pool}/resv_hugepages`]: 'x',
      'kernel/mm/hugepages/odd/nr_hugepages': '1\n',
    };
    fake = fakeProc({ sys });
    const name = '512 pages of 2048 kB, 500 free, 0 of them reserved';
    expect(await readHugePages(fake.roots.sys)).toEqual([{ kind: 'hugetlb', name, sizeKiB: 1024 * 1024 }]);
  });

  it('who maps shared memory and who has page tables is read from status', async () => {
    const status = fixture('status-node-6.18')
      .toString()
      .replace(/^RssShmem:.*$/m, 'RssShmem:\t    4096 kB');
    const read = async (path: string) => {
      if (path !== '/proc/7/status') throw new Error('ESRCH');
      return Buffer.from(status);
    };
    const { shared, pageTables } = await readMappers(read, '/proc', [6, 7]);
    expect(shared).toEqual([{ kind: 'process', name: expect.stringMatching(/^pid 7 \(.+\) maps$/), sizeKiB: 4096 }]);
    expect(pageTables[0]).toMatchObject({ kind: 'page_tables', sizeKiB: expect.any(Number) });
  });
});

describe('patience', () => {
  afterEach(() => void vi.useRealTimers());
  const forEver = (): Promise<string> => new Promise(() => undefined);

  it('goes on without what hangs, names it, and does not begin it again before it returns', async () => {
    vi.useFakeTimers();
    const patience = createPatience(1000, () => performance.now());
    let end = (_: string): void => undefined;
    const slow = () =>
      new Promise<string>((resolve) => {
        end = resolve;
      });
    const asked = patience.ask('slabinfo', slow, 'absent');
    expect(patience.isWaiting()).toBe(true);
    await vi.advanceTimersByTimeAsync(1000);
    expect(await asked).toBe('absent');
    expect(patience.hanging(0)).toEqual(['slabinfo']);
    expect(await patience.ask('slabinfo', async () => 'again', 'absent')).toBe('absent');
    expect(await patience.ask('other', async () => 'there', 'absent')).toBe('there');
    end('late');
    await vi.advanceTimersByTimeAsync(0);
    expect(patience.hanging(0)).toEqual([]);
    expect(patience.isWaiting()).toBe(false);
    expect(await patience.ask('slabinfo', async () => 'again', 'absent')).toBe('again');
  });

  it('lets two hang, no more: their threads are needed', async () => {
    vi.useFakeTimers();
    const patience = createPatience(1000, () => performance.now());
    const two = [patience.ask('a', forEver, ''), patience.ask('b', forEver, '')];
    await vi.advanceTimersByTimeAsync(1000);
    await Promise.all(two);
    expect(await patience.ask('c', async () => 'there', 'absent')).toBe('absent');
  });

  it('takes a failure for nothing to tell', async () => {
    const patience = createPatience(1000, () => performance.now());
    expect(await patience.ask('zfs', () => Promise.reject(new Error('ENOENT')), 'absent')).toBe('absent');
    expect(patience.isWaiting()).toBe(false);
  });
});
