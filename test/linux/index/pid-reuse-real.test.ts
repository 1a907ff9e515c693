/** The same pid for two real processes, one after the other: in a pid namespace of its own the next pid can be set. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { needs } from '../../support/native/skip.ts';

const DIST = new URL('../../../dist/', import.meta.url).href;
const PID = 4321;

/** Runs as pid 1 of the namespace, on the built index; prints what it saw as JSON. */
const SCRIPT = `
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
const [dist, pid, mode] = process.argv.slice(1);
const load = (path) => import(new URL(path, dist).href);
const { createProcessIndex } = await load('linux/index/process-index.js');
const { sendSignal, hasExited } = await load('linux/executor.js');
const libc = await load('linux/sys/libc.js');

const wanted = Number(pid);
const startWith = async (program, args) => {
  for (let times = 0; times < 100; times++) {
    writeFileSync('/proc/sys/kernel/ns_last_pid', String(wanted - 1));
    const child = spawn(program, args, { stdio: 'ignore' });
    if (child.pid === wanted) return child;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  throw new Error('the pid was never free');
};
const end = async (child) => {
  child.kill('SIGKILL');
  await once(child, 'exit');
};
const choose = (table, chosen) => {
  let count = 0;
  for (const slot of table.rows.subarray(0, table.count)) {
    if (mode === 'armed' && table.pid[slot] === wanted) chosen[count++] = slot;
  }
  return count;
};
const index = createProcessIndex(
  libc,
  { procRoot: '/proc', cgroupMode: 'v2', selfPid: -2, ancestors: new Set() },
  { nowMs: libc.monotonicMs, choose, identified: () => {}, isPinned: () => false },
  { capacity: 64, chosen: 8 },
);
const round = () => { while (!index.refresh(Infinity)); };
const { table, slots } = index;
const shoot = (slot, dryRun) => sendSignal(libc, slots, { kind: 'signal', signal: 'KILL', slot, pid: wanted, dryRun, reason: '' });

const first = await startWith('sleep', ['1000']);
round();
const slot = slots.byPid.get(wanted);
const newComm = () => { index.identify(slots.byPid.get(wanted)); return table.comm[slots.byPid.get(wanted)]; };
const seen = { armed: slots.pidfd[slot] !== -1, dry: mode === 'armed' ? shoot(slot, true) : null };
await end(first);
const second = await startWith('tail', ['-f', '/dev/null']);
index.scan();
seen.flagGone = (table.flags[slot] & (1 << 6)) !== 0;
seen.rowComm = table.comm[slot];
seen.shot = shoot(slot, false);
seen.dryShot = shoot(slot, true);
seen.hasExited = hasExited(libc, slots, slot);
index.identify(slot);
seen.commAfterIdentify = table.comm[slot];
seen.secondLives = second.exitCode === null && second.signalCode === null;
round();
seen.newComm = newComm();
seen.newShot = shoot(slots.byPid.get(wanted), false);
const [, signal] = await once(second, 'exit');
seen.secondEnded = signal;
index.close();
process.stdout.write(JSON.stringify(seen));
process.exit(0);
`;

const whyNot = (): string => {
  try {
    execFileSync('unshare', ['-pf', '--mount-proc', 'sh', '-c', 'echo 99 > /proc/sys/kernel/ns_last_pid'], {
      stdio: 'pipe',
    });
    return '';
  } catch (error) {
    return `no pid namespace whose next pid can be set: ${(error as Error).message.split('\n')[1] ?? 'no unshare'}`;
  }
};

it.for(['armed', 'known only'])('never shows or shoots the next process with the pid (%s)', async (mode, context) => {
  const reason = whyNot();
  needs(context, reason === '', reason);
  const args = ['-pf', '--mount-proc', '--kill-child', process.execPath, '--input-type=module', '-e', SCRIPT];
  const child = spawn('unshare', [...args, '--', DIST, String(PID), mode], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (chunk) => {
    text += chunk;
  });
  await once(child, 'close');
  expect(JSON.parse(text)).toEqual({
    armed: mode === 'armed',
    // A shot at an unarmed slot would make it hold a pidfd from then on.
    dry: mode === 'armed' ? { sent: false, errno: 0 } : null,
    flagGone: true,
    rowComm: mode === 'armed' ? 'sleep' : '',
    shot: { sent: false, errno: 3 },
    dryShot: { sent: false, errno: 3 },
    // The pidfd of an armed slot tells that its process has gone; an unarmed one has none of the newcomer.
    hasExited: mode === 'armed',
    commAfterIdentify: mode === 'armed' ? 'sleep' : '',
    secondLives: true,
    newComm: 'tail',
    newShot: { sent: true, errno: 0 },
    secondEnded: 'SIGKILL',
  });
});
