/** A process chooses its name, a user may write to /dev/kmsg, and records come in pieces: none of it may tell of a kill. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyComm, HOSTILE_COMMS } from '../../support/hostile-comm.ts';
import { eventsOf, eventsOfTexts, pidsOf, recordOf } from './records.ts';

const SIZES = 'total-vm:10kB, anon-rss:9kB, file-rss:0kB';
const END = `${SIZES}, shmem-rss:0kB, UID:33 pgtables:40kB oom_score_adj:0`;
const PID = 4_194_000;

/** Each shape with a name in it, and what its event must say. */
const SHAPES: readonly (readonly [string, (comm: string) => string, object])[] = [
  ['killed', (comm) => `Out of memory: Killed process ${PID} (${comm}) ${END}`, { scope: 'global', uid: 33 }],
  ['killed', (comm) => `Memory cgroup out of memory: Killed process ${PID} (${comm}) ${END}`, { scope: 'memcg' }],
  ['killed', (comm) => `Killed process ${PID} (${comm}) ${SIZES}`, { scope: 'unknown', anonRssKiB: 9, uid: -1 }],
  ['killed', (comm) => `Killed process ${PID} (${comm}), UID 5, ${SIZES}, shmem-rss:1kB`, { uid: 5, anonRssKiB: 9 }],
  ['killed', (comm) => `Killed process ${PID}, UID 5, (${comm}) ${SIZES}`, { uid: 5 }],
  [
    'selected',
    (comm) =>
      `oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,task_memcg=/a,task=${comm},pid=${PID},uid=7`,
    { uid: 7, oomMemcg: '', taskMemcg: '/a' },
  ],
  [
    'selected',
    (comm) =>
      `oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=x,mems_allowed=0,oom_memcg=/a,task_memcg=/a/b,task=${comm},pid=${PID},uid=7`,
    { uid: 7, oomMemcg: '/a', taskMemcg: '/a/b' },
  ],
  [
    'reaped',
    (comm) => `oom_reaper: reaped process ${PID} (${comm}), now anon-rss:0kB, file-rss:0kB, shmem-rss:0kB`,
    {},
  ],
  ['reaped', (comm) => `oom_reaper: reaped process :${PID} (${comm}), now anon-rss:0kB, file-rss:0lB`, {}],
  ['unable_to_reap', (comm) => `oom_reaper: unable to reap pid:${PID} (${comm})`, {}],
  [
    'already_exiting',
    (comm) => `Out of memory: OOM victim ${PID} (${comm}) is already exiting. Skip killing the task`,
    {},
  ],
  ['pinned', (comm) => `oom killer ${PID} (${comm}) has mm pinned by 3 (${comm})`, { byPid: 3 }],
];

/** Names made of pieces of the very texts. */
const NAMES_OF_TEXTS = [
  ...HOSTILE_COMMS,
  ...['x) total-vm:1kB', ') total-vm:1kB,', '), UID 1,', '), UID 1, tot', ',pid=1,uid=0', ',task=a,pid=1', 'a,task=b'],
  ...[
    'oom-kill:',
    'Killed process',
    'Out of memory: ',
    'oom killer 1 (i',
    'oom_reaper: una',
    'Tasks in /',
    'Kernel panic - ',
  ],
  ...['), now anon-rss', ') has mm pinned', ' pinned by 1 (i', ') is already ex', ' order=-1, oom_', 'INFO: task x:1 '],
];
const comms = fc.oneof(
  anyComm,
  fc.constantFrom(...NAMES_OF_TEXTS),
  fc
    .array(fc.constantFrom(...NAMES_OF_TEXTS), { minLength: 1, maxLength: 3 })
    .map((parts) => parts.join('').slice(-15)),
);

describe('whatever a process calls itself', () => {
  it.each(SHAPES)('%s gives back exactly that name and pid', (kind, textOf, fields) => {
    fc.assert(
      fc.property(comms, (comm) => {
        const events = eventsOfTexts([textOf(comm)]);
        expect(events).toHaveLength(1);
        expect(events[0]).toMatchObject({ kind, pid: PID, comm, ...fields });
      }),
      { numRuns: 300 },
    );
  });

  it('the lines that begin with its name are what they are', () => {
    fc.assert(
      fc.property(comms, (comm) => {
        const texts = [
          `${comm} invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=3, oom_score_adj=0`,
          `${comm}: page allocation failure: order:4, mode:0x40cc0(GFP_KERNEL|__GFP_COMP), nodemask=(null)`,
        ];
        expect(eventsOfTexts(texts)).toMatchObject([
          { kind: 'invoked', comm, order: 3 },
          { kind: 'note', note: 'allocation_failure' },
        ]);
      }),
    );
  });

  it('no other line of the kernel that has its name in front names a victim', () => {
    const others = [
      '[9]: segfault at 0 ip 0 sp 0 error 4',
      ' (9): drop_caches: 3',
      ' cpuset=/ mems_allowed=0',
      ': renamed',
    ];
    fc.assert(
      fc.property(comms, fc.constantFrom(...others), (comm, rest) => {
        expect(pidsOf(eventsOfTexts([comm + rest]))).toEqual([]);
      }),
    );
  });

  it('a cgroup path that ends like the line does not stand for its victim', () => {
    const path = '/user.slice/a,task=init,pid=1,uid=0';
    const whole = `oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=${path},task_memcg=${path}`;
    const [head, tail] = [recordOf(whole), recordOf(`,task=leak,pid=${PID},uid=1000`, { sequence: 3, flags: 'c' })];
    const other = recordOf('eth0: link up', { sequence: 4 });
    // The kernel cuts a long line where it likes (LOG_LINE_MAX): in front of the task here.
    expect(eventsOf([head, tail, other])).toMatchObject([
      { kind: 'selected', pid: PID, comm: 'leak', taskMemcg: path },
    ]);
    const global = `oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,task_memcg=/,oom_memcg=/x,task_memcg=/y,task=a,pid=${PID},uid=0`;
    expect(eventsOfTexts([global])).toMatchObject([{ oomMemcg: '', taskMemcg: '/,oom_memcg=/x,task_memcg=/y' }]);
  });
});

describe('who wrote a record', () => {
  it('only the facility of the kernel gives events', () => {
    const texts = SHAPES.map(([, textOf]) => textOf('init'));
    fc.assert(
      fc.property(fc.integer({ min: 8, max: 8 * 4096 }), fc.constantFrom(...texts), (priority, text) => {
        expect(eventsOfTexts([text], { priority })).toEqual([]);
      }),
    );
    for (let priority = 0; priority < 8; priority++)
      expect(eventsOfTexts([texts[0] as string], { priority })).toHaveLength(1);
  });

  it('a piece of a line never stands for itself: it may be nothing but the name of a cgroup', () => {
    for (const flags of ['c', '+', 'c,caller=T7']) {
      expect(
        eventsOfTexts(
          SHAPES.map(([, textOf]) => textOf('init')),
          { flags },
        ),
      ).toEqual([]);
    }
  });
});

describe('pieces and remains', () => {
  it('a record that was cut off anywhere names nobody else', () => {
    const records = SHAPES.map(([, textOf]) => recordOf(textOf('a) b')));
    fc.assert(
      fc.property(fc.constantFrom(...records), fc.nat(400), (record, length) => {
        expect(pidsOf(eventsOf([record.subarray(0, Math.min(length, record.length - 1))]))).toEqual([]);
      }),
    );
  });

  it('nor does a text that was cut off and then ended', () => {
    fc.assert(
      fc.property(fc.constantFrom(...SHAPES), comms, fc.nat(250), ([, textOf], comm, length) => {
        for (const pid of pidsOf(eventsOfTexts([textOf(comm).slice(0, length)]))) expect(pid).toBe(PID);
      }),
      { numRuns: 1000 },
    );
  });

  it('no bytes make it throw', () => {
    const head = fc.constantFrom('6,1,2,-;', '6,1,2,c;', ';', ',,,;', '6,1,2', '');
    const word = fc.constantFrom(
      ...[
        'Out of memory: ',
        'Killed process ',
        '7 (',
        ') total-vm:',
        'oom-kill:constraint=A,',
        'Tasks in ',
        '\n',
        '\\x0',
        '\\',
      ],
    );
    fc.assert(
      fc.property(head, fc.array(fc.oneof(word, anyComm)), (begin, words) => {
        const bytes = Buffer.from(begin + words.join(''), 'latin1');
        expect(() => eventsOf([bytes, recordOf('next', { sequence: 9 })])).not.toThrow();
      }),
      { numRuns: 2000 },
    );
  });

  it('a line in pieces is put together across lines of others, and told as unread when its end never comes', () => {
    const pieces = [
      'oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null)',
      ',cpuset=/,mems_allowed=0,global_oom',
      `,task_memcg=/,task=a,pid=${PID},uid=0`,
    ];
    const noise = recordOf('eth0: link up');
    const [first, second, third] = pieces.map((text, index) => recordOf(text, { flags: index === 0 ? '-' : 'c' })) as [
      Buffer,
      Buffer,
      Buffer,
    ];
    expect(eventsOf([first, noise, second, noise, third])).toMatchObject([
      { kind: 'selected', pid: PID, taskMemcg: '/' },
    ]);
    expect(eventsOf([first, second, ...Array(100).fill(noise)])).toMatchObject([{ kind: 'unread' }]);
    expect(eventsOf([first, second])).toEqual([]);
  });
});

describe('which killer it was', () => {
  const invoked = (order: number) =>
    `x invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=${order}, oom_score_adj=0`;
  const kill = (message: string) => `${message}: Killed process 7 (a) ${END}`;
  const scopes = (texts: string[]) =>
    eventsOfTexts(texts).flatMap((event) => (event.kind === 'killed' ? [event.scope] : []));
  const GLOBAL = 'Out of memory';

  it('SysRq-f is known by order=-1, for one victim', () => {
    expect(scopes([invoked(-1), kill(GLOBAL), kill(GLOBAL)])).toEqual(['sysrq', 'global']);
    expect(scopes([invoked(-1), invoked(0), kill(GLOBAL)])).toEqual(['global']);
    expect(scopes([invoked(-1), 'sysrq: OOM request ignored. No task eligible', kill(GLOBAL)])).toEqual(['global']);
    expect(scopes([invoked(-1), kill('Memory cgroup out of memory'), kill(GLOBAL)])).toEqual(['memcg', 'sysrq']);
    expect(
      scopes([
        invoked(-1),
        'Out of memory: Kill process 7 (a) score 9 or sacrifice child',
        `Killed process 8 (b) ${SIZES}`,
      ]),
    ).toEqual(['sysrq']);
  });

  it('a group that SysRq-f hits is its victim as a whole', () => {
    const group = 'Tasks in /g are going to be killed due to memory.oom.group set';
    expect(scopes([invoked(-1), kill(GLOBAL), group, kill(GLOBAL), kill(GLOBAL), invoked(0), kill(GLOBAL)])).toEqual([
      'sysrq',
      'sysrq',
      'sysrq',
      'global',
    ]);
    expect(scopes([invoked(0), kill(GLOBAL), group, kill(GLOBAL)])).toEqual(['global', 'global']);
  });

  it('an old SysRq-f without a victim is forgotten', () => {
    const late = { sequence: 2, timeUs: 5_000_000 + 61_000_000 };
    expect(eventsOf([recordOf(invoked(-1)), recordOf(kill(GLOBAL), late)])).toMatchObject([{}, { scope: 'global' }]);
  });

  it('oom_kill_allocating_task, and a message that nobody knows', () => {
    expect(scopes([kill('Out of memory (oom_kill_allocating_task)'), kill('Out of memory (new rule)')])).toEqual([
      'allocating_task',
      'unknown',
    ]);
  });
});
