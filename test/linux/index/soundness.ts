/** What must hold for the index whatever the kernel and its processes do. */
import { FLAG } from '../../../src/core/process-table.ts';
import { ABSENT } from '../../../src/core/units.ts';
import { sendSignal } from '../../../src/linux/executor.ts';
import type { FakeKernel } from './fake-kernel.ts';
import type { TestIndex } from './index-on.ts';

const kept = ({ slots }: TestIndex, slot: number): number[] =>
  [slots.scoreFd, slots.statusFd, slots.adjFd, slots.pidfd].map((fds) => fds[slot] as number).filter((fd) => fd >= 0);

/**
 * The faults found, as texts; every life must have a uid of its own, by which columns are known to be its. Leaks are
 * descriptors that no row has; a row of two masters has descriptors of more than one process.
 */
export const faultsOf = (kernel: FakeKernel, index: TestIndex): string[] => {
  const faults: string[] = [];
  const { table, slots } = index;
  const used = new Set(table.rows.subarray(0, table.count));
  const held = new Set<number>();
  let armed = 0;
  for (let slot = 0; slot < table.capacity; slot++) {
    const fds = kept(index, slot);
    for (const fd of fds) {
      if (held.has(fd)) faults.push(`descriptor ${fd} is held twice`);
      held.add(fd);
    }
    if (!used.has(slot) && fds.length > 0) faults.push(`free slot ${slot} holds descriptors`);
  }
  for (const slot of used) {
    const pid = table.pid[slot] as number;
    const flags = table.flags[slot] as number;
    const owner = kernel.ownerOf(slots.scoreFd[slot] as number);
    const name = `row of pid ${pid}`;
    if (owner === null || owner.pid !== pid) faults.push(`${name}: its score is not of a process with that pid`);
    if (slots.byPid.get(pid) !== slot) faults.push(`${name}: not found by its pid`);
    if (kept(index, slot).some((fd) => kernel.ownerOf(fd) !== owner)) faults.push(`${name}: two masters`);
    const uid = table.uid[slot] as number;
    if (uid !== ABSENT && uid !== owner?.numbers.uid) faults.push(`${name}: columns of another process`);
    if ((flags & FLAG.ARMED) !== 0) {
      armed++;
      if (kept(index, slot).length !== 4) faults.push(`${name}: armed without all descriptors`);
    }
  }
  if (armed !== slots.armed) faults.push(`${slots.armed} counted as armed, ${armed} are`);
  if (slots.byPid.size !== table.count) faults.push('byPid and rows disagree');
  if (slots.freeCount !== table.capacity - table.count) faults.push('free slots and rows disagree');
  const leaks = kernel.openFds().filter((fd) => !held.has(fd) && kernel.ownerOf(fd) !== null);
  for (const fd of leaks) faults.push(`leaked ${kernel.ownerOf(fd)?.pid}/${kernel.fileOf(fd)}`);
  for (const fd of held) if (kernel.fileOf(fd) === '') faults.push(`descriptor ${fd} is held but closed`);
  return faults;
};

/** Shoots at every row as the loop would; a shot that reached another process than the row's is a fault. */
export const shootAll = (kernel: FakeKernel, index: TestIndex): string[] => {
  const faults: string[] = [];
  const { table, slots } = index;
  for (const slot of table.rows.subarray(0, table.count)) {
    const pid = table.pid[slot] as number;
    const owner = kernel.ownerOf(slots.scoreFd[slot] as number);
    const before = kernel.signals.length;
    const intent = {
      kind: 'signal',
      signal: 'KILL',
      slot,
      pid,
      dryRun: false,
      reason: '',
      company: '',
      companyOf: -1,
    } as const;
    const outcome = sendSignal(kernel, slots, intent);
    const shots = kernel.signals.slice(before);
    if (outcome.sent !== shots.length > 0) faults.push(`pid ${pid}: told ${outcome.sent}, shots ${shots.length}`);
    if (shots.some(({ life }) => life !== owner)) faults.push(`pid ${pid}: shot another process`);
  }
  return faults;
};
