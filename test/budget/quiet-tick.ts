/** Source of a child that runs quiet turns of the loop with the real adapters and prints what one allocates. */
import type { Policy } from '../../src/core/policy.ts';

const dist = (path: string): string => new URL(`../../dist/${path}`, import.meta.url).pathname;

export const quietTickScript = (policy: Policy, turns: number): string => `
  const { settleCompiler } = await import(${JSON.stringify(dist('commands/daemon/heap.js'))});
  settleCompiler();
  const { openHost, settleIndex } = await import(${JSON.stringify(dist('commands/daemon/host.js'))});
  const { REAL_ROOTS } = await import(${JSON.stringify(dist('linux/root.js'))});
  const { createLoop } = await import(${JSON.stringify(dist('control/loop.js'))});
  const { createPublisher } = await import(${JSON.stringify(dist('control/publisher.js'))});
  const { createState } = await import(${JSON.stringify(dist('core/state.js'))});
  const { openDeathWatch } = await import(${JSON.stringify(dist('commands/daemon/death-watch.js'))});
  const libc = await import(${JSON.stringify(dist('linux/sys/libc.js'))});
  const host = openHost(REAL_ROOTS, ${JSON.stringify(policy)});
  settleIndex(host.index);
  const state = createState(host.index.table.capacity);
  const sink = libc.openWriteOnly('/dev/null');
  const publisher = createPublisher(
    { write: (bytes, length) => libc.write(sink, bytes, length), monotonicMs: host.clock.nowMs, timeMs: Date.now },
    { ownRssKiB: -1, known: -1, armed: -1, reporterRestarts: 0, lockedKiB: 0 },
  );
  const deaths = openDeathWatch(host);
  const events = [];
  const loop = createLoop({
    clock: host.clock, sampler: host.sampler, index: host.index,
    executor: { ...deaths.executor, signal: () => { throw new Error('a quiet tick signals nobody'); } },
    kernelLog: deaths.kernelLog, victims: deaths.victims,
    watchers: { take: () => {} },
    standby: { begin: () => false, take: () => {}, end: () => {} },
    remedies: deaths.remedies,
    publisher: { publish: (event) => events.push(event), gauges: publisher.gauges },
    ownMajorFaults: libc.ownMajorFaults, ticked: () => {},
  }, state, ${JSON.stringify(policy)});
  // The first round belongs to the first turn; after it half a minute of turns is quiet.
  for (let i = 0; i < 200; i++) loop.turn(host.clock.nowMs());
  gc();
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < ${turns}; i++) loop.turn(host.clock.nowMs());
  const after = process.memoryUsage().heapUsed;
  process.stdout.write(JSON.stringify({ bytes: (after - before) / ${turns}, events: events.map((event) => event.kind), level: state.level }));
`;
