// Memory that no death returns: a tmpfs, a segment or a file without a name takes it, and all who may be killed have less.
import { WIDE_KILL_MIB, WIDE_TERM_MIB } from './config.ts';
import { type Judgement, lastAboveMarkUs } from './judge.ts';
import { expectFigure } from './outcome.ts';
import type { Scene, Workload } from './scene.ts';
import { startTrace } from './trace.ts';

const INNOCENT_MIB = 6;
export const innocents: Workload[] = ['a', 'b', 'c'].map((name) => ({
  name,
  atMs: 0,
  command: `exec innocent mib=${INNOCENT_MIB}`,
}));
export const NAMES = innocents.map(({ name }) => name);
/** So much is missing to the kill mark in the end: more than the innocents have, and far from the kernel's own limits. */
const MISSING_MIB = 28;
export const FILL_AT_MS = 3000;
const ALARM_MS = 5000;
const KIB_PER_MIB = 1024;

/** What takes the memory: `mib` of it, and nobody who may be killed has any in its page tables. */
const FILLERS = {
  tmpfs: (mib: number) => `exec dd if=/dev/zero of=/tmp/full/file bs=1M count=${mib}`,
  sysv: (mib: number) => `exec shared mib=${mib}`,
  memfd: (mib: number) => `exec shared how=memfd mib=${mib}`,
};

export const fill = async (scene: Scene, by: keyof typeof FILLERS = 'tmpfs', seconds = 15): Promise<Judgement> => {
  await startTrace(scene.guest);
  await scene.guest.sh('mkdir -p /tmp/full; mount -t tmpfs -o size=100% tmpfs /tmp/full');
  const leaveMiB = WIDE_KILL_MIB - MISSING_MIB + innocents.length * INNOCENT_MIB;
  const command = FILLERS[by]((await scene.availableMiB()) - leaveMiB);
  return scene.watch({ seconds, workloads: [...innocents, { name: 'fill', atMs: FILL_AT_MS, command }] });
};

/** When MemAvailable fell below the term mark. */
export const crossedUs = (seen: Judgement): number => lastAboveMarkUs(seen, WIDE_TERM_MIB * KIB_PER_MIB);

/** The alarm as the kernel's log has it, and how long after the term mark it came there. */
export const alarm = async (scene: Scene, seen: Judgement): Promise<string> => {
  const { stdout } = await scene.guest.sh('dmesg | grep "memory that no kill returns"', { mayFail: true });
  const [, seconds, text] = /\[ *([\d.]+)\].*memory that no kill returns: (.*)/.exec(stdout) ?? [];
  if (text === undefined) throw new Error('no alarm about who holds the memory');
  expectFigure(
    'from the term mark to the alarm, ms',
    Math.round(Number(seconds) * 1000 - crossedUs(seen) / 1000),
    ALARM_MS,
  );
  return text;
};

export const lastAvailableMiB = (seen: Judgement): number =>
  (seen.memory.at(-1)?.availableKiB ?? Number.NaN) / KIB_PER_MIB;
