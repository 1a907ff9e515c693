/** The reporter looks at itself: what will soon keep it from reporting is told while it still can be. */
import { constants } from 'node:fs';
import { access, statfs } from 'node:fs/promises';

export const SELF_CHECKS = ['memory', 'control', 'directory', 'disk'] as const;
export type SelfCheckName = (typeof SELF_CHECKS)[number];

/** What is wrong, in numbers; the words are in notice-wording.ts. */
export interface Fault {
  readonly check: SelfCheckName;
  /** MiB, milliseconds (-1: never heard of), "" or an errno name, MiB. */
  readonly value: number | string;
}

export interface SelfCheckPorts {
  readonly rssBytes: () => number;
  /** Age of the last numbers from control in milliseconds, undefined before the first. */
  readonly controlAgeMs: () => number | undefined;
  /** Beyond that control counts as stuck. */
  readonly controlLimitMs: number;
  /** Where incident reports are written; undefined: nowhere. */
  readonly directory: string | undefined;
}

const MIB = 1 << 20;
/** It has 70 MiB, some 15 more with Node.js 24, most of it the pages of node that control has in memory anyway. */
const RSS_MAX_BYTES = 96 * MIB;
/** A hundred incident reports. */
const FREE_MIN_BYTES = 64 * MIB;
/** A file system that does not answer holds a thread of the pool. */
const ANSWER_MS = 5000;

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? 'unknown';

const looked = async (directory: string): Promise<Fault[]> => {
  try {
    await access(directory, constants.W_OK | constants.X_OK);
    const { bavail, bsize } = await statfs(directory);
    const free = bavail * bsize;
    return free < FREE_MIN_BYTES ? [{ check: 'disk', value: Math.floor(free / MIB) }] : [];
  } catch (error) {
    return [{ check: 'directory', value: codeOf(error) }];
  }
};

/** Gives a function that makes one check. */
export const createSelfCheck = (ports: SelfCheckPorts): (() => Promise<readonly Fault[]>) => {
  /** A look at the directory that has not come back. */
  let pending: Promise<Fault[]> | undefined;

  const look = async (directory: string): Promise<Fault[]> => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<Fault[]>((resolve) => {
      timer = setTimeout(resolve, ANSWER_MS, [{ check: 'directory', value: 'ETIMEDOUT' }]);
    });
    pending ??= looked(directory).finally(() => {
      pending = undefined;
    });
    try {
      return await Promise.race([pending, late]);
    } finally {
      clearTimeout(timer);
    }
  };

  return async () => {
    const faults: Fault[] = [];
    const rss = ports.rssBytes();
    if (rss > RSS_MAX_BYTES) faults.push({ check: 'memory', value: Math.round(rss / MIB) });
    const ageMs = ports.controlAgeMs();
    if (ageMs === undefined || ageMs > ports.controlLimitMs) faults.push({ check: 'control', value: ageMs ?? -1 });
    if (ports.directory !== undefined) faults.push(...(await look(ports.directory)));
    return faults;
  };
};
