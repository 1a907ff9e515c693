import { describe, expect, test } from 'vitest';
import { policyFromSources } from '../../src/config/load.ts';
import { formatProblem } from '../../src/config/problem.ts';
import { ABSENT, GIB, MIB } from '../../src/core/units.ts';
import { defaultPolicy, TEST_USERS } from '../support/policy.ts';

const problemsIn = (text: string): string[] => {
  const loaded = policyFromSources([{ file: 'c.yaml', label: '', text }], TEST_USERS);
  return 'errors' in loaded ? loaded.errors.map(formatProblem) : [];
};

test('the defaults in machine units', () => {
  const { select, hash, ...rest } = defaultPolicy();
  expect(rest).toEqual({
    mode: 'observe',
    detect: {
      combine: 'and',
      term: { memAvailable: { kib: 2 * GIB, permyriad: 1000 }, swapFree: { kib: ABSENT, permyriad: 1000 } },
      kill: { memAvailable: { kib: GIB, permyriad: 500 }, swapFree: { kib: ABSENT, permyriad: 500 } },
      forecastMs: 250,
      lateMs: 500,
      thrash: expect.objectContaining({ enabled: true }),
    },
    stall: { enabled: true, warnAfterMs: 10_000, repeatMs: 60_000 },
    pace: { minMs: 10, maxMs: 2000, fillKiBPerMs: 6292 },
    act: {
      scope: 'process',
      termTimeoutMs: 5000,
      futility: true,
      forkStorm: true,
      holdOffMs: 100,
      victimTimeoutMs: 5000,
      reap: true,
      killsPerMinute: 10,
      killsPerHour: 60,
      sysrqF: 'undirected',
      evidence: 'wm',
      lastResort: 'off',
      lastResortAfterMs: 120_000,
      watchdogDevice: '/dev/watchdog',
      watchdogTimeoutMs: 180_000,
    },
    cgroups: [],
    remedies: {
      ...{ thawCgroup: false, thawFileSystem: false, abortFuse: false, liftMemoryHigh: false },
      ...{ afterMs: 2000, memoryHighAfterMs: 2000, memoryHighReserve: { kib: 8 * GIB, permyriad: 2500 }, perMinute: 4 },
    },
    report: {
      listen: '127.0.0.1:9854',
      http: { tokenFile: '', tlsCert: '', tlsKey: '', clientCa: '' },
      logLevel: 'info',
      logFormat: 'auto',
      textfile: 'off',
      uid: 65534,
      gid: 65533,
      incidents: { directory: '/var/lib/oomwatchd/incidents', keep: 100, maxBytes: 64 * 1024 * 1024 },
      notices: expect.objectContaining({ wall: 'off' }),
      schedules: expect.objectContaining({ drill: '0 4 1 * *' }),
    },
    control: { socket: '/run/oomwatchd/control.sock', standby: { enabled: true, afterMs: 2000, kills: 3 } },
    files: ['test.yaml'],
  });
  expect(select.minimumSize).toEqual({ kib: 64 * MIB, permyriad: 50 });
  expect(select.onlyPid).toBe(ABSENT);
  expect(select.corrections).toEqual({
    excludeVictims: true,
    exitingDoesNotAbort: true,
    originAndVictim: true,
    originAndUnkillable: true,
    timers: true,
    waitAllocatingTask: true,
  });
  expect(hash).toMatch(/^[0-9a-f]{12}$/);
});

test('sections and lists that are left empty mean their defaults', () => {
  const empty =
    'detect:\n  term:\n  thrash:\npace:\nselect:\n  only:\n  protect:\n  corrections:\nact:\nremedies:\nreport:\ncontrol:\n';
  expect(defaultPolicy(empty)).toEqual({ ...defaultPolicy(), hash: expect.any(String) });
});

test.each(['127.0.0.1:1', '127.8.9.254:65535', '[::1]:9854', 'unix:/run/oomwatchd/http.sock', 'off'])(
  'listens on %s',
  (listen) => {
    expect(defaultPolicy(`report: { listen: "${listen}" }`).report.listen).toBe(listen);
  },
);

test.each(['/run/oomwatchd/control.sock', `/${'x'.repeat(106)}`, 'off'])('the control socket may be %s', (socket) => {
  expect(defaultPolicy(`control: { socket: "${socket}" }`).control.socket).toBe(socket);
});

test.each([
  ['exclude_victims', 'excludeVictims'],
  ['exiting_does_not_abort', 'exitingDoesNotAbort'],
  ['origin_and_victim', 'originAndVictim'],
  ['origin_and_unkillable', 'originAndUnkillable'],
  ['timers', 'timers'],
  ['wait_allocating_task', 'waitAllocatingTask'],
])('correction %s can be switched off, alone', (key, name) => {
  const { corrections } = defaultPolicy(`select: { corrections: { ${key}: false } }`).select;
  expect(corrections).toEqual({ ...defaultPolicy().select.corrections, [name]: false });
});

test('the reaper can be switched off', () => {
  expect(defaultPolicy('act: { reap: false }').act.reap).toBe(false);
  expect(defaultPolicy('act: { futility: false }').act.futility).toBe(false);
});

test('a mark that is off is absent', () => {
  const { term } = defaultPolicy('detect: { combine: or, term: { swap_free: off } }').detect;
  expect(term.swapFree).toEqual({ kib: ABSENT, permyriad: ABSENT });
});

describe('values that are refused, each at its place', () => {
  test.each([
    ['mode: on', '1:7 mode: expected one of observe, enforce, got "on"'],
    ['mode:', '1:6 mode: expected one of observe, enforce, got nothing'],
    ['[a]', '1:1: expected a map of keys, got a list'],
    ['pace: fast', '1:7 pace: expected a map of keys, got "fast"'],
    [
      'pace: { fill_rate: 6GiB }',
      '1:20 pace.fill_rate: expected a rate such as "6GiB/s", got "6GiB": it does not end in "/s"',
    ],
    [
      'act: { term_timeout: 5 }',
      '1:22 act.term_timeout: expected a duration such as "100ms", "30s" or "5m", got the number 5',
    ],
    [
      'act: { hold_off: 50ms }',
      '1:18 act.hold_off: expected a duration from 100ms to 10s, got "50ms": memory needs 100 ms to show up as free, and sooner the next kill hits an innocent',
    ],
    [
      'act: { watchdog_device: watchdog }',
      '1:25 act.watchdog_device: expected "/dev/watchdog", got "watchdog": it is no path below /dev',
    ],
    [
      'act: { watchdog_timeout: 20s }',
      '1:26 act.watchdog_timeout: expected a duration from 30s to 1h, got "20s": the main process was 26 s late once where it was not protected, and that is no reason for a reset',
    ],
    ['act: { kills_per_hour: many }', '1:24 act.kills_per_hour: expected a whole number from 1 to 10000, got "many"'],
    [
      'act: { kills_per_minute: 0 }',
      '1:26 act.kills_per_minute: expected a whole number from 1 to 1000, got the number 0',
    ],
    [
      'select: { builtin_protection: yes }',
      '1:31 select.builtin_protection: expected true or false (YAML 1.2 knows no yes, no, on, off), got "yes"',
    ],
    [
      'select: { minimum_size: off }',
      '1:25 select.minimum_size: expected a mark such as "10%", "2GiB" or "min(10%, 2GiB)", got "off": it does not begin with a number',
    ],
    [
      'select: { corrections: { timers: 5s } }',
      '1:34 select.corrections.timers: expected true or false (YAML 1.2 knows no yes, no, on, off), got "5s"',
    ],
    [
      'control: { socket: control.sock }',
      '1:20 control.socket: expected "/run/oomwatchd/control.sock" or "off", got "control.sock": it is no full path',
    ],
    [
      `control: { socket: /${'x'.repeat(107)} }`,
      `1:20 control.socket: expected "/run/oomwatchd/control.sock" or "off", got "/${'x'.repeat(107)}": a socket path has at most 107 bytes`,
    ],
    ['report: { user: 5 }', '1:17 report.user: expected the name of a system user, got the number 5'],
    [
      'report: { user: root }',
      '1:17 report.user: this user is root; name one without privileges, or leave the key out',
    ],
    [
      'report: { user: oomwatch }',
      '1:17 report.user: cannot become "oomwatch": there is no such user in /etc/passwd; create it with "useradd --system", or leave the key out',
    ],
    ['term_timeout: 5s', '1:1 term_timeout: unknown key "term_timeout" here; it belongs below "act"'],
    ['act: { mode: observe }', '1:8 act.mode: unknown key "mode" here; it belongs to the top level'],
    ['detect: { trem: { swap_free: 1% } }', '1:11 detect.trem: unknown key "trem"; did you mean "term"?'],
    [
      '__proto__: 1',
      '1:1 __proto__: unknown key "__proto__"; known here: mode, cgroups, detect, stall, pace, select, act, remedies, report, control',
    ],
    [
      'constructor: 1',
      '1:1 constructor: unknown key "constructor"; known here: mode, cgroups, detect, stall, pace, select, act, remedies, report, control',
    ],
  ])('%s', (text, problem) => {
    expect(problemsIn(text)).toEqual([`c.yaml:${problem}`]);
  });

  test.each([
    ['0.0.0.0:9854', 'set report.http.token_file'],
    ['[::]:9854', 'set report.http.token_file'],
    ['10.1.2.3:9854', 'set report.http.token_file'],
    ['[::ffff:127.0.0.1]:9854', 'set report.http.token_file'],
    ['::1:9854', 'one of IPv6 in brackets'],
    ['[127.0.0.1]:9854', 'one of IPv6 in brackets'],
    ['localhost:9854', 'an address in digits is needed'],
    ['127.0.0.256:9854', 'an address in digits is needed'],
    ['127.0.0.1:0', 'a port is 1 to 65535'],
    ['127.0.0.1:70000', 'a port is 1 to 65535'],
    ['127.0.0.1', 'it has no port'],
    ['unix:http.sock', 'a socket needs its full path'],
    [`unix:/${'x'.repeat(107)}`, 'a socket path has at most 107 bytes'],
  ])('report.listen %s', (listen, reason) => {
    expect(problemsIn(`report: { listen: "${listen}" }`)).toEqual([expect.stringContaining(reason)]);
  });

  test.each([
    ['oomwatchd.prom', 'a file needs its full path'],
    ['/var/lib/oomwatchd.txt', 'reads no file whose name does not end in .prom'],
    ['', 'a file needs its full path'],
  ])('report.textfile %s', (textfile, reason) => {
    expect(problemsIn(`report: { textfile: "${textfile}" }`)).toEqual([expect.stringContaining(reason)]);
  });

  test('report.textfile with a NUL', () => {
    expect(problemsIn('report: { textfile: "/a\\0b.prom" }')).toEqual([expect.stringContaining('no path holds a NUL')]);
  });
});

describe('values that are wrong together, told where one of them was set', () => {
  test.each([
    [
      'detect: { term: { mem_available: 3% } }',
      '1:34 detect.term.mem_available: the kill mark min(5%, 1GiB) is above the term mark 3%: SIGKILL would come before SIGTERM; lower detect.kill.mem_available or raise detect.term.mem_available',
    ],
    [
      'detect: { term: { mem_available: 1GiB }, kill: { mem_available: 1048577KiB } }',
      '1:65 detect.kill.mem_available: the kill mark 1048577KiB is above the term mark 1GiB: SIGKILL would come before SIGTERM; lower detect.kill.mem_available or raise detect.term.mem_available',
    ],
    [
      'detect: { kill: { swap_free: 20% } }',
      '1:30 detect.kill.swap_free: the kill mark 20% is above the term mark 10%: SIGKILL would come before SIGTERM; lower detect.kill.swap_free or raise detect.term.swap_free',
    ],
    [
      'detect: { kill: { swap_free: off } }',
      '1:30 detect.kill.swap_free: with "combine: and" level "kill" needs both marks, and swap_free is off: it would never be reached on a host with swap; write "combine: or"',
    ],
    [
      'pace: { min: 500ms, max: 100ms }',
      '1:14 pace.min: pace.min is 500ms and above pace.max, 100ms; lower one or raise the other',
    ],
    [
      'act: { hold_off: 10s }',
      '1:18 act.hold_off: act.hold_off is 10000ms and above act.victim_timeout, 5000ms: no victim could be found stuck before the next kill is allowed; lower hold_off',
    ],
  ])('%s', (text, problem) => {
    expect(problemsIn(text)).toEqual([`c.yaml:${problem}`]);
  });

  test('a level with both marks off is off on purpose', () => {
    expect(problemsIn('detect: { kill: { mem_available: off, swap_free: off } }')).toEqual([]);
  });

  test('a share and a size cannot be compared without knowing the host', () => {
    expect(problemsIn('detect: { term: { mem_available: 10% }, kill: { mem_available: 1GiB } }')).toEqual([]);
  });

  test('beside a value that is broken, only what can be compared is compared', () => {
    expect(problemsIn('pace: { min: fast, max: 10ms }\nact: { hold_off: 10s }')).toEqual([
      expect.stringContaining('1:14 pace.min: expected a duration'),
      expect.stringContaining('2:18 act.hold_off: act.hold_off is 10000ms'),
    ]);
  });
});
