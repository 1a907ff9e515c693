/** Keys of remedies: what of others may be changed to get a stuck victim or a throttled cgroup going. */
import { duration, mark } from './amount.ts';
import { count, section, setting, toggle } from './field.ts';

export const remedies = section(
  {
    thaw_cgroup: setting(
      toggle(),
      false,
      'Thaw the frozen cgroups that hold a victim which cannot go (v1: freezer.state, v2: cgroup.freeze).',
      'everything else in such a cgroup goes on as well, and somebody paused it on purpose.',
    ),
    thaw_file_system: setting(
      toggle(),
      false,
      'Thaw the frozen file system (fsfreeze) that a victim waits for in a call on an open file. Needs CAP_SYS_ADMIN.',
      'a snapshot that is being made meanwhile is not consistent then.',
    ),
    fuse_abort: setting(
      toggle(),
      false,
      'Abort the FUSE connection that a victim waits for; its mount answers ENOTCONN to everybody from then on.',
      'it must be mounted again afterwards, and a server that is only slow would have answered.',
    ),
    lift_memory_high: setting(
      toggle(),
      false,
      'Raise memory.high of a cgroup that makes no progress because of it; the old value is put back when it is below it again.',
      'a limit is the will of whoever set it; the host has memory, but not for this cgroup.',
    ),
    after: setting(
      duration('1s', '5m', 'what a victim waits for is found out after a second'),
      '2s',
      'Only for a victim that is not gone so long after its SIGKILL.',
      'its examination takes one second or two, and at act.victim_timeout (5 s) somebody else would have to die.',
    ),
    memory_high_after: setting(
      duration('0ms', '10m', 'later nobody waits for it'),
      '2s',
      'How long the verdict that a cgroup is held up by its memory.high must hold.',
      'the verdict has seen it for seconds already; this outlasts one more period of throttling (2 s in the kernel).',
    ),
    memory_high_reserve: setting(
      mark(),
      'min(25%, 8GiB)',
      'MemAvailable that must be left on the host if the cgroup took all that it is given; it is given what is above this.',
      'well above the term mark: one cgroup that gets moving must not bring the whole host into a shortage.',
    ),
    per_minute: setting(
      count(1, 60),
      4,
      'At most this many remedies in any minute; each object at most once in ten minutes.',
      'a host where more is frozen at a time is one on which somebody works: a backup, a migration.',
    ),
  },
  'What may be changed for what blocks, instead of one more victim. All of it belongs to others, so all is off.',
);
