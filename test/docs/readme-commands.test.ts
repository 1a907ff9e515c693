/** README.md tried as a new user would. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { skipBecause } from '../e2e/skip.ts';
import { TRIALS } from './commands.ts';
import { ROOT, shellCommands } from './page.ts';

const commands = shellCommands('README.md');
const made: string[] = [];

const scratch = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'oomwatchd-docs-'));
  made.push(folder);
  return folder;
};

/** Among them are copies of node_modules, and the disk may be busy. */
const REMOVED_WITHIN_MS = 60_000;

afterAll(() => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true });
}, REMOVED_WITHIN_MS);

test('every command is tried or has a reason, and the table has no other', () => {
  expect(Object.keys(TRIALS).sort()).toEqual([...new Set(commands)].sort());
});

describe('each command does what is said', () => {
  const tried = Object.entries(TRIALS).flatMap(([command, trial]) =>
    trial.kind === 'run' ? [{ command, trial }] : [],
  );

  test.each(tried)('$command', ({ command, trial }) => {
    const { status, stdout, stderr } = spawnSync('sh', ['-c', command], { cwd: ROOT, encoding: 'utf8' });
    expect(trial.codes, stderr).toContain(status);
    expect(stdout).toMatch(trial.says);
  });
});

test('npm start builds, observes and ends at Ctrl-C, whatever is configured', async () => {
  const child = spawn('npm', ['start'], { cwd: ROOT, detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  let isPressed = false;
  child.stdout.on('data', (chunk) => {
    text += chunk;
    // A terminal sends it to the whole group of the command. Once: a second one ends the daemon without a word.
    if (isPressed || !/rehearsal of a kill passed/.test(text) || child.pid === undefined) return;
    isPressed = true;
    process.kill(-child.pid, 'SIGINT');
  });
  await once(child, 'close');
  expect(text).toContain('observing, nothing will be signalled');
  expect(text).toContain('stopping on SIGINT');
  const { scripts } = JSON.parse(execFileSync('cat', [join(ROOT, 'package.json')], { encoding: 'utf8' }));
  expect(scripts.start).toContain('run --observe');
}, 60_000);

/** Makes /usr, /etc and /run of this namespace throw-away copies. */
const PRIVATE_ROOT = `set -e
mount --make-rprivate /
mount -t tmpfs tmpfs "$1"
for name in usr etc run var/lib; do
  mkdir -p "$1/$name/upper" "$1/$name/work"
  mount -t overlay overlay -o "lowerdir=/$name,upperdir=$1/$name/upper,workdir=$1/$name/work" "/$name"
done
`;

/** Why an installation cannot be tried here, '' when it can. */
const noPrivateRoot = (): string => {
  if (process.getuid?.() !== 0) return 'not root';
  const { status, stderr } = spawnSync('unshare', ['--mount', 'sh', '-c', PRIVATE_ROOT, 'sh', scratch()], {
    encoding: 'utf8',
  });
  if (status !== 0) return `no mount namespace with overlays here: ${stderr.trim()}`;
  return existsSync('/usr/bin/systemd-sysusers') ? '' : 'systemd-sysusers is not here';
};

test('the installation works from a pruned copy, and what it installs runs', (context) => {
  const why = noPrivateRoot();
  skipBecause(context, why);
  const copy = join(scratch(), 'clone');
  const left = new Set(['.git', 'coverage', 'test']);
  cpSync(ROOT, copy, { recursive: true, filter: (path) => !left.has(path.slice(ROOT.length)), verbatimSymlinks: true });
  execFileSync('npm', ['prune', '--omit=dev', '--offline', '--no-audit', '--no-fund'], { cwd: copy, stdio: 'pipe' });
  const steps = commands.filter((command) => TRIALS[command]?.kind === 'install');
  const script = join(scratch(), 'install.sh');
  const last = [
    'echo "--- installed"',
    'oomwatchd check',
    'oomwatchd --version',
    'test ! -x /usr/bin/node || systemd-analyze verify --man=no /usr/lib/systemd/system/oomwatchd.service 2>&1',
    'stat -c "%U %a" /run/oomwatchd /var/lib/oomwatchd/incidents',
  ];
  // doctor answers 1 where enforcing is unsafe, which is no fault of the installation.
  const lines = [...steps.map((step) => (step.endsWith(' doctor') ? `${step} || test $? = 1` : step)), ...last];
  writeFileSync(script, `${PRIVATE_ROOT}cd "$2"\n${lines.join('\n')}\n`);
  chmodSync(script, 0o755);
  const { status, stdout, stderr } = spawnSync('unshare', ['--mount', 'sh', script, scratch(), copy], {
    encoding: 'utf8',
  });
  expect(stderr + stdout.slice(stdout.indexOf('--- installed'))).toMatch(
    /valid: mode observe, configuration [0-9a-f]{12}, from \/etc\/oomwatchd\/config\.yaml\n\d+\.\d+\.\d+\nroot 1775\noomwatchd 750\n$/,
  );
  expect(status).toBe(0);
  expect(existsSync('/usr/lib/oomwatchd')).toBe(false);
  expect(existsSync('/var/lib/oomwatchd')).toBe(false);
}, 180_000);
