/** The daemon's life: start in the order that makes it safe, signals, reload, and a clean end. */
import type { Finding, OomwatchdEvent } from '../../core/event.ts';
import { memoryFacts } from '../../core/memory-facts.ts';
import type { Policy } from '../../core/policy.ts';
import { emptySample } from '../../core/sample.ts';
import { createState } from '../../core/state.ts';
import { LEVEL } from '../../core/verdict.ts';
import { isPending } from '../../core/victim.ts';
import { createLoop } from '../../control/loop.ts';
import { schedule } from '../../control/schedule.ts';
import { probe } from '../../linux/capabilities.ts';
import { hasExited, sendSignal } from '../../linux/executor.ts';
import { createStartTimes } from '../../linux/index/start-time.ts';
import { createKmsgWriter } from '../../linux/kmsg-writer.ts';
import { createNotifier } from '../../linux/notify.ts';
import { watchPsi } from '../../linux/psi-trigger.ts';
import type { Roots } from '../../linux/root.ts';
import { createOwnRss } from '../../linux/self.ts';
import * as libc from '../../linux/sys/libc.ts';
import { errnoName } from '../../linux/sys/errno.ts';
import { VERSION } from '../../version.ts';
import { openHost, settleIndex } from './host.ts';
import { kmsgLine } from './kmsg-line.ts';
import type { PolicyResult } from './policy-source.ts';
import { lockCode, settleHeap } from './protection.ts';
import { syscallSupport } from './syscall-support.ts';
import { rehearse } from './rehearsal.ts';
import { openReporting } from './reporting.ts';
import { createWatchdog } from './watchdog.ts';

export interface Daemon {
  /** Exit code, once it has ended. */
  readonly ended: Promise<number>;
}

/** The reporter may take this long to write what it has been told when the daemon ends. */
const REPORTER_GRACE_MS = 2000;
/** RSS and index counts change slowly, and a scrape comes every 15 s or so. */
const SLOW_NUMBERS_MS = 5000;

export const startDaemon = async (
  roots: Roots,
  firstPolicy: Policy,
  load: () => Promise<PolicyResult>,
): Promise<Daemon> => {
  const host = openHost(roots, firstPolicy);
  const { index, clock } = host;
  const state = createState(index.table.capacity);
  host.pin((slot) => state.victims.some((victim) => isPending(victim) && victim.slot === slot));
  const kmsg = createKmsgWriter(roots.kmsg);
  const notifier = createNotifier(process.env['NOTIFY_SOCKET']);
  const watchdog = createWatchdog(notifier, process.env['WATCHDOG_USEC'], clock.nowMs);
  /** What stays true: told at start, and again to each new reporter, which remembers nothing. */
  const standing: OomwatchdEvent[] = [];
  const reporting = openReporting(firstPolicy, clock.nowMs, () => state.level < LEVEL.TERM, () => {
    for (const event of standing) reporting.publish(event);
    for (const source of host.sampler.sources) source.isNews = !source.isUp;
  });
  const tell = (event: OomwatchdEvent): void => {
    standing.push(event);
    publish(event);
  };
  const publish = (event: OomwatchdEvent): void => {
    reporting.publish(event);
    const line = kmsgLine(event);
    if (line !== null) kmsg.write(line);
  };

  const sample = emptySample();
  host.sampler.readBasics(sample);
  const { mode, hash, files } = firstPolicy;
  tell({ kind: 'started', version: VERSION, mode, pid: process.pid, configHash: hash, files, memory: memoryFacts(sample) });
  settleIndex(index);
  const rehearsal = await rehearse(host);
  publish({ kind: 'rehearsed', ...rehearsal });
  settleHeap();
  const locked = lockCode(roots);
  reporting.slow.lockedKiB = locked.lockedKiB;
  const findings: Finding[] = [...(locked.finding === null ? [] : [locked.finding]), ...probe(roots, syscallSupport())];
  for (const finding of findings) if (finding.status !== 'ok') tell({ kind: 'finding', finding });

  const startTimes = createStartTimes(
    index.table,
    roots.proc,
    clock.nowMs,
    (slot, pid) => index.table.pid[slot] === pid && libc.preadAt0(index.slots.scoreFd[slot] as number, scratch, 16) > 0,
  );
  const ownRss = createOwnRss(roots.proc, index.table.pageKiB);
  let slowDueMs = 0;
  const loop = createLoop(
    {
      clock,
      sampler: host.sampler,
      index,
      executor: {
        signal: (intent) => sendSignal(libc, index.slots, intent),
        hasExited: (slot) => hasExited(libc, index.slots, slot),
      },
      publisher: { publish, gauges: reporting.gauges },
      ownMajorFaults: libc.ownMajorFaults,
      ticked: () => {
        watchdog.feed();
        const nowMs = clock.nowMs();
        if (state.level >= LEVEL.TERM || nowMs < slowDueMs) return;
        slowDueMs = nowMs + SLOW_NUMBERS_MS;
        reporting.slow.ownRssKiB = ownRss();
        reporting.slow.known = index.table.count;
        reporting.slow.armed = index.slots.armed;
        startTimes.next();
      },
    },
    state,
    firstPolicy,
  );
  const timing = schedule(clock.nowMs, loop.turn);
  const psi = watchPsi(`${roots.proc}/pressure/memory`, timing.wake);
  if (typeof psi === 'number') {
    publish({ kind: 'source', name: 'psi_trigger', up: false, detail: errnoName(psi) });
  }
  notifier.send(Buffer.from(`READY=1\nSTATUS=${mode}, configuration ${hash}`));

  let reloading = false;
  const reload = async (): Promise<void> => {
    if (reloading) return;
    reloading = true;
    notifier.send(Buffer.from(`RELOADING=1\nMONOTONIC_USEC=${Math.floor(clock.nowMs() * 1000)}`));
    const result = await load();
    if ('policy' in result) {
      host.setPolicy(result.policy);
      loop.setPolicy(result.policy);
      reporting.setPolicy(result.policy);
      const { mode: newMode, hash: configHash, files: newFiles } = result.policy;
      publish({ kind: 'policy_loaded', configHash, mode: newMode, files: newFiles });
    } else publish({ kind: 'policy_rejected', errors: result.errors });
    notifier.send(Buffer.from(`READY=1\nSTATUS=${host.policy().mode}, configuration ${host.policy().hash}`));
    reloading = false;
  };

  const ended = new Promise<number>((resolve) => {
    const stop = async (signal: string): Promise<void> => {
      process.off('SIGTERM', stop);
      process.off('SIGINT', stop);
      notifier.send(Buffer.from('STOPPING=1'));
      timing.stop();
      if (typeof psi !== 'number') psi.close();
      publish({ kind: 'stopping', signal });
      await reporting.close(REPORTER_GRACE_MS);
      kmsg.close();
      notifier.close();
      index.close();
      resolve(0);
    };
    process.on('SIGTERM', stop);
    process.on('SIGINT', stop);
    process.on('SIGHUP', () => void reload());
  });
  return { ended };
};

const scratch = new Uint8Array(32);
