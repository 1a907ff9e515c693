// The kernel's own record of who signalled whom and what the daemon asked of it: tracefs, on the judge's clock.
import type { Guest } from './guest.ts';

export interface SignalEvent {
  us: number;
  signal: number;
  /** The process or thread that caused it: the daemon, or whoever ran into the kernel's OOM killer. */
  senderTid: number;
  comm: string;
  pid: number;
  /** SI_KERNEL: sent by the kernel, as its OOM killer does. */
  isFromKernel: boolean;
}

export interface SyscallEvent {
  us: number;
  tid: number;
  number: number;
  kind: 'enter' | 'exit';
  /** Arguments in hexadecimal, or what it returned. */
  detail: string;
}

const TRACEFS = '/sys/kernel/tracing';
const DAEMON = `${TRACEFS}/instances/daemon`;
const SI_KERNEL = 128;

/** Numbers of x86-64, from asm/unistd_64.h. */
const SYSCALL = {
  poll: 7,
  mmap: 9,
  brk: 12,
  open: 2,
  clone: 56,
  fork: 57,
  vfork: 58,
  execve: 59,
  getdents: 78,
  getdents64: 217,
  epoll_wait: 232,
  openat: 257,
  ppoll: 271,
  epoll_pwait: 281,
  pidfd_send_signal: 424,
  clone3: 435,
  openat2: 437,
} as const;

const NAMES = new Map<number, string>(Object.entries(SYSCALL).map(([name, number]) => [number, name]));
const syscallName = (number: number): string => NAMES.get(number) ?? String(number);

/** Buffers are allocated here, in calm times. `daemonPid`: record the system calls of all its threads too. */
export async function startTrace(guest: Guest, daemonPid?: number): Promise<void> {
  await guest.sh(`set -e; cd ${TRACEFS}; echo mono > trace_clock; echo 1024 > buffer_size_kb
    echo 'sig==9 || sig==15' > events/signal/signal_generate/filter
    echo 1 > events/signal/signal_generate/enable; echo 1 > events/oom/mark_victim/enable`);
  if (daemonPid === undefined) return;
  // PSI polls and gauges make a few thousand calls a minute: 1 MiB a CPU holds the last ones, which are what counts.
  await guest.sh(`set -e; mkdir -p ${DAEMON}; cd ${DAEMON}; echo mono > trace_clock; echo 1024 > buffer_size_kb
    echo 1 > options/event-fork; ls /proc/${daemonPid}/task > set_event_pid
    echo 1 > events/raw_syscalls/enable; echo 1 > tracing_on`);
}

/** comm may hold anything, newlines and look-alikes of other fields too: only the fixed parts around it are trusted. */
const SIGNAL =
  /-(\d+) +\[\d+\] \S+ +([\d.]+): signal_generate: sig=(\d+) errno=-?\d+ code=(-?\d+) comm=([\s\S]*?) pid=(\d+) grp=\d res=\d\n/g;
const SYSCALL_LINE = /-(\d+) +\[\d+\] \S+ +([\d.]+): sys_(enter|exit): NR (-?\d+) (.*)/g;

const microseconds = (seconds: string | undefined): number => Math.round(Number(seconds) * 1e6);

export async function readSignals(guest: Guest): Promise<SignalEvent[]> {
  const { stdout } = await guest.sh(`cat ${TRACEFS}/trace`);
  return [...stdout.matchAll(SIGNAL)].map(([, sender, seconds, signal, code, comm = '', pid]) => ({
    us: microseconds(seconds),
    signal: Number(signal),
    senderTid: Number(sender),
    comm,
    pid: Number(pid),
    isFromKernel: Number(code) === SI_KERNEL,
  }));
}

/** Processes that the kernel's OOM killer marked, global or memcg. */
export async function kernelVictims(guest: Guest): Promise<number> {
  const { stdout } = await guest.sh(`grep -c ': mark_victim:' ${TRACEFS}/trace`, { mayFail: true });
  return Number(stdout);
}

export async function readSyscalls(guest: Guest): Promise<SyscallEvent[]> {
  const { stdout } = await guest.sh(`echo 0 > ${DAEMON}/tracing_on; cat ${DAEMON}/trace`, { timeoutMs: 120_000 });
  return [...stdout.matchAll(SYSCALL_LINE)].map(([, tid, seconds, kind, number, detail = '']) => ({
    us: microseconds(seconds),
    tid: Number(tid),
    number: Number(number),
    kind: kind as 'enter' | 'exit',
    detail,
  }));
}

const SLEEPS: number[] = [SYSCALL.epoll_wait, SYSCALL.epoll_pwait, SYSCALL.poll, SYSCALL.ppoll];
const ALLOCATING: number[] = [
  ...[SYSCALL.open, SYSCALL.openat, SYSCALL.openat2, SYSCALL.getdents, SYSCALL.getdents64, SYSCALL.clone],
  ...[SYSCALL.clone3, SYSCALL.fork, SYSCALL.vfork, SYSCALL.execve, SYSCALL.mmap, SYSCALL.brk],
];

/**
 * The calls of any thread of the daemon between its waking for the tick that shot and the shot, as long as that shot
 * is the first one: "between verdict and signal" seen from outside.
 */
export function callsBeforeFirstShot(calls: SyscallEvent[]): { window: SyscallEvent[]; forbidden: string[] } {
  const shot = calls.findIndex((call) => call.kind === 'enter' && call.number === SYSCALL.pidfd_send_signal);
  if (shot < 0) throw new Error('the trace has no pidfd_send_signal');
  const tid = calls[shot]?.tid;
  const woke = calls.findLastIndex(
    (call, i) => i < shot && call.tid === tid && call.kind === 'exit' && SLEEPS.includes(call.number),
  );
  if (woke < 0) throw new Error('the trace does not reach back to the wake-up before the shot');
  const window = calls.slice(woke + 1, shot + 1).filter((call) => call.kind === 'enter');
  const shotUs = calls[shot]?.us ?? 0;
  const forbidden = window
    .filter((call) => ALLOCATING.includes(call.number))
    .map((call) => `${syscallName(call.number)}${call.detail} by ${call.tid}, ${shotUs - call.us} us before the shot`);
  return { window, forbidden };
}
