// The machine protocol of QEMU: one JSON object a line over a unix socket.
import { createConnection, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

interface Reply {
  return?: unknown;
  error?: { desc: string };
  event?: string;
}

type Waiter = (reply: Reply) => void;

export class Qmp {
  private readonly socket: Socket;
  private readonly waiters: Waiter[] = [];

  private constructor(socket: Socket) {
    this.socket = socket;
    createInterface({ input: socket }).on('line', (line) => {
      const reply = JSON.parse(line) as Reply;
      if ('return' in reply || 'error' in reply) this.waiters.shift()?.(reply);
    });
  }

  static async connect(path: string): Promise<Qmp> {
    const qmp = new Qmp(await connectWithin(path, 10_000));
    await qmp.execute('qmp_capabilities');
    return qmp;
  }

  async execute(command: string, args: Record<string, unknown> = {}): Promise<unknown> {
    const reply = await new Promise<Reply>((resolve) => {
      this.waiters.push(resolve);
      this.socket.write(`${JSON.stringify({ execute: command, arguments: args })}\n`);
    });
    if (reply.error) throw new Error(`${command}: ${reply.error.desc}`);
    return reply.return;
  }

  /** Pauses the machine and writes its whole state to a file. */
  async saveState(file: string): Promise<void> {
    await this.execute('stop');
    await this.execute('migrate-set-parameters', { 'max-bandwidth': 1e10 }); // the default is that of a slow network
    await this.execute('migrate', { uri: `exec:cat > '${file}'` });
    for (;;) {
      const { status } = (await this.execute('query-migrate')) as { status: string };
      if (status === 'completed') return;
      if (status === 'failed') throw new Error('saving the machine state failed');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** A saved machine was paused when it was saved, and stays so until told, which it heeds only once it is loaded. */
  async resumeSaved(): Promise<void> {
    for (;;) {
      const { status } = (await this.execute('query-status')) as { status: string };
      if (status !== 'inmigrate') break;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await this.execute('cont');
  }

  close(): void {
    this.socket.destroy();
  }
}

/** QEMU makes its sockets a little after it starts. */
export async function connectWithin(path: string, ms: number): Promise<Socket> {
  const deadline = Date.now() + ms;
  for (;;) {
    const socket = createConnection(path);
    const error = await new Promise<Error | undefined>((resolve) => {
      socket.once('connect', () => resolve(undefined)).once('error', resolve);
    });
    if (!error) return socket.on('error', () => undefined); // a socket of a killed QEMU may reset: its exit is what counts
    if (Date.now() > deadline) throw error;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
