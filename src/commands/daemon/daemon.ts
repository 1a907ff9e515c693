/** The daemon's life: start in the order that makes it safe, then the loop, then a clean end. */
import { openControlSocket } from '../../control/control-socket.ts';
import { createLoop } from '../../control/loop.ts';
import { schedule } from '../../control/schedule.ts';
import { isWithin } from '../../core/cgroup-row.ts';
import { never, takeTurn } from '../../core/due.ts';
import type { Finding, OomwatchdEvent } from '../../core/event.ts';
import type { ForcedAnswer, ForcedRequest } from '../../core/forced.ts';
import { memoryFacts } from '../../core/memory-facts.ts';
import type { Policy } from '../../core/policy.ts';
import { emptySample } from '../../core/sample.ts';
import { createState } from '../../core/state.ts';
import { ABSENT } from '../../core/units.ts';
import { LEVEL } from '../../core/verdict.ts';
import { isPending } from '../../core/victim.ts';
import { JOURNAL_PATH } from '../../exit.ts';
import { createUnwaitedKmsgWriter } from '../../linux/kmsg-writer.ts';
import { createNotifier } from '../../linux/notify.ts';
import { watchPsi } from '../../linux/psi-trigger.ts';
import type { Roots } from '../../linux/root.ts';
import { createOwnRss } from '../../linux/self.ts';
import { openJournal } from '../../linux/steer/journal.ts';
import { putRight } from '../../linux/steer/put-right.ts';
import { errnoName } from '../../linux/sys/errno.ts';
import * as libc from '../../linux/sys/libc.ts';
import * as locks from '../../linux/sys/locks.ts';
import { createWatchdogDevice } from '../../linux/watchdog-device.ts';
import { VERSION } from '../../version.ts';
import { openDeathWatch } from './death-watch.ts';
import { createDrill } from './drill.ts';
import { settleHeap } from './heap.ts';
import { openHost, settleIndex } from './host.ts';
import { kmsgLine } from './kmsg-line.ts';
import { createLastResort } from './last-resort.ts';
import { createOffLoop } from './off-loop.ts';
import type { PolicyResult } from './policy-source.ts';
import { lockCode, takeMemory } from './protection.ts';
import { rehearse } from './rehearsal.ts';
import { createReload, statusLine } from './reload.ts';
import { openReporting } from './reporting.ts';
import { openStandby } from './second-actor.ts';
import type { Signals } from './signals.ts';
import { createSourceNews } from './source-news.ts';
import { createWatchdog } from './watchdog.ts';
import { createWatchers } from './watchers.ts';

/** The reporter may take this long to write what it has been told when the daemon ends. */
const REPORTER_GRACE_MS = 2000;
/** RSS and index counts change slowly, and a scrape comes every 15 s or so. */
const SLOW_NUMBERS_MS = 5000;

const noJournal = (found: string): Finding => ({
  ...{ name: 'oom_score_adj_journal', status: 'warn', found },
  meaning:
    'act.sysrq_f: directed changes no oom_score_adj, as a crash of ours could leave it changed; the press is undirected',
  remedy: 'install systemd/oomwatchd.tmpfiles, which makes /run/oomwatchd, or stop the other daemon',
});

/** Runs until a signal ends it; resolves to the exit code. `findings` have been looked at by the caller. */
export const runDaemon = async (
  roots: Roots,
  firstPolicy: Policy,
  load: () => Promise<PolicyResult>,
  findings: readonly Finding[],
  signals: Signals,
): Promise<number> => {
  const host = openHost(roots, firstPolicy);
  const { index, clock } = host;
  const state = createState(index.table.capacity);
  state.kernel = host.kernel;
  const { victims, register, cgroupAction, ruleWatch } = state;
  host.pin(
    (slot) =>
      victims.some((victim) => isPending(victim) && victim.slot === slot) ||
      cgroupAction.victims.some((victim) => isPending(victim) && victim.slot === slot) ||
      (ruleWatch.wanted !== '' && isWithin(index.table.cgroup[slot] as string, ruleWatch.wanted)) ||
      register.dying.some((dying) => dying.slot === slot),
  );
  // Before anything else: processes that an earlier run has left out of the kernel's reach.
  const journal = openJournal(JOURNAL_PATH);
  const left = typeof journal === 'string' ? null : await putRight(roots.proc, journal);
  state.canSteer = typeof journal !== 'string';
  const lastResort = createLastResort(createWatchdogDevice({ ...libc, ...locks }), (event) => publish(event));
  const deaths = openDeathWatch(host, typeof journal === 'string' ? null : journal, lastResort.leaveUnfed);
  const kmsg = createUnwaitedKmsgWriter(roots.kmsg);
  /** Nobody waits for memory, so neither would we. */
  const mayWait = (): boolean => state.level === LEVEL.CALM && state.detect.signs.fullPermyriad <= 0;
  const notifier = createNotifier(process.env['NOTIFY_SOCKET'], mayWait);
  const watchdog = createWatchdog(notifier, process.env['WATCHDOG_USEC'], clock.nowMs);

  const sample = emptySample();
  host.sampler.readBasics(sample);
  const started = ({ mode, hash, files }: Policy): OomwatchdEvent => ({
    kind: 'started',
    version: VERSION,
    mode,
    pid: process.pid,
    configHash: hash,
    files,
    memory: memoryFacts(sample),
  });
  /** What stays true: told at start, and again to each new reporter, which remembers nothing. */
  const standing: Finding[] = findings.filter(({ status }) => status !== 'ok');
  const tellStanding = (): void => {
    reporting.publish(started(host.policy()));
    for (const finding of standing) reporting.publish({ kind: 'finding', finding });
    for (const source of sources.down()) reporting.publish(source);
    lastResort.tell();
  };
  const reporting = openReporting(firstPolicy, clock.nowMs, () => state.level < LEVEL.TERM, mayWait, tellStanding);
  const publish = (event: OomwatchdEvent): void => {
    sources.note(event);
    reporting.publish(event);
    const line = kmsgLine(event);
    if (line !== null) kmsg.write(line);
    if (event.kind === 'kernel_kills_unseen') offLoop.killsUnseen();
  };
  const sources = createSourceNews(deaths.sources, publish);

  settleIndex(index);
  const rehearsal = await rehearse(host, deaths);
  settleHeap();
  const locked = lockCode(roots);
  reporting.slow.lockedKiB = locked.lockedKiB;
  if (locked.finding !== null) standing.push(locked.finding);
  if (typeof journal === 'string' && firstPolicy.act.sysrqF === 'directed') standing.push(noJournal(journal));
  tellStanding();
  for (const source of host.sampler.sources) source.isNews = !source.isUp;
  sources.look();
  if (left !== null) publish({ kind: 'restored', by: 'start', ...left });
  publish({ kind: 'rehearsed', ...rehearsal });

  const ownRss = createOwnRss(roots.proc, index.table.pageKiB);
  const offLoop = createOffLoop(host, publish, () => state.nobodyMs !== ABSENT);
  const watchers = createWatchers(host, state, publish);
  await Promise.all([offLoop.settle(), reporting.settle()]);
  const standby = openStandby(host, state, publish);
  if (standby.finding !== null) {
    standing.push(standby.finding);
    publish({ kind: 'finding', finding: standby.finding });
  }
  takeMemory(roots);
  const slowNumbers = never();
  const ticked = (): void => {
    watchdog.feed();
    reporting.slow.standbyUp = standby.isUp();
    const nowMs = clock.nowMs();
    lastResort.ticked(nowMs, state.climb.lastResortMs !== ABSENT);
    offLoop.run(nowMs, state.level);
    watchers.run(nowMs);
    if (state.level >= LEVEL.TERM || !takeTurn(slowNumbers, SLOW_NUMBERS_MS, nowMs)) return;
    sources.look();
    reporting.slow.ownRssKiB = ownRss();
    reporting.slow.known = index.table.count;
    reporting.slow.armed = index.slots.armed;
  };
  const loop = createLoop(
    {
      clock,
      sampler: host.sampler,
      index: {
        ...index,
        refresh: (budgetMs) => {
          const isRoundEnd = index.refresh(budgetMs);
          if (isRoundEnd) offLoop.roundEnded();
          if (isRoundEnd) standby.handOver();
          return isRoundEnd;
        },
      },
      executor: deaths.executor,
      kernelLog: deaths.kernelLog,
      victims: deaths.victims,
      remedies: deaths.remedies,
      watchers,
      standby,
      publisher: { publish, gauges: reporting.gauges },
      ownMajorFaults: libc.ownMajorFaults,
      ticked,
    },
    state,
    firstPolicy,
  );
  const timing = schedule(clock.nowMs, loop.turn);
  const psi = watchPsi(`${roots.proc}/pressure/memory`, timing.wake);
  if (typeof psi === 'number') {
    // No fault: without it the pace alone says when to look.
    publish({ kind: 'source', name: 'psi_trigger', up: false, fault: false, detail: errnoName(psi) });
  }
  const force = (request: ForcedRequest): ForcedAnswer => {
    const answer = loop.force(request);
    // What came of it is looked at soon, not at the end of a calm pause.
    timing.wake();
    return answer;
  };
  const socket = await openControlSocket(firstPolicy.control.socket, force);
  if (socket.finding !== null) {
    standing.push(socket.finding);
    publish({ kind: 'finding', finding: socket.finding });
  }
  const isCalm = (): boolean =>
    state.level === LEVEL.CALM &&
    state.livelock.class === 'none' &&
    register.dying.length === 0 &&
    !victims.some(isPending);
  const drill = createDrill(host, deaths.executor, isCalm);
  reporting.onDrillRequest(() => void drill().then(publish));
  // Last of all: from here on a start that stood still would reset the host.
  await lastResort.setPolicy(firstPolicy);
  notifier.send(statusLine(firstPolicy));

  const take = (policy: Policy): void => {
    host.setPolicy(policy);
    loop.setPolicy(policy);
    standby.setPolicy(policy);
    reporting.setPolicy(policy);
    void lastResort.setPolicy(policy);
  };
  const reload = createReload({ load, current: host.policy, take, publish, notifier });
  const forceBySignal = (): void => void force({ by: 'SIGUSR2', reason: '', observe: false, sysrq: false });
  const signal = await new Promise<string>((resolve) => signals.serve({ stop: resolve, reload, force: forceBySignal }));

  notifier.send(Buffer.from('STOPPING=1'));
  timing.stop();
  if (typeof psi !== 'number') psi.close();
  socket.close();
  await standby.close();
  await lastResort.close();
  const restored = deaths.executor.restore();
  if (restored !== null) publish({ kind: 'restored', by: 'stop', ...restored });
  publish({ kind: 'stopping', signal });
  await Promise.all([reporting.close(REPORTER_GRACE_MS), kmsg.drained(REPORTER_GRACE_MS)]);
  const isWaiting = [offLoop, watchers, deaths, reporting, kmsg, notifier].some((each) => each.isWaiting());
  kmsg.close();
  notifier.close();
  deaths.close();
  index.close();
  // A call that hangs in the kernel holds a thread of the pool, and an ordinary exit would wait for it.
  if (isWaiting) libc.exitNow(0);
  return 0;
};
