/** config/grafana: its form, and every query of it against a real Prometheus that scrapes the daemon. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startChild } from '../e2e/child.ts';
import { cleanUp as endDaemon, startDaemon, writeConfig } from '../e2e/daemon.ts';
import { skipBecause } from '../e2e/skip.ts';
import { stamped } from '../report/events.ts';
import { eventFrame } from '../report/frames.ts';
import { until } from '../report/pipe.ts';
import { cleanUp as endReporter, gauges, get, newPipe, portOf, send, startReporter } from '../report/reporter.ts';
import { beforeIt, incident, numbers } from './incident.ts';
import { endPrometheus, freePort, missing, type Prometheus, startPrometheus } from './prometheus.ts';
import { alerts, ROOT, RULES, unknownMetrics } from './shipped.ts';

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly refId: string; readonly expr: string }[];
}

const dashboard = JSON.parse(readFileSync(`${ROOT}config/grafana/oomwatchd.json`, 'utf8')) as {
  readonly uid: string;
  readonly schemaVersion: number;
  readonly panels: readonly Panel[];
  readonly annotations: { readonly list: readonly { readonly expr: string }[] };
  readonly templating: { readonly list: readonly { readonly name: string; readonly definition?: string }[] };
};
const { panels } = dashboard;
const queries = panels.flatMap(({ title, targets = [] }) => targets.map(({ expr, refId }) => ({ title, refId, expr })));

describe('the dashboard', () => {
  test('has the rows that the guide names, and panels that neither overlap nor leave the grid', () => {
    const rows = panels.filter(({ type }) => type === 'row').map(({ title }) => title);
    expect(rows).toEqual(['State', 'Memory and headroom', 'Pressure', 'Stalls', 'Kills', 'Kernel', 'Daemon']);
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) => {
      expect(x + w).toBeLessThanOrEqual(24);
      return Array.from({ length: w * h }, (_, at) => `${x + (at % w)},${y + Math.floor(at / w)}`);
    });
    expect(new Set(cells).size).toBe(cells.length);
  });

  test('asks each question of a host that can be chosen, and of metrics that exist', () => {
    expect(queries.length).toBeGreaterThan(50);
    expect(dashboard.templating.list.map(({ name }) => name)).toEqual(['datasource', 'instance']);
    for (const { title, expr } of queries) {
      expect([title, unknownMetrics(expr)]).toEqual([title, []]);
      const selected = [...expr.matchAll(/oomwatchd_\w+\{[^}]*\}/g)];
      expect([title, selected.every(([selector]) => selector.includes('instance=~"$instance"'))]).toEqual([
        title,
        true,
      ]);
      expect([title, selected.length]).toEqual([title, [...expr.matchAll(/oomwatchd_\w+/g)].length]);
    }
  });
});

/** Nothing of it has happened on a host that is well, or it is not looked at there. */
const ONLY_IN_AN_INCIDENT =
  /oomwatchd_(livelock|livelock_seconds|exhaustion_seconds|outcomes_total|finding|source_up|io_stall_seconds_total)\b|signals_total\{mode="enforce"/;
/** A kernel without PSI has none. */
const PSI = /oomwatchd_memory_stall_seconds_total/;

/** As Grafana would fill it in, for one host. */
const filled = (expr: string, instance: string): string =>
  expr.replaceAll('$instance', instance).replaceAll('$__rate_interval', '1m');

describe('with a real Prometheus', () => {
  const why = missing('prometheus', 'promtool');
  let prometheus: Prometheus;
  const ports: Record<string, number> = {};

  beforeAll(async () => {
    if (why !== '') return;
    const idle = await startChild({ program: 'idle', mib: 8 });
    const port = await freePort();
    const config = { mode: 'observe', only: [idle.exe], listen: `127.0.0.1:${port}` } as const;
    const daemon = startDaemon(writeConfig({ ...config, level: 'none' }));
    const pipe = newPipe();
    const reporter = startReporter(pipe);
    ports['daemon'] = port;
    ports['recorded'] = await portOf(reporter);
    send(pipe, gauges(numbers(0)), ...beforeIt.map((event) => eventFrame(stamped(event))));
    prometheus = await startPrometheus(ports, RULES);
    // Its own numbers are told every five seconds in calm times; then marks that are always reached come into force.
    const isCalm = async (): Promise<boolean> =>
      (await prometheus.query('oomwatchd_control_resident_bytes and on (instance) oomwatchd_host_info')).length === 2;
    await until(isCalm, 90_000);
    writeConfig({ ...config, level: 'term' });
    // A busy machine may not load a configuration in time; it is asked again then.
    const hasLoaded = async (): Promise<boolean> => {
      if (daemon.lines('policy_loaded').length > 0) return true;
      process.kill(daemon.pid, 'SIGHUP');
      return (await daemon.line('policy_loaded').catch(() => undefined)) !== undefined;
    };
    await until(hasLoaded, 60_000);
    send(pipe, gauges(numbers(1)), ...incident.map((event) => eventFrame(stamped(event))));
    const counted = async (): Promise<boolean> =>
      (await prometheus.query('increase(oomwatchd_signals_total{instance="recorded",mode="enforce"}[1m]) > 0')).length >
        0 && (await prometheus.query('oomwatchd_would_have_killed_total{instance="daemon"} > 0')).length > 0;
    await until(counted, 60_000);
  }, 240_000);

  afterAll(async () => {
    endReporter();
    await endDaemon();
    await endPrometheus();
  });

  const emptyOn = async (instance: string, isExpected: (expr: string) => boolean): Promise<string[]> => {
    const empty: string[] = [];
    const all = [
      ...queries,
      ...dashboard.annotations.list.map(({ expr }) => ({ title: 'annotation', refId: '', expr })),
    ];
    for (const { title, refId, expr } of all) {
      const series = await prometheus.query(filled(expr, instance));
      if (series.length === 0 && isExpected(expr)) empty.push(`${title} ${refId}`);
    }
    return empty;
  };

  test('every query has an answer from a recorded incident', async (context) => {
    skipBecause(context, why);
    expect(await emptyOn('recorded', () => true)).toEqual([]);
  });

  test('every query has one from the daemon that observes, but for what only an incident has', async (context) => {
    skipBecause(context, why);
    const hasPsi = existsSync('/proc/pressure/memory');
    const isExpected = (expr: string): boolean => !ONLY_IN_AN_INCIDENT.test(expr) && (hasPsi || !PSI.test(expr));
    expect(await emptyOn('daemon', isExpected)).toEqual([]);
  });

  test('the hosts to choose from are those that are scraped', async (context) => {
    skipBecause(context, why);
    const { definition = '' } = dashboard.templating.list.find(({ name }) => name === 'instance') ?? {};
    expect(definition).toBe('label_values(oomwatchd_build_info, instance)');
    const series = await prometheus.query('oomwatchd_build_info');
    expect(series.map(({ metric }) => metric['instance']).sort()).toEqual(['daemon', 'recorded']);
  });

  test('all alerts are evaluated without a fault, and the incident fires those it should', async (context) => {
    skipBecause(context, why);
    const due = ['SilentLivelock', 'NoAction', 'VictimStuck', 'Killed', 'MemoryNotReturned', 'KernelKilled'];
    const soon = [...due, 'KernelKillsUnseen', 'WouldHaveKilled'].map((name) => `Oomwatchd${name}`);
    const rules = await until(async () => {
      const now = await prometheus.rules();
      const firing = now.filter(({ state }) => state === 'firing').map(({ name }) => name);
      return soon.every((name) => firing.includes(name)) ? now : undefined;
    }, 30_000);
    expect(rules.map(({ name }) => name).sort()).toEqual(
      alerts()
        .map(({ alert }) => alert)
        .sort(),
    );
    expect(rules.filter(({ health }) => health !== 'ok')).toEqual([]);
    expect(rules.find(({ name }) => name === 'OomwatchdAbsent')?.state).toBe('inactive');
  });

  test('promtool finds no fault with what is scraped', async (context) => {
    skipBecause(context, why);
    for (const [name, port] of Object.entries(ports)) {
      const { body } = await get(port, '/metrics');
      const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input: body, encoding: 'utf8' });
      expect([name, status, stdout + stderr]).toEqual([name, 0, '']);
    }
  });
});
