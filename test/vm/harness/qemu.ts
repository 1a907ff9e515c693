// One QEMU process: its command line, its files, its certain end.
import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Channel } from './channel.ts';
import { connectWithin, Qmp } from './qmp.ts';

export interface Machine {
  vmlinuz: string;
  initramfs: string;
  /** Raw images in the order vda, vdb, ...; the guest may write, nothing it writes is kept. */
  disks: string[];
  memoryMiB: number;
  cpus: number;
}

const COMMAND_LINE = 'console=ttyS0 quiet panic=-1 mitigations=off tsc=reliable';

/** Of all disks of the guest together; 0: none. */
export interface DiskLimit {
  bps: number;
  iops: number;
}

const NO_LIMIT: DiskLimit = { bps: 0, iops: 0 };
/** Real servers wait for their disks; this is a modest cloud volume. */
const VOLUME: DiskLimit = { bps: 40 * 1024 * 1024, iops: 1000 };

// vitest's workers outlive a runner that was killed; a guest must not, and ends with the worker.
process.once('disconnect', () => process.exit(1));

export class Qemu {
  readonly folder = mkdtempSync(join(tmpdir(), 'oomwatchd-vm-'));
  readonly consoleFile = join(this.folder, 'console.log');
  private readonly machine: Machine;
  private child: ChildProcess | undefined;
  exited: Promise<void> = Promise.resolve();
  private qmp: Qmp | undefined;

  constructor(machine: Machine) {
    this.machine = machine;
    writeFileSync(this.consoleFile, '');
  }

  /** Starts the machine, from a saved state when there is one, and connects to the agent's line. */
  async start(state?: string): Promise<Channel> {
    const path = (name: string): string => join(this.folder, name);
    // The kernel ends QEMU when this process dies, however it dies: no guest is ever left behind.
    const child = spawn('setpriv', [
      ...['--pdeathsig', 'KILL', 'qemu-system-x86_64'],
      ...[
        '-accel',
        'tcg,thread=multi',
        '-cpu',
        'max',
        '-m',
        String(this.machine.memoryMiB),
        '-smp',
        String(this.machine.cpus),
      ],
      ...[
        '-display',
        'none',
        '-no-reboot',
        '-nodefaults',
        '-kernel',
        this.machine.vmlinuz,
        '-initrd',
        this.machine.initramfs,
      ],
      ...['-append', COMMAND_LINE],
      ...['-chardev', `file,id=console,path=${this.consoleFile},append=on`, '-serial', 'chardev:console'],
      ...['-chardev', `socket,id=agent,path=${path('agent')},server=on,wait=off`, '-serial', 'chardev:agent'],
      ...['-chardev', `socket,id=qmp,path=${path('qmp')},server=on,wait=off`, '-mon', 'chardev=qmp,mode=control'],
      ...this.machine.disks.flatMap((file, i) => [
        '-drive',
        `if=none,id=disk${i},file=${file},format=raw,snapshot=on,cache=unsafe`,
        ...['-device', `virtio-blk-pci,drive=disk${i}`],
      ]),
      ...(state ? ['-incoming', `exec:cat '${state}'`] : []),
    ]);
    this.child = child;
    const note = (text: string | Buffer): void => appendFileSync(this.consoleFile, `[qemu] ${text}`);
    child.stderr?.on('data', note);
    child.on('error', (error) => note(error.message));
    this.exited = new Promise((resolve) => child.once('exit', () => resolve()));
    const line = await connectWithin(path('agent'), 10_000);
    this.qmp = await Qmp.connect(path('qmp'));
    if (state) await this.qmp.resumeSaved();
    return new Channel(line);
  }

  get pid(): number {
    return this.child?.pid ?? 0;
  }

  async throttle(on: boolean | DiskLimit): Promise<void> {
    const { bps, iops } = typeof on === 'boolean' ? (on ? VOLUME : NO_LIMIT) : on;
    const rest = { bps_rd: 0, bps_wr: 0, iops_rd: 0, iops_wr: 0 };
    for (const i of this.machine.disks.keys())
      await this.qmp?.execute('block_set_io_throttle', { device: `disk${i}`, bps, iops, ...rest, group: 'all' });
  }

  async saveState(file: string): Promise<void> {
    await this.qmp?.saveState(file);
  }

  console(): string {
    return readFileSync(this.consoleFile, 'utf8');
  }

  /** Ends the process by its own pid. `keepFiles` leaves the console for whoever looks into a failure. */
  async stop(keepFiles = false): Promise<void> {
    const child = this.child;
    this.qmp?.close();
    if (child && child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await this.exited;
    }
    if (!keepFiles) rmSync(this.folder, { recursive: true, force: true });
  }
}
