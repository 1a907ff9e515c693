/** What the kill path allocates finds its pages there: a fresh one comes from a kernel that has none to give. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { readUnit } from '../vm/harness/unit.ts';

const run = promisify(execFile);

const heap = new URL('../../dist/commands/daemon/heap.js', import.meta.url).pathname;
const protection = new URL('../../dist/commands/daemon/protection.js', import.meta.url).pathname;

/** `burn(n)` makes n KiB of garbage. */
const PRELUDE = `
  const { takeMemory } = await import(${JSON.stringify(protection)});
  const { settleCompiler, settleHeap } = await import(${JSON.stringify(heap)});
  const burn = (kib) => { let last; for (let i = 0; i < kib; i++) last = new Array(124).fill(i); return last; };
  settleCompiler();
`;

const asDaemon = async (script: string, args: string[] = [], nodeOptions = readUnit().nodeOptions): Promise<string> => {
  const flags = [...nodeOptions, '--input-type=module', '-e', `${PRELUDE}${script}`];
  return (await run(process.execPath, [...flags, ...args])).stdout;
};

const FAULTS = `
  const { readFileSync } = await import('node:fs');
  // proc_pid_stat(5), field 10: faults that needed no I/O, among them those that took a fresh page.
  const faults = () => Number(readFileSync('/proc/self/stat', 'latin1').split(') ').at(-1).split(' ')[7]);
  burn(16);
  faults();
  if (process.argv[1] === 'settled') settleHeap();
  const before = faults();
  burn(768);
  const taken = faults() - before;
  process.stdout.write(String(taken));
`;

/** Of 192 pages: those of the measurement itself, and now and then one that is promoted to. */
const FAULTS_MAX = 20;
/** The control: the bound tells a settled heap from one that is not. V8's start leaves from 88 to 116 of the 192 to fault. */
const UNSETTLED_MIN = 2 * FAULTS_MAX;

test('after start-up 768 KiB of garbage take no fresh pages', async () => {
  expect(Number(await asDaemon(FAULTS, ['as_started'])), 'nobody has been there').toBeGreaterThan(UNSETTLED_MIN);
  const faults = Number(await asDaemon(FAULTS, ['settled']));
  console.info(`${faults} minor faults for 768 KiB of garbage`);
  expect(faults).toBeLessThan(FAULTS_MAX);
});

/** A quarter of a MiB that lives on, as what V8 learns of code does: promoted, so it is copied to the old generation. */
const PROMOTED = `
  const { readFileSync } = await import('node:fs');
  const { runInNewContext } = await import('node:vm');
  const { default: v8 } = await import('node:v8');
  const faults = () => Number(readFileSync('/proc/self/stat', 'latin1').split(') ').at(-1).split(' ')[7]);
  const live = [];
  faults();
  if (process.argv[1] === 'settled') {
    settleHeap();
    takeMemory({ proc: '/proc' });
  }
  v8.setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc');
  collect({ type: 'minor' });
  for (let i = 0; i < 256; i++) live.push(new Array(124).fill(i));
  const before = faults();
  for (let times = 0; times < 2; times++) collect({ type: 'minor' });
  const taken = faults() - before;
  process.stdout.write(String(taken));
`;

test('what lives on finds its pages in the old generation', async () => {
  expect(Number(await asDaemon(PROMOTED, ['as_started'])), 'new pages').toBeGreaterThan(UNSETTLED_MIN);
  const faults = Number(await asDaemon(PROMOTED, ['settled']));
  console.info(`${faults} minor faults for 256 KiB that are promoted`);
  expect(faults).toBeLessThan(FAULTS_MAX);
});

test('what start-up has left in the old generation goes', async () => {
  const script = `
    let old = { rehearsed: true };
    const seen = new WeakRef(old);
    burn(16384);
    old = null;
    await new Promise((resolve) => setImmediate(resolve));
    if (process.argv[1] === 'settled') settleHeap();
    await new Promise((resolve) => setImmediate(resolve));
    process.stdout.write(seen.deref() === undefined ? 'gone' : 'there');
  `;
  expect(await asDaemon(script, ['as_started'])).toBe('there');
  expect(await asDaemon(script, ['settled'])).toBe('gone');
});

test('nor do they after a long calm, although V8 gives half of the young generation back to who allocates little', async () => {
  const script = `
    const { readFileSync } = await import('node:fs');
    const { setTimeout: sleep } = await import('node:timers/promises');
    const faults = () => Number(readFileSync('/proc/self/stat', 'latin1').split(') ').at(-1).split(' ')[7]);
    settleHeap();
    // Half a KiB a millisecond, for longer than V8 looks back (5 s).
    for (let times = 0; times < 150; times++) {
      burn(32);
      await sleep(60);
    }
    const before = faults();
    burn(512);
    burn(512);
    const taken = faults() - before;
    process.stdout.write(String(taken));
  `;
  const { nodeOptions } = readUnit();
  const without = nodeOptions.filter((option) => option !== '--predictable');
  expect(without.length).toBeLessThan(nodeOptions.length);
  const [given, kept] = await Promise.all([asDaemon(script, [], without), asDaemon(script)]);
  console.info(`minor faults for 1 MiB of garbage after a calm: ${kept} with --predictable, ${given} without`);
  expect(Number(given), 'V8 gives them back').toBeGreaterThan(UNSETTLED_MIN);
  expect(Number(kept)).toBeLessThan(FAULTS_MAX);
});
