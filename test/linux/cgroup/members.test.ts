import { expect, it } from 'vitest';
import { listMembers } from '../../../src/linux/cgroup/members.ts';
import { fakeTree } from './fake-tree.ts';

it('lists the processes of a cgroup and of all below it, none of them of another pid namespace', async () => {
  const tree = fakeTree();
  tree.set('/pod', { procs: [] });
  tree.set('/pod/a', { procs: [7, 0, 9] });
  tree.set('/pod/a/b', { procs: [11] });
  tree.set('/other', { procs: [13] });
  const members = await listMembers(`${tree.root}/pod`);
  expect(members.pids.toSorted((a, b) => a - b)).toEqual([7, 9, 11]);
  expect(members.isWhole).toBe(true);
});

it('says so when there are more than are looked at', async () => {
  const tree = fakeTree();
  tree.set('/many', { procs: Array.from({ length: 300 }, (_, at) => at + 1) });
  const many = await listMembers(`${tree.root}/many`);
  expect(many.pids).toHaveLength(256);
  expect(many.isWhole).toBe(false);
  for (let at = 0; at < 70; at++) tree.set(`/wide/${at}`, { procs: [at + 1] });
  expect((await listMembers(`${tree.root}/wide`)).isWhole).toBe(false);
});

it('finds nobody in a cgroup that has gone', async () => {
  expect(await listMembers('/nonexistent')).toEqual({ pids: [], isWhole: true });
});
