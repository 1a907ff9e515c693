import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { arch, cpus, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { readHostFacts } from '../../src/report/host-facts.ts';
import { isPrintable } from '../../src/report/printable.ts';

/** The built one, as the report process runs it. */
const PROBE = new URL('../../dist/report/host-probe.js', import.meta.url).pathname;

/** A machine that is busy with other tests starts a program slowly. */
const PATIENCE_MS = 60_000;
vi.setConfig({ testTimeout: 2 * PATIENCE_MS });

const folder = mkdtempSync(join(tmpdir(), 'oomwatchd-host-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const program = (text: string): string => {
  const file = join(folder, `${readdirSync(folder).length}.mjs`);
  writeFileSync(file, text);
  return file;
};

test('the facts of this host, and no serial number', async () => {
  const facts = await readHostFacts(PROBE, PATIENCE_MS);
  expect(facts).toMatchObject({ kernel: release(), architecture: arch(), cpus: cpus().length });
  const { ID = '' } = Object.fromEntries(
    readFileSync('/etc/os-release', 'utf8')
      .split('\n')
      .map((line) => line.replaceAll('"', '').split('=')),
  );
  expect(facts.distro.toLowerCase()).toContain(ID);
  const machineId = spawnSync('cat', ['/etc/machine-id', '/sys/class/dmi/id/product_uuid'], {
    encoding: 'utf8',
  }).stdout;
  for (const secret of machineId.split('\n').filter((line) => line.length > 8)) {
    expect(JSON.stringify(facts)).not.toContain(secret);
  }
});

test('without a tool, or a program that ends at once, facts are absent and nothing fails', async () => {
  const absent = { distro: '', virtualization: '', kernel: release() };
  expect(await readHostFacts(program('process.exit(1)'), PATIENCE_MS)).toMatchObject(absent);
  expect(await readHostFacts(join(folder, 'missing.mjs'), PATIENCE_MS)).toMatchObject(absent);
  // What spawn() throws, as ENOMEM of fork(2), instead of telling it later.
  expect(await readHostFacts('no\0path', PATIENCE_MS)).toMatchObject(absent);
  const output = execFileSync(process.execPath, [PROBE], { encoding: 'utf8', env: { PATH: '/nonexistent' } });
  for (const line of output.trim().split('\n').filter(Boolean)) expect(() => JSON.parse(line)).not.toThrow();
});

test('what a hostile or a broken program prints is bounded, printable and of known names', async () => {
  const hostile = `process.stdout.write(JSON.stringify({ distro: '\\u001b[2J' + 'x'.repeat(300), serial: 's' }) + '\\nnull\\n[1]\\n{"virtualiz');`;
  const facts = await readHostFacts(program(hostile), PATIENCE_MS);
  expect(facts.distro.length).toBeLessThanOrEqual(70);
  expect(isPrintable(facts.distro)).toBe(true);
  expect(Object.keys(facts).sort()).toEqual(
    ['architecture', 'cpuModel', 'cpus', 'distro', 'hostname', 'kernel', 'virtualization'].sort(),
  );
  const flood = `const more = () => process.stdout.write('y'.repeat(65536), more); more();`;
  expect(await readHostFacts(program(flood), 300)).toMatchObject({ distro: '', virtualization: '' });
});

test('one that hangs is ended in time with what it has started, and what it has told is kept', async () => {
  const pids = join(folder, 'pids');
  const hanging = program(`
    import { spawn } from 'node:child_process';
    import { writeFileSync } from 'node:fs';
    const child = spawn('sleep', ['60'], { stdio: 'inherit' });
    writeFileSync(${JSON.stringify(pids)}, process.pid + ' ' + child.pid);
    process.stdout.write('{"distro":"Debian"}\\n');
  `);
  expect(await readHostFacts(hanging, 8000)).toMatchObject({ distro: 'Debian', virtualization: '' });
  await new Promise((resolve) => setTimeout(resolve, 200));
  for (const pid of readFileSync(pids, 'utf8').split(' ')) {
    // Gone, or a zombie that nobody has waited for yet.
    const state = spawnSync('ps', ['-o', 'stat=', '-p', pid], { encoding: 'utf8' }).stdout;
    expect(state).toMatch(/^(Z.*\n)?$/);
  }
});
