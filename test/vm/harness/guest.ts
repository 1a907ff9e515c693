// A guest as the cases see it: resumed in about a second from a saved state, runs commands, ends without a trace.
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Channel, Ended, Job } from './channel.ts';
import { buildDaemonDisk } from './daemon-image.ts';
import { buildDataDisk, buildInitramfs, buildRootDisk, buildSwapDisk } from './image.ts';
import { fetchKernel } from './kernel.ts';
import { cacheFolder, shortHash } from './paths.ts';
import { type DiskLimit, type Machine, Qemu } from './qemu.ts';

const MEMORY_MIB = 512;
const CPUS = 2;
/** Place in the list of disks: /dev/vdc. */
const DAEMON_DISK = 2;
/** Job ids of a resumed guest begin this much above those of the machine it was saved from. */
const IDS_PER_STATE = 1000;

export class Guest {
  readonly qemu: Qemu;
  readonly channel: Channel;

  private constructor(qemu: Qemu, channel: Channel) {
    this.qemu = qemu;
    this.channel = channel;
  }

  /**
   * Resumes the freshly booted machine, which is booted first when the kernel or an image changed. Another disk of the
   * same size may stand in for the daemon's, which is not yet mounted in this state.
   */
  static async resume(daemonDisk?: string): Promise<Guest> {
    const machine = theMachine(daemonDisk);
    const others = machine.disks.filter((_, i) => i !== DAEMON_DISK);
    const state = new SavedState(
      'calm',
      machine,
      others.map((path) => basename(path)),
      [],
    );
    if (!state.exists()) {
      const guest = await Guest.boot(machine);
      await state.save(guest, null).finally(() => guest.stop());
    }
    return Guest.load(machine, state, 1);
  }

  /**
   * Resumes the state called `name`, which `prepare` makes out of a calm guest when it is not there yet. What
   * `prepare` answers is kept beside it. Everything that shaped the state must be in `inputs`.
   */
  static async resumePrepared<T>(
    name: string,
    inputs: string[],
    prepare: (guest: Guest) => Promise<T>,
  ): Promise<[Guest, T]> {
    const machine = theMachine();
    const disks = machine.disks.map((path) => basename(path));
    const state = new SavedState(name, machine, disks, inputs);
    if (!state.exists()) {
      const guest = await Guest.resume();
      try {
        await state.save(guest, await prepare(guest));
      } finally {
        await guest.stop();
      }
    }
    return [await Guest.load(machine, state, 2), state.memo() as T];
  }

  private static async boot(machine: Machine): Promise<Guest> {
    const qemu = new Qemu(machine);
    const channel = await qemu.start();
    const ready = new Promise((resolve) => channel.once('ready', resolve));
    const dead = qemu.exited.then(() => Promise.reject(new Error(`QEMU ended\n${qemu.console()}`)));
    await within(120_000, 'the guest boots', Promise.race([ready, dead]));
    dead.catch(() => undefined); // from here on its end is expected, or noticed by a time-out
    const guest = new Guest(qemu, channel);
    await guest.sh(
      'mount -t ext4 -o ro /dev/vdb /data; ip link set lo up; hostname guest; dmesg -c > /dev/null; sleep 1',
    );
    return guest;
  }

  private static async load(machine: Machine, state: SavedState, generation: number): Promise<Guest> {
    const qemu = new Qemu(machine);
    const channel = await qemu.start(state.file);
    channel.skipIds(generation * IDS_PER_STATE);
    const guest = new Guest(qemu, channel);
    await guest.sh(':');
    return guest;
  }

  /** Starts a command and leaves it running. */
  start(command: string): Job {
    return this.channel.run(command);
  }

  /** Runs a command to its end and answers what it printed; a failing one throws unless told otherwise. */
  async sh(command: string, { timeoutMs = 60_000, mayFail = false } = {}): Promise<Ended> {
    const ended = await within(timeoutMs, `in the guest: ${command}`, this.start(command).ended);
    if (ended.code === 0 || mayFail) return ended;
    throw new Error(
      `in the guest: ${command}\nended with ${ended.code}/${ended.signal}\n${ended.stdout}${ended.stderr}`,
    );
  }

  throttleDisks(on: boolean | DiskLimit): Promise<void> {
    return this.qemu.throttle(on);
  }

  stop(keepFiles = false): Promise<void> {
    return this.qemu.stop(keepFiles);
  }
}

/** A machine on disk: its memory, and what has to be remembered about it on this side. */
class SavedState {
  readonly file: string;
  private readonly name: string;
  private readonly kind: string;
  private readonly machine: string;

  /** `disks`: the names of those that are in use. */
  constructor(name: string, machine: Machine, disks: string[], inputs: string[]) {
    this.name = name;
    const boot = [machine.vmlinuz, machine.initramfs].map((path) => basename(path));
    this.kind = `${name}.${basename(machine.vmlinuz)}.`;
    this.machine = `${this.kind}${shortHash(...boot, String(machine.memoryMiB), String(machine.cpus), ...disks)}.`;
    this.file = join(cacheFolder('states'), `${this.machine}${shortHash(...inputs)}.state`);
  }

  exists(): boolean {
    return existsSync(this.file) && existsSync(`${this.file}.json`);
  }

  async save(guest: Guest, memo: unknown): Promise<void> {
    const folder = cacheFolder('states');
    const scratch = `${this.file}.${process.pid}`;
    // Of another build; those of other options stay, since the cases take them in turns.
    for (const old of readdirSync(folder))
      if (old.startsWith(this.kind) && !old.startsWith(this.machine)) rmSync(join(folder, old));
    await within(60_000, `saving the state ${this.name}`, guest.qemu.saveState(scratch));
    writeFileSync(`${this.file}.json`, JSON.stringify(memo));
    renameSync(scratch, this.file);
  }

  memo(): unknown {
    return JSON.parse(readFileSync(`${this.file}.json`, 'utf8'));
  }
}

function theMachine(daemonDisk = buildDaemonDisk()): Machine {
  const kernel = fetchKernel();
  const disks = [buildRootDisk(), buildDataDisk(), daemonDisk, buildSwapDisk()];
  return { vmlinuz: kernel.vmlinuz, initramfs: buildInitramfs(kernel), disks, memoryMiB: MEMORY_MIB, cpus: CPUS };
}

export async function within<T>(ms: number, what: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${ms} ms: ${what}`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
