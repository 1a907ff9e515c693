#!/usr/bin/env node
// By hand: resumes a guest, runs each argument as a shell command in it and prints what it says; "-" reads more
// commands from stdin, one a line. "@throttle" and "@free" limit the disks or let them run, "@output" prints what the
// daemon said. Options in front: --daemon (enforcing), --observe, --bare (without what its unit gives it).
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

// Node 20 cannot load TypeScript; the bundler inside vitest can.
const vite = await import(createRequire(createRequire(import.meta.url).resolve('vitest/package.json')).resolve('vite'));
const load = async (file) =>
  (await vite.runnerImport(new URL(file, import.meta.url).pathname, { configFile: false, logLevel: 'error' })).module;
// One load, so that both see the same modules.
const { resumeDaemon, resumeGuest } = await load('./harness/by-hand.ts');

const options = process.argv.slice(2).filter((argument) => argument.startsWith('--'));
const begin = Date.now();
const [guest, daemon] =
  options.length === 0
    ? [await resumeGuest(), undefined]
    : await resumeDaemon({ observe: options.includes('--observe'), isProtected: !options.includes('--bare') });
process.stderr.write(
  `[guest resumed in ${Date.now() - begin} ms${daemon ? `, daemon is pid ${daemon.pid}, was ready after ${daemon.readyMs} ms` : ''}, console in ${guest.qemu.consoleFile}]\n`,
);
process.on('SIGINT', () => guest.stop().then(() => process.exit(130)));

async function run(command) {
  if (command === '@throttle' || command === '@free') return guest.throttleDisks(command === '@throttle');
  if (command === '@output') return void process.stdout.write(daemon?.output() ?? '');
  const { stdout, stderr, code, signal } = await guest.sh(command, { timeoutMs: 3_600_000, mayFail: true });
  process.stdout.write(stdout);
  process.stderr.write(stderr);
  if (code !== 0) process.stderr.write(`[exit ${code}${signal ? ` signal ${signal}` : ''}]\n`);
}

try {
  for (const argument of process.argv.slice(2)) {
    if (argument.startsWith('--')) continue;
    if (argument === '-') for await (const line of createInterface({ input: process.stdin })) await run(line);
    else await run(argument);
  }
} finally {
  await guest.stop();
}
