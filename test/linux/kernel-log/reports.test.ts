/** Whole reports of real kernels, and lines in the shapes of others. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { KernelEvent } from '../../../src/core/kernel-event.ts';
import { eventsOf, eventsOfTexts } from './records.ts';

const fixture = (name: string): string =>
  readFileSync(new URL(`../../fixtures/oom-reports/${name}.txt`, import.meta.url), 'latin1');

const summary = (event: KernelEvent): string => {
  switch (event.kind) {
    case 'invoked':
      return `invoked ${event.comm} ${event.order}`;
    case 'selected':
      return `selected ${event.pid} ${event.comm} ${event.uid} ${event.constraint} ${event.oomMemcg} ${event.taskMemcg}`;
    case 'killed':
      return `killed ${event.pid} ${event.comm} ${event.scope} ${event.anonRssKiB} ${event.uid}`;
    case 'pinned':
      return `pinned ${event.pid} ${event.comm} ${event.byPid} ${event.byComm}`;
    case 'group_kill':
      return `group_kill ${event.memcg}`;
    case 'note':
      return `note ${event.note}`;
    case 'lost':
    case 'unread':
      return event.kind;
    default:
      return `${event.kind} ${event.pid} ${event.comm}`;
  }
};

describe.each(
  fixture('retold')
    .split('## ')
    .slice(1)
    .map((section) => section.trimEnd().split('\n')),
)('%s', (...section) => {
  const lines = section.slice(1);
  it('is read', () => {
    const texts = lines.filter((line) => !line.startsWith('=> '));
    const expected = lines.filter((line) => line.startsWith('=> ')).map((line) => line.slice('=> '.length));
    expect(texts.length).toBeGreaterThan(0);
    expect(eventsOfTexts(texts).map(summary)).toEqual(expected);
  });
});

/** One record begins with its number; the lines of its dictionary begin with a blank. */
const recordsOf = (text: string): Buffer[] =>
  text.split(/\n(?=\d)/).map((record) => Buffer.from(record.endsWith('\n') ? record : `${record}\n`, 'latin1'));

describe('records of 6.1', () => {
  const events = eventsOf(recordsOf(fixture('kmsg-6.1')));

  it('tell every kill, with the names that the processes gave themselves', () => {
    expect(events.filter(({ kind }) => kind === 'killed').map(summary)).toEqual([
      'killed 121 x) total-vm:1kB memcg 20172 0',
      'killed 125 a\nb\\c,pid=1\xff memcg 20180 0',
      'killed 126 yes memcg 60 0',
      'killed 129 init), now anon memcg 19864 0',
      'killed 129 init), now anon memcg 19864 0',
      'killed 130 sleep memcg 4 0',
      'killed 131 sleep memcg 4 0',
      'killed 132 yes memcg 60 0',
      'killed 134 tail global 429612 0',
      'killed 136 tail allocating_task 429840 0',
      'killed 138 sleep sysrq 4 0',
    ]);
  });

  it('tell who was selected, also where a cgroup is called like the end of the line', () => {
    expect(events.filter(({ kind }) => kind === 'selected').map(summary)).toEqual([
      'selected 121 x) total-vm:1kB 0 CONSTRAINT_MEMCG /a,task=init,pid=1,uid=0 /a,task=init,pid=1,uid=0',
      'selected 125 a\nb\\c,pid=1\xff 0 CONSTRAINT_MEMCG /plain /plain',
      'selected 126 yes 0 CONSTRAINT_MEMCG /plain /plain',
      'selected 129 init), now anon 0 CONSTRAINT_MEMCG /grp /grp',
      'selected 134 tail 0 CONSTRAINT_NONE  /',
      'selected 136 tail 0 CONSTRAINT_NONE  /',
      'selected 138 sleep 0 CONSTRAINT_NONE  /',
    ]);
  });

  it('tell the group, the reaper and SysRq-f, and nothing is left unread', () => {
    const rest = events.filter(({ kind }) => !['killed', 'selected', 'invoked'].includes(kind)).map(summary);
    expect(rest).toEqual(['reaped 121 x) total-vm:1kB', 'group_kill /grp', 'note sysrq_manual']);
    expect(events.filter((event) => event.kind === 'invoked' && event.order === -1).map(summary)).toEqual([
      'invoked kworker/1:1 -1',
    ]);
  });

  it('carry the time of the kernel', () => {
    expect(events.find(({ kind }) => kind === 'killed')?.timeUs).toBe(10_215_004);
  });
});

it('records of 6.12 tell the same', () => {
  const events = eventsOf(recordsOf(fixture('kmsg-6.12')));
  expect(events.filter(({ kind }) => kind !== 'invoked' && kind !== 'selected').map(summary)).toEqual([
    'killed 171 x) total-vm:1kB memcg 20224 0',
    'reaped 171 x) total-vm:1kB',
    'killed 175 a\nb\\c,pid=1\xff memcg 20224 0',
    'reaped 175 a\nb\\c,pid=1\xff',
    'killed 180 init), now anon memcg 19840 0',
    'group_kill /grp',
    'killed 180 init), now anon memcg 19840 0',
    'killed 181 sleep memcg 0 0',
    'killed 182 sleep memcg 0 0',
    'killed 183 yes memcg 0 0',
    'killed 185 tail global 447232 0',
    'killed 187 tail allocating_task 448640 0',
    'note sysrq_manual',
    'killed 189 sleep sysrq 0 0',
  ]);
  expect(events.filter(({ kind }) => kind === 'selected')).toHaveLength(6);
});
