/**
 * To all who are logged in. journal: journald, whose stream our standard output is in a service, hands what has level emerg to
 * every terminal (ForwardToWall=yes, its default) and needs no right of ours for it. command: wall(1) as our own user. Terminals
 * are of mode 0620 and group tty, a setgid wall gets no group under NoNewPrivileges=, and it ends with 0 whether it reached anybody
 * or not: so it is asked first whether it can. Control drops all groups of this process but the primary one of report.user.
 */
import { readFileSync } from 'node:fs';
import type { NoticeKind, Wall } from '../../core/notice-policy.ts';
import type { NoticeResult } from '../incident/incident-head.ts';
import type { Attempt } from './attempt.ts';
import type { RunCommand } from './command.ts';
import type { NoticeDocument } from './notice-document.ts';

/** What nobody has to act on this minute is not for terminals. */
const URGENT: readonly NoticeKind[] = ['livelock', 'stuck_victim', 'no_action', 'signal'];

const WALL = '/usr/bin/wall';
const GROUP = '/etc/group';
const TIMEOUT_MS = 10_000;
/** A few lines of a terminal. */
const TEXT_LIMIT = 400;

export interface WallPorts {
  readonly run: RunCommand;
  /** Writes a line of level emerg; false: standard output does not lead to the journal. */
  readonly emergency: (text: string) => boolean;
  readonly groupFile?: string;
}

/** Whether this process may write to terminals of others. */
const isOfTty = (groupFile: string): boolean => {
  try {
    const [, , gid] = /^tty:.*$/m.exec(readFileSync(groupFile, 'utf8'))?.[0].split(':') ?? [];
    const groups = [process.getegid?.(), ...(process.getgroups?.() ?? [])];
    return process.geteuid?.() === 0 || groups.some((group) => String(group) === gid);
  } catch {
    // Without the file nobody knows the group by name: then it is not ours.
    return false;
  }
};

const textOf = ({ host, summary }: NoticeDocument): string => `oomwatchd on ${host}: ${summary}`.slice(0, TEXT_LIMIT);

interface WallJob {
  readonly name: string;
  readonly kind: NoticeResult['kind'];
  attempt(signal: AbortSignal): Promise<Attempt>;
}

/** The job that tells it, or undefined where there is nothing to tell. */
export const wallJob = (wall: Wall, document: NoticeDocument, ports: WallPorts): WallJob | undefined => {
  if (wall === 'off' || !URGENT.includes(document.kind)) return undefined;
  const text = textOf(document);
  const attempt = (signal: AbortSignal): Promise<Attempt> => {
    if (wall === 'command' && !isOfTty(ports.groupFile ?? GROUP)) {
      return Promise.resolve({ result: 'failed', detail: 'the primary group of report.user is not tty' });
    }
    if (wall === 'command') {
      const task = { argv: [WALL], timeoutMs: TIMEOUT_MS, kind: document.kind, stdin: `${text}\n` };
      return ports.run(task, signal);
    }
    const isJournal = ports.emergency(text);
    return Promise.resolve(
      isJournal
        ? { result: 'ok', detail: 'handed to the journal' }
        : { result: 'failed', detail: 'standard output is not the journal' },
    );
  };
  return { name: wall, kind: 'wall', attempt };
};
