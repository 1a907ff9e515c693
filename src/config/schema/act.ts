/** Keys of act: how fast signals follow each other and how many there may be. */
import { LAST_RESORTS, SYSRQ_F } from '../../core/policy.ts';
import type { Parsed } from '../quantities.ts';
import { duration, quantity } from './amount.ts';
import { choice, count, section, setting, toggle } from './field.ts';

const DEVICE_EXAMPLE = '"/dev/watchdog"';

const parseDevice = (path: string): Parsed<string> =>
  path.startsWith('/dev/') && !path.includes('/../')
    ? { value: path }
    : { problem: `expected ${DEVICE_EXAMPLE}, got ${JSON.stringify(path.slice(0, 120))}: it is no path below /dev` };

export const act = section(
  {
    term_timeout: setting(
      duration('0ms', '5m', 'later the host is gone'),
      '5s',
      'SIGKILL follows SIGTERM after this time, or at once when level "kill" is reached before.',
      'most services stop within it, and a host below the term mark has seconds, not the 90 s that systemd grants.',
    ),
    hold_off: setting(
      duration('100ms', '10s', 'memory needs 100 ms to show up as free, and sooner the next kill hits an innocent'),
      '100ms',
      'Pause after a kill before the next victim may be chosen.',
      'vm.oomkiller_holdoff_ms = 100 of the 2016 patch series, for the same purpose.',
    ),
    victim_timeout: setting(
      duration('1s', '5m', 'a large process needs a second to exit'),
      '5s',
      'A killed process that is not gone by then counts as stuck: it is left out and the next one is chosen.',
      'the 5*HZ after which the 2016 patch series gives up on a victim.',
    ),
    scope: setting(
      choice(['process', 'cgroup', 'unit']),
      'process',
      'Who is killed with a victim: "process": those who share its memory, and its cgroup where memory.oom.group is 1; "cgroup": all of its cgroup and below; "unit": all of its systemd unit. A cgroup or unit in which somebody may not be killed is passed over. Whom they forked meanwhile the kernel kills (cgroup.kill, Linux 5.14). Needs cgroup v2.',
      'the smallest that frees memory; a service that cannot live without one of its processes says so by memory.oom.group.',
    ),
    futility: setting(
      toggle(),
      true,
      'Kill nobody while all that may be killed could not end the shortage, and tell who has the memory.',
      'a full tmpfs, a slab leak or a protected hog is not cured by the death of innocents; the kernel kills them one by one.',
    ),
    fork_storm: setting(
      toggle(),
      true,
      'Kill a parent that replaces its children as fast as they are killed, together with them, if it may be chosen.',
      'its children never end, and by its own size it is never chosen; three deaths and two replacements within 10 s are no accident.',
    ),
    reap: setting(
      toggle(),
      true,
      'Give the memory of a killed process back with process_mrelease(2), also when it cannot exit.',
      "the kernel's own reaper begins after 2 s, serves one victim at a time, and never serves those that we kill.",
    ),
    kills_per_minute: setting(
      count(1, 1000),
      10,
      'At most this many kills in any minute; then it only reports.',
      'one every 6 s, just above victim_timeout: a shortage that outruns this has a cause that killing does not cure.',
    ),
    kills_per_hour: setting(
      count(1, 10_000),
      60,
      'At most this many kills in any hour; then it only reports.',
      'services that are restarted and killed in turn all hour need a person.',
    ),
    sysrq_f: setting(
      choice(SYSRQ_F),
      'undirected',
      'Have the kernel kill (SysRq-f) when nobody may be signalled or nobody who was reacts. undirected: only where it would take nobody protected; directed: oom_score_adj is changed before and put back after, so that it takes whom we would and nobody protected.',
      'the kernel kills whom we may not and gives its victim reserves; asked only when signals have been of no use for seconds.',
    ),
    evidence: setting(
      choice(['wm', 'm', 'w', 'off']),
      'wm',
      'SysRq keys pressed once when a standstill lasts for 30 s: w shows blocked tasks, m memory, in the kernel log.',
      'after a reset nobody can find out any more what it was; once an episode, so that a slow console is not kept busy.',
    ),
    last_resort: setting(
      choice(LAST_RESORTS),
      'off',
      'What ends a standstill that nothing else ended: crash (SysRq-c, for kdump), reboot (SysRq-b, nothing is unmounted) or watchdog (act.watchdog_device is left unfed, so that the hardware resets the host). Caution: "watchdog" opens the device at start in mode enforce, and from then on the host is reset whenever nobody feeds it for act.watchdog_timeout: also when the daemon hangs, is stopped by SIGSTOP or does not come back after a crash.',
      'whether a host that stands still is worth less than what it holds in memory only its operator knows.',
    ),
    last_resort_after: setting(
      duration('10s', '1h', 'every rung below takes seconds, and a host that recovers must not be reset'),
      '2m',
      'How long the host must have stood still before the last resort, in spite of everything else.',
      'the 120 s after which the kernel calls a task hung; every rung below has been tried several times by then.',
    ),
    watchdog_device: setting(
      quantity(parseDevice, DEVICE_EXAMPLE),
      '/dev/watchdog',
      'The device of last_resort: watchdog, not opened otherwise: opening arms it. It is fed once a second by finished turns of the main process, and disarmed (magic close) when the daemon ends in order. One process alone can have it: not together with RuntimeWatchdogSec= of systemd or the watchdog daemon.',
      'the first one of the kernel; where there are several, /dev/watchdog1 and so on.',
    ),
    watchdog_timeout: setting(
      duration(
        '30s',
        '1h',
        'the main process was 26 s late once where it was not protected, and that is no reason for a reset',
      ),
      '3m',
      'The host is reset when the device was not fed for this long: this long after the last resort, if the shortage does not end before, and after any other hang of the main process. Keep it above WatchdogSec= of the unit (60s) and the start that follows. A device that cannot have this much is not used, and that is told.',
      'after 60 s systemd starts a hung daemon anew, which takes up to a minute on a host that thrashes; one minute to spare.',
    ),
  },
  'What is done about it.',
);
