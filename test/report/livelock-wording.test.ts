import { describe, expect, test } from 'vitest';
import { LIVELOCK_CAUSES, LIVELOCK_CLASSES } from '../../src/core/livelock.ts';
import { CAUSE_WORDS, CLASS_WORDS } from '../../src/report/livelock-remedy.ts';
import { livelockRemedy } from '../../src/report/livelock-wording.ts';
import { lineOf } from '../../src/report/wording.ts';
import { stamped } from './events.ts';
import { livelock } from './livelock-event.ts';

describe('a livelock in words', () => {
  test('says what, where, how sure, by what, and what to type', () => {
    expect(lineOf(stamped(livelock))).toMatchObject({
      level: 'error',
      msg:
        'livelock outside of the page allocator: in a cgroup, or short with nobody to kill; ' +
        'a cgroup is throttled above its memory.high (/system.slice/db.service); ' +
        'confidence high: memory.current 24 MiB above memory.high 20 MiB, 31 high events/s; ' +
        'remedy: systemctl set-property --runtime db.service MemoryHigh=infinity, or stop the unit',
    });
  });

  test('says that killing does not end it', () => {
    const shmem = { ...livelock, class: 'before_kill', cause: 'shmem', subject: '', killHelps: false } as const;
    const { msg } = lineOf(stamped({ ...shmem, stage: 'changes', forMs: 4000 }));
    expect(msg).toContain('livelock for 4.0 s, now before any kill: reclaim gets nothing; tmpfs');
    expect(msg).toContain('; killing does not end it; remedy: df -t tmpfs');
  });

  test('says when it is over', () => {
    expect(lineOf(stamped({ ...livelock, stage: 'ends', forMs: 12_000 }))).toMatchObject({
      level: 'info',
      msg: 'livelock is over after 12 s: a cgroup is throttled above its memory.high (/system.slice/db.service)',
    });
  });

  test('lets no name into a command that is more than a word to a shell', () => {
    expect(livelockRemedy('memory_high', '/a/b-1')).toBe(
      'echo max > /sys/fs/cgroup/a/b-1/memory.high, or echo 1 > /sys/fs/cgroup/a/b-1/cgroup.kill',
    );
    expect(livelockRemedy('memcg_under_oom', '/a/b-1')).toContain(
      'echo 0 > /sys/fs/cgroup/memory/a/b-1/memory.oom_control',
    );
    expect(livelockRemedy('memory_high', '/a/-Hhost.example.service')).toBe(CAUSE_WORDS.memory_high.remedy);
    for (const subject of ['/a/$(reboot)', '/a/x;y.service', 'x.service', '/a b/c.scope']) {
      expect(livelockRemedy('memory_high', subject)).toBe(CAUSE_WORDS.memory_high.remedy);
    }
    expect(livelockRemedy('fork_storm', '/x.service')).toBe(CAUSE_WORDS.fork_storm.remedy);
    expect(livelockRemedy('core_dump', 'pid 4711 (java)')).toContain('kill -9 4711 ends');
    expect(livelockRemedy('core_dump', 'pid x')).toContain('kill -9 PID ends');
  });

  test.each([
    '/user.slice/user-1000.slice/user@1000.service/app.slice/sshd.service',
    '/system.slice/docker-abc.scope/system.slice/sshd.service',
    '/machine/sshd.service',
  ])('takes no cgroup that its owner has named for a unit of the host: %s', (subject) => {
    for (const cause of ['memory_high', 'memcg_unkillable', 'oom_lock'] as const) {
      expect(livelockRemedy(cause, subject)).toContain(`/sys/fs/cgroup${subject}/`);
      expect(livelockRemedy(cause, subject)).not.toContain('systemctl');
    }
  });

  test.each([
    ['/system.slice/sshd.service', 'sshd.service'],
    ['/user.slice/user-1000.slice/user@1000.service', 'user@1000.service'],
    ['/system.slice/system-getty.slice/getty@tty1.service', 'getty@tty1.service'],
    ['/system.slice', 'system.slice'],
  ])('names the unit of the host that has the cgroup %s', (subject, unit) => {
    expect(livelockRemedy('memcg_unkillable', subject)).toContain(`systemctl kill -s KILL ${unit} works`);
  });

  test('has words for every class and cause', () => {
    expect(Object.keys(CAUSE_WORDS).sort()).toEqual([...LIVELOCK_CAUSES].sort());
    expect(Object.keys(CLASS_WORDS).sort()).toEqual([...LIVELOCK_CLASSES].sort());
    // A table of LIVELOCKS.md takes them as they are.
    for (const words of Object.values(CAUSE_WORDS)) expect(Object.values(words).join('')).not.toMatch(/[|\n`]/);
  });
});
