/** systemd/oomwatchd.service in its real sandbox, from boot to a kill and back, and what the documents say to type there. */
import { beforeAll, describe, expect, test } from 'vitest';
import { read as page } from '../../docs/page.ts';
import { DOCUMENTED, type Typed, typedIn } from './documented.ts';
import { bootAndListen, impossible } from './guest.ts';

const why = impossible();
if (why !== '') process.stdout.write(`the service is not tried under systemd: ${why}\n`);

let parts: Map<string, string[]>;

const lines = (part: string): string[] => parts.get(part) ?? [];
/** What was typed in a part, and began so. */
const typed = (part: string, start = ''): Typed => {
  const found = typedIn(lines(part)).find(({ command }) => command.startsWith(start));
  if (found === undefined) throw new Error(`nothing that begins with "${start}" was typed in ${part}`);
  return found;
};
/** "name=value" lines of a part. */
const values = (part: string): Record<string, string> =>
  Object.fromEntries(lines(part).map((line) => line.split(/=(.*)/s).slice(0, 2)));

/** CAP_DAC_READ_SEARCH, CAP_KILL, CAP_SETGID, CAP_SETUID, CAP_SYS_PTRACE, CAP_SYS_RESOURCE, CAP_SYSLOG. */
const CAPABILITIES = [2, 5, 6, 7, 19, 24, 34].reduce((mask, bit) => mask + 2 ** bit, 0);

describe.skipIf(why !== '')('under systemd', () => {
  beforeAll(async () => {
    parts = await bootAndListen();
  });

  test('it becomes ready and says how it runs', () => {
    expect(values('status')).toMatchObject({ ActiveState: 'active', NRestarts: '0' });
    expect(values('status')['StatusText']).toMatch(/^observing, configuration [0-9a-f]{12}/);
  });

  test("control has seven capabilities, a filter, its code locked and the kernel's promise not to kill it", () => {
    const control = values('control');
    expect(Number.parseInt(control['CapEff'] ?? '', 16)).toBe(CAPABILITIES);
    expect(control).toMatchObject({ NoNewPrivs: '1', Seccomp: '2', oom_score_adj: '-1000' });
    expect(Number.parseInt(control['VmLck'] ?? '', 10)).toBeGreaterThan(60_000);
  });

  test('its cgroup is directly below the root and keeps its memory', () => {
    expect(values('control')).toMatchObject({
      cgroup: '0::/oomwatchd.service',
      'memory.min': String(128 * 2 ** 20),
      'memory.swap.max': '0',
      'cpu.weight': '1000',
      'pids.max': '72',
    });
  });

  test('the reporter is another user without groups, capabilities or protection', () => {
    expect(values('reporter')).toEqual({
      user: 'oomwatchd',
      groups: '',
      CapEff: '0'.repeat(16),
      oom_score_adj: '0',
    });
  });

  test('the sandbox lets it write the kernel log and set a PSI trigger', () => {
    expect(lines('descriptors')).toContain('2 /dev/kmsg');
    // One for reading the totals, one for the trigger.
    expect(lines('descriptors')).toContain('2 /proc/pressure/memory');
  });

  test('it misses nothing at start but what the unit withholds on purpose', () => {
    const withheld = ['cap_ipc_lock'];
    expect(lines('findings').filter((name) => !withheld.includes(name))).toEqual([]);
  });

  test('systemctl reload: a broken configuration changes nothing, a good one is in force', () => {
    const [broken = '', good = ''] = lines('reload');
    expect(broken).toMatch(/^broken: active observing, /);
    expect(good).toMatch(/^good: active enforcing, /);
  });

  test('a leak of another user in a private directory is found by its path, killed, and its memory is back', () => {
    const [how, ...events] = lines('kill');
    expect(how).toMatch(/^code=killed\b.*TERM$/);
    const [ranked, signal, ...verify] = events.map((line) => JSON.parse(line));
    expect(ranked.top[0]).toMatchObject({ comm: 'leak', exe: '/srv/leaker/leak', unit: 'leak.service' });
    expect(signal).toMatchObject({ signal: 'TERM', sent: true, errno: 0 });
    expect(signal.victim.pid).toBe(ranked.top[0].pid);
    expect(verify.at(-1)).toMatchObject({ verdict: 'recovered', exited: true });
    expect(lines('kernel_log').join('\n')).toContain(`oomwatchd: sent SIGTERM to process ${signal.victim.pid} (leak)`);
  });

  test('it is restarted after SIGKILL and when it hangs, and not while it feeds the watchdog', () => {
    expect(lines('restart')).toEqual(['after SIGKILL: 1']);
    expect(lines('hang')).toEqual(['fed: 0', 'hung: 1']);
  });

  test('it stops cleanly, and a broken configuration at start is final and told', () => {
    expect(values('stop')).toMatchObject({ Result: 'success', ExecMainStatus: '0' });
    expect(lines('stop')).toContain('left: 0');
    expect(lines('broken_start')[0]).toBe('failed 78 0');
    expect(lines('broken_start')[1]).toMatch(/^config\.yaml:1:7 mode: expected one of observe, enforce, got "kill"$/);
  });

  test.each(Object.entries(DOCUMENTED))(
    'what the documents say is typed as it stands, and ends well: %s',
    (part, commands) => {
      expect(typedIn(lines(part)).map(({ command, code }) => ({ command, code }))).toEqual(
        commands.map((command) => ({ command, code: 0 })),
      );
    },
  );

  test('the commands tell what the documents promise', () => {
    expect(typed('running', 'systemctl status').said.join('\n')).toContain('Active: active (running)');
    const read = typed('running', 'journalctl -u oomwatchd -o cat | jq').said;
    for (const line of read) expect(line).toMatch(/^\d\d:\d\d:\d\d\.\d{3} (debug|info|warn|error) \S/);
    expect(read.join('\n')).toMatch(/ warn SIGTERM to leak \(pid \d+, leak\.service, /);
    expect(typed('running', 'curl').said.join('\n')).toContain('oomwatchd_report_faults_total 0');
    const [, exposure = ''] = /calls its\s+exposure ([\d.]+) \(OK\)/.exec(page('README.md')) ?? [];
    expect(typed('running', 'systemd-analyze security').said.at(-1)).toContain(`oomwatchd.service: ${exposure} OK`);
    expect(lines('remedied_state')).toEqual(['failed']);
  });

  test('the installation is enabled and runs, the removal leaves nothing', () => {
    expect(lines('installed_state')).toEqual(['enabled', 'active']);
    expect(lines('removed_left')).toEqual(['LoadState=not-found']);
    expect(lines('removed_again')).toEqual(lines('removed'));
  });

  test('the drop-ins give what the unit withholds, and the reporter makes its textfile and its socket', () => {
    const [withheld = [], given = []] = ['withheld', 'drop_ins_state'].map((part) => lines(part));
    expect(withheld).toEqual(expect.arrayContaining(['remedy_fuse_abort', 'remedy_thaw_file_system']));
    expect(withheld.join('\n')).toContain('watchdog /dev/watchdog is not used');
    expect(given).toEqual([
      'cap_ipc_lock',
      expect.stringMatching(/^watchdog \/dev\/watchdog is armed/),
      'TasksMax=128',
      'oomwatchd socket',
      'oomwatchd_build_info',
    ]);
  });

  test('a remedy is carried out in the sandbox, and told before and after', () => {
    const told = lines('limit')
      .slice(0, 3)
      .map((line) => line.trim());
    expect(told).toEqual(['lift_memory_high before', 'lift_memory_high after done', 'lift_memory_high effect done']);
    expect(Number(values('limit')['memory.high'])).toBeGreaterThan(60 * 2 ** 20);
  });

  test('a directed press takes the steered process beside a larger protected one; every oom_score_adj is as before', () => {
    const said = lines('pressed').join('\n');
    expect(said).toMatch(/^leak \(pid (\d+), .*\) is whom the kernel takes: SysRq-f was pressed$/m);
    expect(said).toMatch(/^Out of memory: Killed process (\d+) \(leak\)$/m);
    expect(said).toMatch(/^restored [1-9]\d* failed 0$/m);
    expect(values('pressed')).toMatchObject({ changed: '0', keep: 'active' });
  });

  test('the network drop-in lets scrapers in, and the token is asked of them', () => {
    expect(lines('refused')).toEqual(['200', '000']);
    expect(lines('admitted')).toEqual(['200', '401', '200']);
  });
});
