/** Real signals to a process of its own, before and after it begins to serve them. Needs dist/. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, expect, test } from 'vitest';
import { until } from '../../report/pipe.ts';

const MODULE = new URL('../../../dist/commands/daemon/signals.js', import.meta.url).href;

/** Says what it is asked for; begins to serve when its standard input ends. */
const SCRIPT = `
const { catchSignals } = await import(${JSON.stringify(MODULE)});
const signals = catchSignals();
const say = (word) => process.stdout.write(word + ' ');
say('ready');
process.stdin.resume().on('end', () => {
  signals.serve({ stop: (name) => { say(name); process.exit(); }, reload: () => say('reload'), force: () => say('force') });
  say('serving');
});
setInterval(() => {}, 1e6);
`;

let child: ChildProcess;
let said: string;

const start = async (): Promise<void> => {
  child = spawn(process.execPath, ['--input-type=module', '-e', SCRIPT], { stdio: ['pipe', 'pipe', 'inherit'] });
  said = '';
  child.stdout?.on('data', (chunk) => {
    said += chunk;
  });
  await until(() => said.startsWith('ready '));
};

/** A signal is queued to the event loop: one after the other, or those of one sort would be one. */
const signalled = async (...names: NodeJS.Signals[]): Promise<void> => {
  for (const name of names) {
    child.kill(name);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
};

const serving = async (): Promise<void> => {
  child.stdin?.end();
  await until(() => said.includes('serving '));
};

afterEach(() => {
  child.kill('SIGKILL');
});

test('each SIGUSR2 asks for a selection, each SIGHUP for a reload', async () => {
  await start();
  await serving();
  await signalled('SIGUSR2', 'SIGHUP', 'SIGUSR2');
  expect(said).toBe('ready serving force reload force ');
});

test('those that come before are served later, once of each sort', async () => {
  await start();
  await signalled('SIGUSR2', 'SIGUSR2', 'SIGHUP', 'SIGHUP');
  expect(said).toBe('ready ');
  await serving();
  expect(said).toBe('ready reload force serving ');
});

test('who is to end does nothing else before', async () => {
  await start();
  await signalled('SIGUSR2', 'SIGHUP', 'SIGTERM');
  const closed = once(child, 'close');
  child.stdin?.end();
  expect(await closed).toEqual([0, null]);
  expect(said).toBe('ready SIGTERM ');
});
