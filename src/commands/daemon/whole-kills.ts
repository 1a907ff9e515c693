/**
 * cgroup.kill (5.14) behind the signals for a cgroup that dies as a whole, by a rule for it or by act.scope: it takes those who
 * were forked since. It spares nobody, so it is written only when each member that is left is known and may die. All of it is
 * off the loop: listing opens files, and the write may wait for cgroup_mutex.
 */
import { writeFile } from 'node:fs/promises';
import type { OomwatchdEvent } from '../../core/event.ts';
import { memberToSpare, type WholeKill } from '../../core/select/company.ts';
import { hasScope } from '../../core/select/policy-match.ts';
import type { State } from '../../core/state.ts';
import { ABSENT } from '../../core/units.ts';
import { LEVEL } from '../../core/verdict.ts';
import { listMembers, type Members } from '../../linux/cgroup/members.ts';
import type { Host } from './host.ts';
import { createPaced } from './paced.ts';
import type { Watchers } from './watchers.ts';

/** As long as a victim has to go (act.victim_timeout): who is not known by then is not killed unknown. */
const GIVE_UP_MS = 5000;
/** As with the index: enrolling one takes 0.1 ms. */
const KNOW_AT_ONCE = 16;

export const createWholeKills = (host: Host, state: State, publish: (event: OomwatchdEvent) => void): Watchers => {
  const { cgroup2, index } = host;
  const { wholeKills } = state;
  let listed: Members | null = null;

  // No fault: it was about that one kill, all known members have been signalled, and nothing tells when it is over.
  const tell = (path: string, why: string): void =>
    publish({ kind: 'source', name: 'cgroup.kill', up: false, fault: false, detail: `${path}: ${why}` });

  const listing = createPaced(async () => {
    const [kill] = wholeKills;
    if (kill !== undefined) listed = await listMembers(`${cgroup2}${kill.path}`);
  });
  let path = '';
  const writing = createPaced(() =>
    writeFile(`${cgroup2}${path}/cgroup.kill`, '1').catch((error: NodeJS.ErrnoException) => {
      // All that were known have been signalled already; a kernel before 5.14 has no such file.
      tell(path, String(error.code));
    }),
  );

  /** Opening is for when the host is not short; the rounds of the index go on then as well. */
  const know = (pids: readonly number[]): void => {
    if (state.level >= LEVEL.TERM) return;
    for (const pid of pids.slice(0, KNOW_AT_ONCE)) index.know(pid);
  };

  /** null: ask again. Else what is to be told, "" when it is settled. */
  const judge = (kill: WholeKill, { pids, isWhole }: Members, nowMs: number): string | null => {
    if (pids.length === 0) return '';
    const unknown = pids.filter((pid) => !index.slots.byPid.has(pid));
    if (!isWhole || unknown.length > 0) {
      if (nowMs - kill.sinceMs < GIVE_UP_MS) {
        know(unknown);
        return null;
      }
      return isWhole ? `pid ${unknown[0]} is not known` : 'it has more members than are looked at';
    }
    const slots = pids.map((pid) => index.slots.byPid.get(pid) as number);
    const spared = memberToSpare(index.table, slots, kill, hasScope(host.policy().select));
    if (spared !== ABSENT) return `pid ${index.table.pid[spared]} must live`;
    path = kill.path;
    writing.run(0, nowMs);
    return '';
  };

  return {
    run: (nowMs) => {
      const [kill] = wholeKills;
      if (kill === undefined || listing.isUnderWay() || writing.isUnderWay()) return;
      const why = listed === null ? null : judge(kill, listed, nowMs);
      listed = null;
      if (why === null) {
        listing.run(0, nowMs);
        return;
      }
      wholeKills.shift();
      if (why !== '') tell(kill.path, why);
    },
    take: () => undefined,
    isWaiting: () => listing.isUnderWay() || writing.isUnderWay(),
  };
};
