/** A real process that does as it is told: see subject.c for the commands. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { build } from './build.ts';

export interface Subject {
  readonly pid: number;
  readonly process: ChildProcess;
  /** Sends a command and waits for its answer. */
  tell(command: string): Promise<string>;
  /** Kills it and waits until it is reaped. */
  end(): Promise<void>;
  /** Resolves when it is reaped, to the signal or exit code. */
  readonly ended: Promise<NodeJS.Signals | number>;
}

export interface SubjectOptions {
  /** Another copy of the program. */
  readonly program?: string;
  /** Put in front of the program, which must exec it in the same process: unshare, setpriv, ... */
  readonly wrapper?: readonly string[];
  readonly uid?: number;
  readonly gid?: number;
}

const running = new Set<Subject>();

/** For afterEach: only what this test has started, by handle. */
export const endSubjects = async (): Promise<void> => {
  await Promise.all([...running].map((subject) => subject.end()));
};

export const startSubject = async (options: SubjectOptions = {}): Promise<Subject> => {
  const { program = build('subject'), wrapper = [], uid, gid } = options;
  const [command = '', ...args] = [...wrapper, program];
  const identity = { ...(uid === undefined ? {} : { uid }), ...(gid === undefined ? {} : { gid }) };
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'], ...identity });
  const ended = once(child, 'exit').then(([code, signal]): NodeJS.Signals | number => {
    running.delete(subject);
    return signal ?? code;
  });
  // A command to one that was killed meanwhile: the answer that does not come tells.
  child.stdin.on('error', () => undefined);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async (): Promise<string> => {
    const { value, done } = await lines.next();
    if (done === true) throw new Error(`subject ended (${await ended}) instead of answering`);
    return value;
  };
  const subject: Subject = {
    pid: child.pid ?? -1,
    process: child,
    tell: (line) => {
      child.stdin.write(`${line}\n`);
      return answer();
    },
    end: async () => {
      child.kill('SIGKILL');
      await ended;
    },
    ended,
  };
  running.add(subject);
  await answer();
  return subject;
};

/** One field of /proc/PID/status as text, "" when it is not there. */
export const statusField = (pid: number, field: string, task = ''): string => {
  const text = readFileSync(`/proc/${pid}/${task}status`, 'latin1');
  return new RegExp(`^${field}:\\s*(.*)$`, 'm').exec(text)?.[1] ?? '';
};
