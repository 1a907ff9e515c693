/**
 * Aborts a FUSE connection (Documentation/filesystems/fuse.rst, "Aborting a filesystem connection"): every request that
 * waits for its server ends with an error, also those of a thread that SIGKILL cannot reach. The number must still be that
 * of the mount that the thread sees, and the connection have requests that nobody has answered.
 */
import { join } from 'node:path';
import type { Remedy } from '../../core/remedy.ts';
import { fuseFolder, fuseMounts, mountsOf, waitingRequests } from '../victims/held-up-by.ts';
import { type Attempt, changed, type Means, textOf, writeTo, written } from './attempt.ts';

export const abortFuse = async ({ object, place, pid, tid, dryRun }: Remedy, { roots }: Means): Promise<Attempt> => {
  const around = { roots, read: textOf };
  const task = `${roots.proc}/${pid}/task/${tid}`;
  const seen = fuseMounts(await mountsOf(around, task));
  const isMounted = seen.some(({ connection, point }) => connection === object && point === place);
  if (!/^\d+$/.test(object) || !isMounted) return changed('the connection is not that of this mount any more');
  if (!/^State:\s*D/m.test((await textOf(`${task}/status`)) ?? '')) return changed('the thread does not wait any more');
  const waiting = await waitingRequests(around, object);
  if (!(waiting > 0)) return changed('no request waits for an answer any more');
  const path = join(fuseFolder(roots, object), 'abort');
  const values = { oldValue: `${waiting} waiting`, newValue: 'aborted' };
  return written(await writeTo(path, '1', dryRun), dryRun, values, path);
};
