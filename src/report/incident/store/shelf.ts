/** Where reports are: the list of all of them, the few in memory, the directory, and the order in which that is worked on. */
import type { IncidentsPolicy } from '../../../core/policy.ts';
import { messageOf } from '../../message-of.ts';
import type { Note } from '../../notes.ts';
import { createHeads, type Heads } from './heads.ts';
import { createJobQueue, type JobQueue } from './job-queue.ts';
import { createReportDirectory, type ReportDirectory } from './report-directory.ts';
import { createUnwritten, type Unwritten } from './unwritten.ts';

/** Checkpoints, closings and notices that wait for a disk that does not answer. */
const QUEUE_MAX = 16;

export interface Shelf {
  readonly heads: Heads;
  readonly unwritten: Unwritten;
  /** undefined: nothing is read or written. */
  readonly disk: ReportDirectory | undefined;
  /** All that touches the disk, but for reports that somebody asks for. */
  readonly jobs: JobQueue;
}

export const createShelf = (policy: IncidentsPolicy | undefined, note: (note: Note) => void): Shelf => {
  const heads = createHeads(policy);
  const disk = policy === undefined ? undefined : createReportDirectory(policy, heads, note);
  const failed = disk?.failed ?? ((error: unknown) => note({ kind: 'bug', error: messageOf(error) }));
  return { heads, unwritten: createUnwritten(heads.forget), disk, jobs: createJobQueue(QUEUE_MAX, failed) };
};
