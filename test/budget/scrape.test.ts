/** What a scrape costs the report process on a host of 10,000 processes, and that nobody can make it cost more. */
import { readFileSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import type { OomwatchdEvent } from '../../src/core/event.ts';
import { beforeIt, incident, numbers } from '../monitoring/incident.ts';
import { java, signal, stamped, verify, victim } from '../report/events.ts';
import { parseExposition, sampleOf } from '../report/exposition.ts';
import { eventFrame } from '../report/frames.ts';
import { until } from '../report/pipe.ts';
import { cleanUp, gauges, get, newPipe, portOf, type Reporter, send, startReporter } from '../report/reporter.ts';

afterEach(cleanUp);

/** As control starts it (control/reporter.ts). */
const FLAGS = '--max-old-space-size=48 --max-semi-space-size=2';
const PROCESSES = 10_000;
const SCRAPES = 200;
/** Of the issue: 5 ms of CPU a scrape. */
const LIMIT_MS = 5;
/** sysconf(_SC_CLK_TCK) of Linux, in which proc_pid_stat(5) counts. */
const TICK_MS = 10;

const start = (pipe: ReturnType<typeof newPipe>): Reporter => {
  const before = process.env['NODE_OPTIONS'];
  process.env['NODE_OPTIONS'] = FLAGS;
  const reporter = startReporter(pipe);
  if (before === undefined) delete process.env['NODE_OPTIONS'];
  else process.env['NODE_OPTIONS'] = before;
  return reporter;
};

/** Fields 14 and 15: all threads, user and system. */
const cpuMs = (pid: number): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
};

const HOSTILE = ['"} 1\n# EOF', '\u0000\u001b[2J', 'ü'.repeat(400), 'le="+Inf",', '../../etc/passwd', ' '];

/** Events of the `nth` stranger: names nobody has seen, words that nobody knows. */
const strange = (nth: number): OomwatchdEvent[] => {
  const name = `${HOSTILE[nth % HOSTILE.length]}${nth}`;
  const word = name as never;
  const process = { ...java, pid: nth, comm: name, unit: name, exe: name };
  const facts = { episode: nth, detail: name, memory: { ...(signal.memory as object) } as never };
  return [
    { ...signal, victim: process, reason: name },
    { ...signal, victim: process, reason: name, sent: false, episode: nth },
    { ...verify, pid: nth, comm: name, verdict: word },
    { ...victim, pid: nth, comm: name, killedBy: word, life: word, reason: word, detail: name },
    { kind: 'no_action', reason: word, ...facts },
    { kind: 'source', name, up: false, fault: true, detail: name },
    { kind: 'finding', finding: { name, status: word, found: name, meaning: name, remedy: name } },
    { kind: 'kernel_note', note: word, text: name },
    {
      ...{ kind: 'livelock', stage: 'begins', class: word, cause: word, confidence: word, killHelps: true },
      ...{ subject: name, evidence: [name], forMs: nth },
    },
    { kind: 'policy_loaded', configHash: name, mode: word, files: [name] },
    { kind: 'kernel_kill', pid: nth, comm: name, scope: word, memcg: name, anonRssKiB: nth, source: 'kmsg' },
  ];
};

/** Into a pipe that blocks while it is full. */
const tell = (pipe: ReturnType<typeof newPipe>, events: readonly OomwatchdEvent[]): void => {
  for (const event of events) send(pipe, eventFrame(stamped(event)));
};

const seriesOf = (body: string): string[] =>
  [...parseExposition(body).values()].flatMap(({ samples }) => [...samples.keys()]).sort();

/**
 * What /metrics has once all that was sent has come through, told by a last frame of numbers, and what the host is, which
 * is found out meanwhile and takes as long as it takes.
 */
const settled = (pipe: ReturnType<typeof newPipe>, port: number, ticks: number): Promise<string> => {
  send(pipe, gauges({ ...numbers(2), processesKnown: PROCESSES, ticks }));
  return until(async () => {
    const { body } = await get(port, '/metrics');
    const arrived = sampleOf(parseExposition(body), 'oomwatchd_ticks_total') === ticks;
    return arrived && body.includes('\noomwatchd_host_info{') ? body : undefined;
  }, 60_000);
};

test(`a scrape costs less than ${LIMIT_MS} ms of CPU at ${PROCESSES} processes, in the middle of an incident`, async () => {
  const pipe = newPipe(0);
  const reporter = start(pipe);
  const port = await portOf(reporter);
  tell(pipe, [...beforeIt, ...incident]);
  const body = await settled(pipe, port, 1);
  expect(sampleOf(parseExposition(body), 'oomwatchd_processes{state="known"}')).toBe(PROCESSES);
  // As on a host, where the scrapes of a day have warmed it up.
  for (let i = 0; i < 50; i++) await get(port, '/metrics');
  const before = cpuMs(reporter.pid);
  for (let i = 0; i < SCRAPES; i++) await get(port, '/metrics');
  const eachMs = (cpuMs(reporter.pid) - before) / SCRAPES;
  console.info(`a scrape costs ${eachMs.toFixed(2)} ms of CPU, ${seriesOf(body).length} series, ${body.length} bytes`);
  expect(eachMs).toBeLessThan(LIMIT_MS);
  expect(eachMs).toBeGreaterThan(0);
}, 120_000);

test('thousands of events with hostile names and unknown words add no series', async () => {
  const pipe = newPipe(0);
  const reporter = start(pipe);
  const port = await portOf(reporter);
  tell(pipe, [...beforeIt, ...incident]);
  await settled(pipe, port, 1);
  // The first ones: "other" for each word that is not known, and the 64 names of sources and findings that are kept.
  tell(pipe, Array.from({ length: 200 }, (_, nth) => strange(nth)).flat());
  const few = seriesOf(await settled(pipe, port, 2));
  tell(pipe, Array.from({ length: 400 }, (_, nth) => strange(1000 + nth)).flat());
  const many = await settled(pipe, port, 3);
  expect(seriesOf(many)).toEqual(few);
  expect(few.length).toBeLessThan(1200);
  expect(sampleOf(parseExposition(many), 'oomwatchd_channel_bad_frames_total')).toBe(0);
  expect(many).not.toContain('passwd');
}, 120_000);
