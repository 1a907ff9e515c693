// Victims that cannot die: how each trap is set and shut, what memory a victim still has by the kernel's own account
// (workloads/rss.c), and when it was signalled (tracefs, the same clock).
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { Job } from './channel.ts';
import type { Guest } from './guest.ts';
import { readSignals, type SignalEvent } from './trace.ts';

const SIGKILL = 9;
const PRINTED_WITHIN_MS = 30_000;

export interface Trap {
  /** Shell lines before the victim starts. */
  setUp: string;
  /** Arguments of workloads/stuck.c. */
  arguments: string;
  /** Shell lines that close it, with the victim's pid in $P. */
  shut?: string;
  /** wchan of the thread that waits then. */
  wchan: string;
}

/** An ext4 on a loop device, small enough to lie in a tmpfs. */
const COLD = `modprobe loop; truncate -s 8M /tmp/disk; mke2fs -F /tmp/disk; mkdir /tmp/cold
mount -t ext4 -o loop /tmp/disk /tmp/cold`;

export const TRAPS = {
  /** A write to a frozen file system. */
  fsfreeze: {
    setUp: COLD,
    arguments: 'write=/tmp/cold/file',
    shut: 'fsfreeze --freeze /tmp/cold',
    wchan: 'percpu_rwsem_wait',
  },
  /** A read with O_DIRECT of a suspended device. */
  dm: {
    setUp: `modprobe loop; modprobe dm-mod; truncate -s 8M /tmp/disk
losetup /dev/loop0 /tmp/disk; dm create=slow on=/dev/loop0 sectors=16384`,
    arguments: 'direct=/dev/slow',
    shut: 'dm suspend=slow',
    wchan: 'submit_bio_wait',
  },
  /** A frozen cgroup of the freezer of cgroup v1, as `docker pause` leaves it there. */
  frozenV1: {
    setUp: 'mkdir /tmp/freezer; mount -t cgroup -o freezer freezer /tmp/freezer; mkdir /tmp/freezer/jail',
    arguments: '',
    shut: `echo $P > /tmp/freezer/jail/cgroup.procs; echo FROZEN > /tmp/freezer/jail/freezer.state
until grep -q FROZEN /tmp/freezer/jail/freezer.state; do usleep 10000; done`,
    wchan: '__refrigerator',
  },
  /** A core dump into a pipe that nobody reads. */
  dumpToPipe: {
    setUp: "echo '|/bin/sleep 1000' > /proc/sys/kernel/core_pattern",
    arguments: 'dump=1',
    wchan: 'pipe_write',
  },
  /** A core dump into a file of a frozen file system. */
  dumpToFrozen: {
    setUp: `${COLD}; fsfreeze --freeze /tmp/cold; echo /tmp/cold/core > /proc/sys/kernel/core_pattern`,
    arguments: 'dump=1',
    wchan: 'percpu_rwsem_wait',
  },
  /** mmap_lock held for write by a thread that waits for a FUSE daemon, for ever. */
  mmapLock: {
    setUp: `modprobe fuse; mkdir /tmp/mute; mutefs dir=/tmp/mute 2> /dev/null &
until grep -q ' /tmp/mute ' /proc/mounts; do usleep 10000; done`,
    arguments: 'mmap=/tmp/mute/file',
    wchan: 'folio_wait_bit_common',
  },
} satisfies Record<string, Trap>;

export interface Size {
  anonMiB: number;
  /** shmem, which no reaper frees. */
  sharedMiB?: number;
}

/** What a victim had at a time, KiB. */
export interface Held {
  us: number;
  anonKiB: number;
  shmemKiB: number;
}

export class Victim {
  readonly pid: number;
  private readonly guest: Guest;
  private readonly rss: Job;

  private constructor(guest: Guest, pid: number, rss: Job) {
    this.guest = guest;
    this.pid = pid;
    this.rss = rss;
  }

  /** A process with so much memory in a trap that is shut. */
  static async trap(guest: Guest, trap: Trap, { anonMiB, sharedMiB = 0 }: Size): Promise<Victim> {
    await guest.sh(trap.setUp);
    const job = guest.start(`exec stuck mib=${anonMiB} shared=${sharedMiB} ${trap.arguments}`);
    const pid = await job.started;
    await printed(job, 'ready');
    const stands = `until cat /proc/${pid}/task/*/wchan | grep -q ${trap.wchan}; do usleep 20000; done`;
    await guest.sh(`P=${pid}\n${trap.shut ?? ''}\n${stands}`);
    return Victim.observe(guest, pid);
  }

  /** Begins to account for the memory of a process. */
  static async observe(guest: Guest, pid: number): Promise<Victim> {
    const rss = guest.start(`exec rss pid=${pid}`);
    await printed(rss, '\n');
    return new Victim(guest, pid, rss);
  }

  /** A point for each change; it holds until the next one. */
  history(): Held[] {
    const lines = this.rss.stdout.split('\n').slice(0, -1);
    return lines.map((line) => {
      const [us = 0, anonKiB = 0, shmemKiB = 0] = line.split(' ').map(Number);
      return { us, anonKiB, shmemKiB };
    });
  }

  heldAt(us: number): Held {
    const held = this.history().findLast((point) => point.us <= us);
    if (!held) throw new Error(`pid ${this.pid} was not yet observed at ${us} us`);
    return held;
  }

  /** SIGTERM and SIGKILL that were sent to it, by whomever or by `senderTid`, in the order of time. */
  async signals(senderTid?: number): Promise<SignalEvent[]> {
    const all = (await readSignals(this.guest)).filter((event) => event.pid === this.pid);
    return all.filter((event) => senderTid === undefined || event.senderTid === senderTid).sort((a, b) => a.us - b.us);
  }

  /** When the first SIGKILL was sent to it. */
  async killedUs(senderTid?: number): Promise<number> {
    const first = (await this.signals(senderTid)).find((event) => event.signal === SIGKILL);
    if (!first) throw new Error(`nobody sent SIGKILL to the victim, pid ${this.pid}`);
    return first.us;
  }

  /** How long after its SIGKILL all but a twentieth of its anonymous memory was back; Infinity: never. */
  backAfterMs(killedUs: number): number {
    const { anonKiB } = this.heldAt(killedUs);
    const back = this.history().find((point) => point.us > killedUs && point.anonKiB < anonKiB / 20);
    return back ? Math.round((back.us - killedUs) / 1000) : Number.POSITIVE_INFINITY;
  }

  /** Share of its anonymous memory that was given back so long after its SIGKILL. */
  anonBack(killedUs: number, afterMs: number): number {
    return 1 - this.heldAt(killedUs + afterMs * 1000).anonKiB / this.heldAt(killedUs).anonKiB;
  }
}

/** Resolves once a job has printed this. */
async function printed(job: Job, text: string): Promise<void> {
  const deadline = Date.now() + PRINTED_WITHIN_MS;
  let isOver = false;
  void job.ended.then(() => {
    isOver = true;
  });
  while (!job.stdout.includes(text)) {
    if (isOver || Date.now() > deadline)
      throw new Error(`it ${isOver ? 'ended' : 'ran'} without printing ${JSON.stringify(text)}: ${job.stderr}`);
    await sleep(20);
  }
}

/** SIGKILL alone, by hand, and what came of it within `watchMs`: when it was sent. */
export async function plainKill(guest: Guest, victim: Victim, watchMs: number): Promise<number> {
  await guest.sh(`kill -9 ${victim.pid}; sleep ${watchMs / 1000 + 0.2}`);
  return victim.killedUs();
}

/** The hole: SIGKILL returns nothing, for as long as anybody looked. */
export async function expectNothingBack(guest: Guest, victim: Victim): Promise<void> {
  const watchMs = 3000;
  const available = async (): Promise<number> =>
    Number((await guest.sh("awk '/MemAvailable:/ { print $2 }' /proc/meminfo")).stdout);
  const before = await available();
  const killedUs = await plainKill(guest, victim, watchMs);
  const { anonKiB, shmemKiB } = victim.heldAt(killedUs);
  expect(victim.anonBack(killedUs, watchMs), 'share of its anonymous memory that came back').toBeLessThan(0.01);
  expect((await available()) - before, 'growth of MemAvailable, KiB').toBeLessThan((anonKiB + shmemKiB) / 20);
}
