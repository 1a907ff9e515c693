/**
 * The directory of incident reports: ID.json and ID.html for each. Written to a name of its own, synced and renamed, so that a
 * crash or a full disk never leaves half a report. What is read may have been put there by anybody who could write: links,
 * pipes and files beyond all measure are not followed.
 */
import { lstat, mkdir, open, opendir, rm, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceFile } from '../../replace-file.ts';
import { readSmallFile } from '../../small-file.ts';
import { ID, type IncidentHead } from '../incident-head.ts';

const FORMS = ['json', 'html'] as const;
export type Form = (typeof FORMS)[number];

/** Four times what the largest report has. */
const FILE_BYTES_MAX = 2 * 2 ** 20;
/** Ten times what `keep` allows at most, with a second file each. */
const ENTRIES_MAX = 200_000;
/** The keys of a head come before "story" and have 1 KiB at most, the title made of 400 characters. */
const HEAD_BYTES = 4096;
const TEMPORARY = /^\.\d{8}T\d{6}Z-\d{1,6}\.(json|html)\.new$/;

export interface Stored {
  readonly id: string;
  readonly bytes: number;
}

const fileOf = (directory: string, id: string, form: Form): string => join(directory, `${id}.${form}`);

/** Makes the directory where only the last part of its path is missing, and looks whether it can be written to. */
export const prepare = async (directory: string): Promise<void> => {
  await mkdir(directory, { mode: 0o750 }).catch(() => {
    // It is there, or the write below says why not.
  });
  const probe = join(directory, '.probe');
  await (await open(probe, 'w', 0o640)).close();
  await unlink(probe);
};

/** Reports with their size on disk, newest first. `isOwner`: what a crash has left half written is removed. */
export const list = async (directory: string, isOwner: boolean): Promise<Stored[]> => {
  const bytes = new Map<string, number>();
  let entries = 0;
  for await (const { name } of await opendir(directory)) {
    if (++entries > ENTRIES_MAX) break;
    if (isOwner && TEMPORARY.test(name)) await unlink(join(directory, name)).catch(() => undefined);
    const [id = '', form = ''] = name.split('.');
    if (!ID.test(id) || (form !== 'json' && form !== 'html') || name !== `${id}.${form}`) continue;
    const found = await lstat(join(directory, name)).catch(() => undefined);
    if (found?.isFile()) bytes.set(id, (bytes.get(id) ?? 0) + found.size);
  }
  return [...bytes].map(([id, size]) => ({ id, bytes: size })).sort(byAge);
};

/** Newest first; of one second the higher serial. */
export const byAge = (a: { readonly id: string }, b: { readonly id: string }): number =>
  b.id.slice(0, 16).localeCompare(a.id.slice(0, 16)) || Number(b.id.slice(17)) - Number(a.id.slice(17));

/** The text of a report; undefined when there is none. Rejects when it is there and cannot be read. */
export const read = async (directory: string, id: string, form: Form): Promise<string | undefined> => {
  if (!ID.test(id)) return undefined;
  try {
    return (await readSmallFile(fileOf(directory, id, form), FILE_BYTES_MAX, { isOwnDirectory: true })).text;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
};

const isHead = (
  head: unknown,
): head is Record<'title' | 'outcome' | 'state', string> & Record<string, number | null> => {
  if (typeof head !== 'object' || head === null) return false;
  const { format, version, title, outcome, state, started_ms, ended_ms, victims } = head as Record<string, unknown>;
  const isOurs = format === 'oomwatchd-incident' && version === 1;
  const isNumber = typeof started_ms === 'number' && typeof victims === 'number';
  const isEnd = typeof ended_ms === 'number' || ended_ms === null;
  return isOurs && isNumber && isEnd && [title, outcome, state].every((value) => typeof value === 'string');
};

/** The head of a report by its first bytes, and whether it was never closed. Rejects with what is wrong with the file. */
export const readHead = async (directory: string, id: string): Promise<{ head: IncidentHead; isOpen: boolean }> => {
  const file = fileOf(directory, id, 'json');
  const { text: start } = await readSmallFile(file, HEAD_BYTES, { isOwnDirectory: true, isCut: true });
  // Within a text of JSON a quote has a backslash in front of it, so this cannot be part of one.
  const end = start.indexOf(',"story":');
  const head: unknown = end === -1 ? null : JSON.parse(`${start.slice(0, end)}}`);
  if (!isHead(head)) throw new Error('it is no report of version 1');
  const { title, outcome, state, started_ms, ended_ms, victims } = head;
  const times = { startedMs: started_ms as number, endedMs: ended_ms as number | null };
  return { head: { id, ...times, title, outcome, victims: victims as number }, isOpen: state === 'open' };
};

/** Replaces a report at once or not at all. Rejects with the error of the file system. */
export const write = (directory: string, id: string, form: Form, text: string): Promise<void> =>
  replaceFile({
    path: fileOf(directory, id, form),
    temporary: join(directory, `.${id}.${form}.new`),
    text,
    mode: 0o640,
    isDurable: true,
  });

/** Rejects when a file of it stays. */
export const remove = async (directory: string, id: string): Promise<void> => {
  const ends = await Promise.allSettled(FORMS.map((form) => rm(fileOf(directory, id, form), { force: true })));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
};
