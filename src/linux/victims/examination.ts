/**
 * Reads why a dying process does not go, one file after another on the thread pool: of these files some wait for locks
 * that a stuck process may hold for ever (kernel-facts 4.4), and then one thread of the pool waits, not the loop.
 */
import { readdir, readFile } from 'node:fs/promises';
import { ABSENT } from '../../core/units.ts';
import type { Roots } from '../root.ts';
import { framesOfStack, framesOfWchan } from './blocked-in.ts';
import { EXITED, type Findings, type ThreadFinding, waitOf } from './findings.ts';
import { threadsOf } from './follow.ts';
import {
  type Around,
  frozenCgroup,
  frozenUnified,
  fuseConnections,
  fuseText,
  mountOfCall,
  mountsOf,
  suspendedDevices,
} from './held-up-by.ts';

/** Threads of which it is read where they sleep: each costs two files. */
const PLACED_MAX = 16;

const numberOf = (text: string, field: string): number =>
  Number(new RegExp(`^${field}:\\s*(\\d+)`, 'm').exec(text)?.[1] ?? 0);

/** Newlines in Name are escaped by the kernel, so no name can pass for another field. */
const threadOf = (tid: string, text: string): ThreadFinding => ({
  tid: Number(tid),
  state: /^State:\s*(\S)/m.exec(text)?.[1] ?? '?',
  hasMm: /^VmRSS:/m.test(text),
  isCoreDumping: numberOf(text, 'CoreDumping') === 1,
  tracerPid: numberOf(text, 'TracerPid'),
  frames: [],
});

const isDue = ({ state }: ThreadFinding): boolean => state === 'D' || state === 't';

/** Blocked threads first, and of these the ones that hold the memory. */
const byInterest = (a: ThreadFinding, b: ThreadFinding): number =>
  Number(isDue(b)) - Number(isDue(a)) || Number(b.hasMm) - Number(a.hasMm);

/** Which FUSE connection it is; a frozen server is thawed rather than cut off. */
const findFuse = async (
  findings: Findings,
  around: Around,
  path: string,
  tid: number,
  isBusy: boolean,
): Promise<void> => {
  const found = await fuseConnections(around, path, await mountsOf(around, path), isBusy);
  findings.fuse = fuseText(found);
  const [only] = found;
  if (only === undefined || found.length > 1) return;
  const cgroup = await frozenUnified(around, path);
  if (cgroup !== '') findings.blockers.push({ kind: 'freezer_v2', object: cgroup, place: '', tid });
  findings.blockers.push({ kind: 'fuse', object: only.connection, place: only.point, tid });
};

const findFileSystem = async (findings: Findings, around: Around, path: string, tid: number): Promise<void> => {
  const call = await mountOfCall(around, path, await mountsOf(around, path));
  if (call === null) return;
  const { device, point } = call.mount;
  findings.fileSystem = `file system ${device} (${point})`;
  findings.blockers.push({ kind: 'file_system', object: device, place: point, tid });
};

/**
 * Fills `findings`, which can be looked at any time, and resolves at the end or never; it does not reject. `isShallow`:
 * another examination hangs already, so nothing is read that could hang as well.
 */
export const examineInto = async (
  findings: Findings,
  roots: Roots,
  nowMs: () => number,
  isShallow: boolean,
): Promise<void> => {
  const task = `${roots.proc}/${findings.pid}/task`;
  const reading = async <T>(path: string, action: Promise<T>): Promise<T | null> => {
    findings.reading = path;
    findings.readingSinceMs = nowMs();
    // A thread that has gone, a file that this kernel has not or that needs a capability: found out without it.
    const answer = await action.catch(() => null);
    findings.reading = '';
    findings.readingSinceMs = ABSENT;
    return answer;
  };
  const read = (path: string): Promise<string | null> => reading(path, readFile(path, 'latin1'));
  const around: Around = { roots, read, list: async (path) => (await reading(path, readdir(path))) ?? [] };

  for (const tid of await threadsOf(roots.proc, findings.pid)) {
    const text = await read(`${task}/${tid}/status`);
    if (text !== null) findings.threads.push(threadOf(tid, text));
  }
  const alive = findings.threads.filter(({ state }) => !EXITED.includes(state)).sort(byInterest);
  const first = alive[0];
  if (first === undefined) return;
  const path = `${task}/${first.tid}`;
  findings.frozen = await frozenCgroup(around, path);
  if (findings.frozen !== '') {
    findings.blockers.push({ kind: 'freezer_v1', object: findings.frozen, place: '', tid: first.tid });
  }
  findings.suspended = await suspendedDevices(around);
  if (isShallow) return;
  for (const thread of alive.slice(0, PLACED_MAX)) {
    thread.frames = framesOfWchan((await read(`${task}/${thread.tid}/wchan`)) ?? '');
    // wchan names nothing on some kernels, and else only the innermost function: a page is waited for, but whose? stack
    // has the callers too, and needs CAP_SYS_ADMIN.
    if (isDue(thread) && [null, 'device'].includes(waitOf(thread))) {
      const frames = framesOfStack((await read(`${task}/${thread.tid}/stack`)) ?? '');
      if (frames.length > 0) thread.frames = frames;
    }
  }
  const onFuse = alive.find((thread) => waitOf(thread) === 'fuse');
  const onDevice = alive.find((thread) => isDue(thread) && waitOf(thread) === 'device');
  const asking = onFuse ?? onDevice;
  if (asking !== undefined) await findFuse(findings, around, `${task}/${asking.tid}`, asking.tid, onFuse === undefined);
  const frozenOut = alive.find((thread) => isDue(thread) && waitOf(thread) === 'fsfreeze');
  if (frozenOut !== undefined) await findFileSystem(findings, around, `${task}/${frozenOut.tid}`, frozenOut.tid);
  // Last of all, as it may hang: whether mmap_lock can be had.
  const holder = alive.find(({ hasMm }) => hasMm);
  const isExplained = alive.some((thread) => isDue(thread) && !['mmap_lock', null].includes(waitOf(thread)));
  if (holder !== undefined && !isExplained) await read(`${task}/${holder.tid}/cmdline`);
};
