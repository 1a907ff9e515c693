// What people look at is in trouble of every kind: the port is flooded, the directory of the reports is full, nobody reads the
// log, and the reporter stands, so that nobody reads the pipe either. Control neither waits for any of it nor is late for the leak.
import { expect, test } from 'vitest';
import { LOG_PIPE, LOG_READER } from '../harness/daemon.ts';
import { lastAboveMarkUs, runNamed } from '../harness/judge.ts';
import {
  expectAlive,
  expectFigure,
  expectKilled,
  expectNoKernelKill,
  expectShotOnly,
  INNOCENTS,
  innocentNames,
  note,
  termMarkKiB,
} from '../harness/outcome.ts';
import { type Scene, withDaemon } from '../harness/scene.ts';
import { pidOf, told, until } from '../harness/select.ts';
import { startTrace } from '../harness/trace.ts';

const REPORTS = '/var/lib/oomwatchd/incidents';
const FLOOD = `
ask() { while :; do wget -q -O /dev/null http://127.0.0.1:9854/metrics; wget -q -O /dev/null http://127.0.0.1:9854/; done; }
ask & ask & ask & wait`;
/** From the term mark to the end of the leak, at 40 MiB/s: the kernel's own killer would be called a second later. */
const WITHIN_MS = 1000;
/** The flood goes on, on two emulated cores. */
const TOLD_WITHIN_MS = 60_000;

const fillDisk = (scene: Scene): Promise<unknown> =>
  scene.guest.sh(
    `mkdir -p ${REPORTS}; mount -t tmpfs -o size=16k,mode=777 full ${REPORTS}; dd if=/dev/zero of=${REPORTS}/full bs=4k; true`,
  );

const FILLER = '/run/filler';

/** The reader of the log stands, and behind it the pipe is full: for as long as the filler hangs in its write. */
const blockLog = async (scene: Scene): Promise<void> => {
  await scene.guest.sh(`kill -STOP $(cat ${LOG_READER})`);
  scene.guest.start(`echo $$ > ${FILLER}; exec yes '' > ${LOG_PIPE}`);
  await scene.guest.sh(`while timeout 1 sh -c 'echo > ${LOG_PIPE}'; do :; done`);
};

const readLogAgain = (scene: Scene): Promise<unknown> =>
  scene.guest.sh(`kill $(cat ${FILLER}); kill -CONT $(cat ${LOG_READER})`);

const rescue = async (scene: Scene): Promise<void> => {
  await startTrace(scene.guest);
  const seen = await scene.watch({
    seconds: 40,
    workloads: [...INNOCENTS, { name: 'leak', atMs: 3000, command: 'exec leak rate=40' }],
    until: { name: 'leak', afterMs: 1500 },
  });
  expectKilled(seen, 'leak');
  expectAlive(seen, ...innocentNames);
  await expectNoKernelKill(scene, seen);
  await expectShotOnly(scene, seen, 'leak');
  const crossedUs = lastAboveMarkUs(seen, termMarkKiB(seen.memTotalKiB));
  const goneMs = Math.round((runNamed(seen, 'leak').diedUs - crossedUs) / 1000);
  note('reporter-harassed', { goneMs, hostWait: scene.hostWait });
  expectFigure('milliseconds from the term mark to the end of the leak', goneMs, WITHIN_MS);
};

test('the port is flooded and the disk is full: the leak is ended', () =>
  withDaemon({}, async (scene) => {
    await fillDisk(scene);
    scene.guest.start(FLOOD);
    await rescue(scene);
  }));

test('the reporter stands as well: the leak is ended, and told when it runs again', () =>
  withDaemon({}, async (scene) => {
    await fillDisk(scene);
    scene.guest.start(FLOOD);
    // TASK_COMM_LEN cuts its name.
    const pid = await pidOf(scene.guest, 'oomwatchd-repor');
    await scene.guest.sh(`kill -STOP ${pid}`);
    await rescue(scene);
    expect(told(scene, 'signal')).toEqual([]);
    await scene.guest.sh(`kill -CONT ${pid}`);
    await until('the signal is told', TOLD_WITHIN_MS, () => told(scene, 'signal').some(({ sent }) => sent === true));
  }));

test('the log is blocked as well: the leak is ended and counted, and told when somebody reads again', () =>
  withDaemon({ hasLogPipe: true }, async (scene) => {
    await fillDisk(scene);
    scene.guest.start(FLOOD);
    await blockLog(scene);
    await rescue(scene);
    // The reporter neither hangs in its log nor loses what it cannot write yet.
    expect(await scene.daemon.metric('oomwatchd_signals_total', 'mode="enforce"')).toBe(1);
    expect(await scene.daemon.metric('oomwatchd_log_lines_lost_total')).toBe(0);
    expect(told(scene, 'signal')).toEqual([]);
    await readLogAgain(scene);
    await until('the signal is told', TOLD_WITHIN_MS, () => told(scene, 'signal').some(({ sent }) => sent === true));
  }));
