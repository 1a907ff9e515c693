/**
 * The tally on disk, beside the incident reports: format "oomwatchd-tally", version 1. Read back by the next reporter, which
 * believes none of it: the file may be damaged, of another version, or somebody else's.
 *
 * Two files: one that is synced, for a crash of the host, and one that is not, for the end of the reporter, which leaves the
 * page cache as it is. To replace a synced file by one that is not could leave an empty one behind a crash (XFS).
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceFile } from '../replace-file.ts';
import { readSmallFile } from '../small-file.ts';
import { HOUR_MS, HOURS, type HourOfTally, TALLIED, type TallyState, zeros } from './tally.ts';

/** No name of a report: those who list or prune them pass it over. */
const NAME = 'summary.tally';
const LATEST = `${NAME}.latest`;
const FORMAT = 'oomwatchd-tally';
/** Four times what 25 hours with large figures take. */
const FILE_BYTES_MAX = 32 * 1024;
/** A host that begins with a clock that is a little fast has it set back within the first minutes. */
const AHEAD_MAX_MS = 300_000;

/** Where it is after a crash; the file that is told of. */
export const tallyFileIn = (directory: string): string => join(directory, NAME);

const isAmount = (value: unknown, max = Number.MAX_SAFE_INTEGER): value is number =>
  typeof value === 'number' && Number.isSafeInteger(Math.round(value)) && value >= 0 && value <= max;

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

const hourOf = (row: unknown): HourOfTally => {
  const { hour, heard_ms, counts: told } = isObject(row) ? row : {};
  if (!isAmount(hour) || !isAmount(heard_ms, HOUR_MS) || !isObject(told)) throw new Error('an hour in it is none');
  const counts = zeros();
  for (const name of TALLIED) {
    // What another version does not count is not there.
    const amount = told[name] ?? 0;
    if (!isAmount(amount)) throw new Error(`${name} in it is no number of times`);
    counts[name] = amount;
  }
  return { hour, heardMs: heard_ms, counts };
};

/** Throws with what is wrong with it. */
const parseTally = (text: string, nowMs: number): TallyState => {
  const read: unknown = JSON.parse(text);
  const { format, version, until_ms: untilMs, has_ended: hasEnded, hours } = isObject(read) ? read : {};
  if (format !== FORMAT || version !== 1) throw new Error('it is no tally of version 1');
  if (!isAmount(untilMs) || typeof hasEnded !== 'boolean' || !Array.isArray(hours) || hours.length > HOURS + 1) {
    throw new Error('it is not complete');
  }
  const rows = hours.map(hourOf);
  const latestMs = Math.max(untilMs, ...rows.map(({ hour }) => hour * HOUR_MS));
  if (latestMs > nowMs + AHEAD_MAX_MS)
    throw new Error(`it is of the future: ${Math.ceil((latestMs - nowMs) / 1000)} s`);
  return { untilMs, hasEnded, hours: rows };
};

const read = async (file: string, nowMs: number): Promise<TallyState | undefined> => {
  try {
    const { text } = await readSmallFile(file, FILE_BYTES_MAX, { isOwnDirectory: true });
    return parseTally(text, nowMs);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Without the directory there is nothing to read; that reports cannot be written is told where they are.
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
};

/** undefined: there is none yet. Rejects when there is one that cannot be used, with the reason. */
export const readTally = async (directory: string, nowMs: number): Promise<TallyState | undefined> => {
  // What a crash of the host has made of it is no fault: the other one was synced a minute before.
  const latest = await read(join(directory, LATEST), nowMs).catch(() => undefined);
  return latest ?? read(tallyFileIn(directory), nowMs);
};

/**
 * Replaces a file at once or not at all: the one that survives the host where `isSynced`, else the one that survives the
 * reporter. Rejects with the error of the file system.
 */
export const writeTally = async (
  directory: string,
  { untilMs, hasEnded, hours }: TallyState,
  isSynced: boolean,
): Promise<void> => {
  // At the end there is a second for all that is still to be written, and no crash is on its way.
  const isLast = isSynced || hasEnded;
  const rows = hours.map(({ hour, heardMs, counts }) => ({ hour, heard_ms: heardMs, counts }));
  const tally = { format: FORMAT, version: 1, until_ms: untilMs, has_ended: hasEnded, hours: rows };
  await replaceFile({
    path: isLast ? tallyFileIn(directory) : join(directory, LATEST),
    temporary: join(directory, `.${NAME}.new`),
    text: `${JSON.stringify(tally)}\n`,
    mode: 0o640,
    isDurable: isSynced && !hasEnded,
  });
  if (isLast) await rm(join(directory, LATEST), { force: true });
};
