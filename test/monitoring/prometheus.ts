/** A real Prometheus (Debian's package) on a free port of loopback with a folder of its own, ended by its handle. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../report/pipe.ts';
import { get } from '../report/reporter.ts';

/** Why a program cannot be used here, '' when it can. */
export const missing = (...programs: readonly string[]): string =>
  programs
    .filter((program) => spawnSync(program, ['--version']).error !== undefined)
    .map((program) => `${program} is not here (Debian: prometheus, prometheus-alertmanager)`)
    .join('; ');

/** A port of loopback that is free now. */
export const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
};

interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

interface Rule {
  readonly name: string;
  readonly health: string;
  readonly lastError?: string;
  readonly state: 'inactive' | 'pending' | 'firing';
}

export interface Prometheus {
  /** Result of an expression now; throws what Prometheus says against it. */
  query(expr: string): Promise<readonly Series[]>;
  rules(): Promise<readonly Rule[]>;
}

const running: { child: ChildProcess; folder: string }[] = [];

/** For afterAll. */
export const endPrometheus = async (): Promise<void> => {
  for (const { child, folder } of running.splice(0)) {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
    rmSync(folder, { recursive: true, force: true });
  }
};

/** Scrapes `targets` (instance -> port) each second, as job "oomwatchd", and evaluates the rules of `ruleFile`. */
export const startPrometheus = async (
  targets: Readonly<Record<string, number>>,
  ruleFile: string,
): Promise<Prometheus> => {
  const folder = mkdtempSync(join(tmpdir(), 'oomwatchd-prometheus-'));
  const port = await freePort();
  const statics = Object.entries(targets).map(([instance, target]) => ({
    targets: [`127.0.0.1:${target}`],
    labels: { instance },
  }));
  const config = join(folder, 'prometheus.yml');
  // JSON is YAML.
  writeFileSync(
    config,
    JSON.stringify({
      global: { scrape_interval: '1s', evaluation_interval: '1s' },
      rule_files: [ruleFile],
      scrape_configs: [{ job_name: 'oomwatchd', static_configs: statics }],
    }),
  );
  const child = spawn(
    'prometheus',
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=error',
    ],
    { stdio: ['ignore', 'ignore', 'inherit'], cwd: folder },
  );
  running.push({ child, folder });
  const isReady = async (): Promise<boolean> => {
    const answer = await get(port, '/-/ready').catch(() => undefined);
    return answer?.status === 200;
  };
  await until(isReady, 30_000);
  const ask = async (path: string): Promise<unknown> => {
    const { body } = await get(port, path);
    const { status, data, error } = JSON.parse(body) as { status: string; data: unknown; error?: string };
    if (status !== 'success') throw new Error(`${path}: ${error}`);
    return data;
  };
  return {
    query: async (expr) => {
      const data = await ask(`/api/v1/query?query=${encodeURIComponent(expr)}`);
      return (data as { result: Series[] }).result;
    },
    rules: async () => {
      const { groups } = (await ask('/api/v1/rules')) as { groups: { rules: Rule[] }[] };
      return groups.flatMap(({ rules }) => rules);
    },
  };
};
