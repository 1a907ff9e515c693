import { describe, expect, it } from 'vitest';
import { ABSENT, MIB } from '../../../src/core/units.ts';
import { createDirectory, walk } from '../../../src/linux/cgroup/directory.ts';
import type { CgroupIo } from '../../../src/linux/cgroup/entry.ts';
import * as libc from '../../../src/linux/sys/libc.ts';
import { fakeTree, treeOf } from './fake-tree.ts';

/** Descriptors of a removed file stay readable in an ordinary file system: those named here answer as kernfs does. */
const withRemoved = (removed: Set<number>, closed: number[] = []): CgroupIo => ({
  preadAt0: (fd, buffer, length) => (removed.has(fd) ? -19 : libc.preadAt0(fd, buffer, length)),
  close: (fd) => {
    closed.push(fd);
    return libc.close(fd);
  },
});

describe('the directory of cgroups', () => {
  it('knows the tree, each by its path below the mount', async () => {
    const tree = fakeTree();
    tree.set('/system.slice', { current: 30 * MIB });
    tree.set('/system.slice/db.service', { current: 20 * MIB });
    tree.set('/user.slice', { current: 5 * MIB });
    tree.bare('/init.scope');
    const directory = createDirectory();
    await walk(treeOf(tree.root, 10, libc), directory);
    expect([...directory.entries.keys()]).toEqual(['/system.slice', '/system.slice/db.service', '/user.slice']);
    expect(directory.isFull).toBe(false);
  });

  it('keeps those with the most memory when there are more than it may keep, and says so', async () => {
    const tree = fakeTree();
    for (let at = 0; at < 8; at++) tree.set(`/pod${at}`, { current: at * MIB });
    tree.set('/pod7/app', { current: 6.5 * MIB });
    const directory = createDirectory();
    const closed: number[] = [];
    await walk(treeOf(tree.root, 3, withRemoved(new Set(), closed)), directory);
    expect([...directory.entries.keys()]).toEqual(['/pod7', '/pod7/app', '/pod6']);
    expect(directory.isFull).toBe(true);
    expect(closed, 'the others are not left open').toHaveLength(6);
  });

  it('keeps what it has open, takes in new ones and closes what has gone', async () => {
    const tree = fakeTree();
    tree.set('/a', { current: MIB });
    tree.set('/b', { current: 2 * MIB });
    const directory = createDirectory();
    await walk(treeOf(tree.root, 10, libc), directory);
    const a = directory.entries.get('/a');
    const b = directory.entries.get('/b');
    tree.remove('/b');
    tree.set('/c', { current: 3 * MIB });
    await walk(treeOf(tree.root, 10, libc), directory);
    expect([...directory.entries.keys()].sort()).toEqual(['/a', '/c']);
    expect(directory.entries.get('/a')).toBe(a);
    expect([...(b?.fds ?? [])].every((fd) => fd === ABSENT)).toBe(true);
  });

  it('opens a cgroup anew when another one has taken its name', async () => {
    const tree = fakeTree();
    tree.set('/a', { current: MIB });
    const directory = createDirectory();
    const removed = new Set<number>();
    const io = withRemoved(removed);
    await walk(treeOf(tree.root, 10, io), directory);
    const before = directory.entries.get('/a');
    for (const fd of before?.fds ?? []) removed.add(fd);
    await walk(treeOf(tree.root, 10, io), directory);
    expect(directory.entries.get('/a')).not.toBe(before);
  });

  it('goes no deeper than sixteen levels', async () => {
    const tree = fakeTree();
    const levels = Array.from({ length: 20 }, (_, at) => `l${at}`);
    levels.forEach((_, at) => {
      tree.set(`/${levels.slice(0, at + 1).join('/')}`, { current: MIB });
    });
    const directory = createDirectory();
    await walk(treeOf(tree.root, 100, libc), directory);
    expect(directory.entries.size).toBe(16);
  });

  it('finds nothing where there is no tree', async () => {
    const directory = createDirectory();
    await walk(treeOf('/nonexistent', 10, libc), directory);
    expect(directory.entries.size).toBe(0);
  });
});
