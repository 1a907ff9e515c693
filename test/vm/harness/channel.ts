// The host's end of the agent's serial line (workloads/agent.c holds the protocol).
import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';

export interface Ended {
  stdout: string;
  stderr: string;
  /** Exit code, or -1 when a signal ended it. */
  code: number;
  signal: number;
}

/** A command that runs in the guest. */
export class Job {
  readonly id: number;
  readonly ended: Promise<Ended>;
  readonly started: Promise<number>;
  stdout = '';
  stderr = '';
  private readonly send: (text: string) => void;
  private finish!: (ended: Ended) => void;
  private begin!: (pid: number) => void;

  constructor(id: number, send: (text: string) => void) {
    this.id = id;
    this.send = send;
    this.ended = new Promise((resolve) => {
      this.finish = resolve;
    });
    this.started = new Promise((resolve) => {
      this.begin = resolve;
    });
  }

  signal(number: number): void {
    this.send(`kill ${this.id} ${number}\n`);
  }

  signalGroup(number: number): void {
    this.send(`killpg ${this.id} ${number}\n`);
  }

  receive(what: string, body: string): void {
    if (what === 'start') this.begin(Number(body));
    else if (what === 'out') this.stdout += body;
    else if (what === 'err') this.stderr += body;
    else if (what === 'exit') {
      const [code = -1, signal = 0] = body.split(' ').map(Number);
      this.finish({ stdout: this.stdout, stderr: this.stderr, code, signal });
    }
  }
}

/** Emits 'ready' and 'notify' (text, guest microseconds); hands the rest to the job it belongs to. */
export class Channel extends EventEmitter {
  private readonly socket: Socket;
  private readonly jobs = new Map<number, Job>();
  private pending: Buffer = Buffer.alloc(0);
  private lastId = 0;

  constructor(socket: Socket) {
    super();
    this.socket = socket;
    socket.on('data', (bytes) => this.take(bytes));
  }

  run(command: string): Job {
    const job = new Job(++this.lastId, (text) => void this.socket.write(text));
    this.jobs.set(job.id, job);
    this.socket.write(`run ${job.id} ${Buffer.byteLength(command)}\n${command}`);
    return job;
  }

  /** A job that was started before the machine was saved; what it prints from now on arrives here. */
  adopt(id: number): Job {
    const known = this.jobs.get(id);
    if (known) return known;
    const job = new Job(id, (text) => void this.socket.write(text));
    this.jobs.set(id, job);
    return job;
  }

  /** The jobs of a saved machine are not known here; its next ids must not repeat them. */
  skipIds(first: number): void {
    this.lastId = first;
  }

  private take(bytes: Buffer): void {
    this.pending = this.pending.length === 0 ? bytes : Buffer.concat([this.pending, bytes]);
    for (;;) {
      const end = this.pending.indexOf(10);
      if (end < 0) return;
      const [id, what = '', time, length] = this.pending.toString('latin1', 0, end).split(' ');
      // Else the loop below would turn for ever over the same bytes.
      if (!/^\d+$/.test(length ?? ''))
        throw new Error(`not a line of the agent: ${this.pending.toString('latin1', 0, end)}`);
      const next = end + 1 + Number(length);
      if (this.pending.length < next) return;
      const body = this.pending.toString('utf8', end + 1, next);
      this.pending = this.pending.subarray(next);
      if (id === '0') this.emit(what, body, Number(time));
      else this.jobs.get(Number(id))?.receive(what, body);
    }
  }
}
