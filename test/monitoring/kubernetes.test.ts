/** config/kubernetes, as far as it can be tried without a cluster: its form, and what its shell lines really do. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { VERSION } from '../../src/version.ts';
import { skipBecause } from '../e2e/skip.ts';
import { defaultPolicy } from '../support/policy.ts';
import { customPlugin, manifest } from './kubernetes-fields.ts';
import { alerts, ROOT, RULES } from './shipped.ts';

const FOLDER = `${ROOT}config/kubernetes/`;
const dockerfile = readFileSync(`${ROOT}Dockerfile`, 'utf8');

interface Mount {
  readonly name: string;
  readonly mountPath: string;
  readonly readOnly?: boolean;
}
interface Container {
  readonly name: string;
  readonly image: string;
  readonly command: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value: string }[];
  readonly securityContext: Readonly<Record<string, unknown>>;
  readonly resources: { readonly requests: { readonly memory: string } };
  readonly volumeMounts: readonly Mount[];
  readonly readinessProbe?: { readonly httpGet: Readonly<Record<string, unknown>> };
  readonly livenessProbe?: unknown;
}
interface PodSpec {
  readonly initContainers: readonly Container[];
  readonly containers: readonly Container[];
  readonly volumes: readonly Readonly<Record<string, unknown> & { name: string }>[];
  readonly [field: string]: unknown;
}
interface Resource {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly data?: Readonly<Record<string, string>>;
  readonly spec?: {
    readonly selector: { readonly matchLabels: object };
    readonly template: { readonly metadata: { readonly labels: object }; readonly spec: PodSpec };
  };
}

const resources = (file: string): Resource[] =>
  parseAllDocuments(readFileSync(FOLDER + file, 'utf8'), { strict: true, uniqueKeys: true }).map((document) => {
    expect(document.errors).toEqual([]);
    return document.toJS() as Resource;
  });

const all = resources('daemonset.yaml');
const daemonSet = all.find(({ kind }) => kind === 'DaemonSet');
const pod = daemonSet?.spec?.template.spec as PodSpec;
const main = pod.containers[0] as Container;
const script = main.command.at(-1) ?? '';
const policy = defaultPolicy(all.find(({ kind }) => kind === 'ConfigMap')?.data?.['config.yaml'] ?? '');
const volume = (name: string): unknown => pod.volumes.find((each) => each.name === name);
const mountAt = (path: string): Mount | undefined => main.volumeMounts.find(({ mountPath }) => mountPath === path);

/** What stands for each option of `docker run`; no other option may be there. */
const STANDS_FOR: Readonly<Record<string, () => boolean>> = {
  '--restart=always': () => daemonSet?.kind === 'DaemonSet',
  '--pid=host': () => pod['hostPID'] === true,
  '--network=host': () => pod['hostNetwork'] === true,
  '--cgroupns=host': () => main.securityContext['privileged'] === true,
  '--userns=host': () => !('hostUsers' in pod) || pod['hostUsers'] === true,
  '--cap-drop=ALL': () => script.includes('--bounding-set="-all,'),
  '--security-opt=no-new-privileges': () => script.includes('setpriv --no-new-privs'),
  '--security-opt=apparmor=unconfined': () => main.securityContext['privileged'] === true,
  '--security-opt=label=disable': () => main.securityContext['privileged'] === true,
  '--oom-score-adj=-1000': () => script.includes('echo -1000 > /proc/self/oom_score_adj'),
  '--ulimit=memlock=-1': () => script.includes('ulimit -l unlimited'),
  '--ulimit=nofile=65536': () => script.includes('ulimit -n 65536'),
  '--read-only': () => main.securityContext['readOnlyRootFilesystem'] === true,
  '--tmpfs=/run/oomwatchd:mode=0755': () =>
    mountAt('/run/oomwatchd') !== undefined && JSON.stringify(volume('run')).includes('"medium":"Memory"'),
  '--device=/dev/kmsg': () => main.securityContext['privileged'] === true,
  '/etc/oomwatchd:/etc/oomwatchd:ro': () => mountAt('/etc/oomwatchd')?.readOnly === true,
  'oomwatchd-incidents:/var/lib/oomwatchd/incidents': () =>
    mountAt('/var/lib/oomwatchd/incidents') !== undefined && JSON.stringify(volume('incidents')).includes('hostPath'),
};

describe('the DaemonSet', () => {
  test.each([...all, ...resources('monitors.yaml')])(
    'has no field that Kubernetes does not know: $kind',
    (resource) => {
      expect(manifest.safeParse(resource).error?.message).toBeUndefined();
    },
  );

  test.each([
    ['is misspelt', ['hostPID:', 'hostPid:']],
    ['stands a level too high', ['      containers:', '      imagePullPolicy: Always\n      containers:']],
    ['has another type', ['prometheus.io/scrape: "false"', 'prometheus.io/scrape: false']],
  ])('would be refused where a field %s', (_, [from = '', to = '']) => {
    const broken = parse(
      readFileSync(`${FOLDER}daemonset.yaml`, 'utf8').split('---\n').at(-1)?.replace(from, to) ?? '',
    );
    expect(manifest.safeParse(broken).success).toBe(false);
  });

  test('is one of four resources, each in its place, and finds its own pods', () => {
    expect(all.map(({ apiVersion, kind, metadata }) => [apiVersion, kind, metadata.name, metadata.namespace])).toEqual([
      ['v1', 'Namespace', 'oomwatchd', undefined],
      ['v1', 'ResourceQuota', 'oomwatchd', 'oomwatchd'],
      ['v1', 'ConfigMap', 'oomwatchd', 'oomwatchd'],
      ['apps/v1', 'DaemonSet', 'oomwatchd', 'oomwatchd'],
    ]);
    expect(daemonSet?.spec?.template.metadata.labels).toMatchObject(daemonSet?.spec?.selector.matchLabels ?? {});
    for (const { volumeMounts } of [...pod.initContainers, ...pod.containers]) {
      for (const { name } of volumeMounts) expect(volume(name)).toBeDefined();
    }
  });

  test('has everything that `docker run` in the Dockerfile has', () => {
    const [, head = ''] = /docker run -d([\s\S]*?)#\s+oomwatchd\n/.exec(dockerfile) ?? [];
    const options = [...head.matchAll(/(?<=\s)(--[\w-]+(?:=\S+)?|(?<=-v )\S+)/g)].map((match) => match[1] ?? '');
    const added = options.flatMap((option) => /^--cap-add=(\w+)$/.exec(option)?.[1]?.toLowerCase() ?? []);
    expect(/keep=(\S+)/.exec(script)?.[1]?.split(',').sort()).toEqual(added.sort());
    const rest = options.filter((option) => !/^--(cap-add|name)/.test(option));
    expect(rest.sort()).toEqual(Object.keys(STANDS_FOR).sort());
    for (const [option, stands] of Object.entries(STANDS_FOR)) expect([option, stands()]).toEqual([option, true]);
  });

  test('starts what the image starts, with its threads, and is never restarted by a probe', () => {
    const [, entry = '[]'] = /^ENTRYPOINT (.*)$/m.exec(dockerfile) ?? [];
    const started = script.replaceAll('\\\n', '').replace(/\s+/g, ' ');
    expect(started).toContain(`${(JSON.parse(entry) as string[]).join(' ')} run`);
    expect(dockerfile).toContain(
      `ENV UV_THREADPOOL_SIZE=${main.env?.find(({ name }) => name === 'UV_THREADPOOL_SIZE')?.value}`,
    );
    expect(main.livenessProbe).toBeUndefined();
    const { host, port } = main.readinessProbe?.httpGet ?? {};
    expect(`${host}:${port}`).toBe(policy.report.listen);
  });

  test('has the image of this version, and asks for the memory that the unit guarantees', () => {
    for (const { image } of [...pod.initContainers, main]) expect(image).toBe(`oomwatchd:${VERSION}`);
    const unit = readFileSync(`${ROOT}systemd/oomwatchd.service`, 'utf8');
    const guaranteed = Number(/^MemoryMin=(\d+)M$/m.exec(unit)?.[1]);
    expect(Number.parseInt(main.resources.requests.memory, 10)).toBeGreaterThanOrEqual(guaranteed);
  });

  test('may have its priority in its namespace', () => {
    const quota = JSON.stringify(all.find(({ kind }) => kind === 'ResourceQuota'));
    expect(quota).toContain(`"values":["${pod['priorityClassName']}"]`);
  });

  test('decides by the marks and rules of the example for a node', () => {
    const example = defaultPolicy(readFileSync(`${ROOT}config/examples/kubernetes-node.yaml`, 'utf8'));
    expect(policy).toMatchObject({ detect: example.detect, select: example.select, cgroups: example.cgroups });
  });

  test('observes, and writes the textfile to where it is mounted', () => {
    expect(policy.mode).toBe('observe');
    expect(policy.report.textfile.startsWith(`${mountAt('/textfile')?.mountPath}/`)).toBe(true);
    expect(mountAt('/textfile')?.readOnly).toBeUndefined();
  });
});

describe('the ServiceMonitor', () => {
  test('names the job as the alerts know it', () => {
    const [monitor] = resources('monitors.yaml');
    expect(monitor).toMatchObject({ apiVersion: 'monitoring.coreos.com/v1', kind: 'ServiceMonitor' });
    const job = /up\{job="(\w+)"\}/.exec(alerts().find(({ alert }) => alert === 'OomwatchdAbsent')?.expr ?? '')?.[1];
    expect(JSON.stringify(monitor)).toContain(`{"targetLabel":"job","replacement":"${job}"}`);
  });

  test('says how the alerts become a resource of the operator', () => {
    const [, command = ''] = /^#\n((?:# {3}.*\n)+)#\n/m.exec(readFileSync(`${FOLDER}monitors.yaml`, 'utf8')) ?? [];
    const env = stub('kubectl', '[ "$*" = "apply -f -" ] && cat');
    const { stdout } = spawnSync('sh', ['-ec', command.replace(/^#/gm, '')], { env, cwd: FOLDER, encoding: 'utf8' });
    expect(parse(stdout)).toEqual({
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'PrometheusRule',
      metadata: { name: 'oomwatchd', namespace: 'oomwatchd' },
      spec: parse(readFileSync(RULES, 'utf8')),
    });
  });
});

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'oomwatchd-kubernetes-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A program of that name before all others on the path. */
const stub = (name: string, text: string): NodeJS.ProcessEnv => {
  writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`);
  chmodSync(join(folder, name), 0o755);
  return { ...process.env, PATH: `${folder}:${process.env['PATH']}` };
};

/** kill, setgid, setuid, dac_read_search, sys_ptrace, sys_resource, syslog as linux/capability.h numbers them. */
const KEPT = [5, 6, 7, 2, 19, 24, 34].reduce((bits, bit) => bits | (1n << BigInt(bit)), 0n);
const SYS_RESOURCE = 1n << 24n;

/** Our own. */
const effective = (): bigint =>
  BigInt(`0x${/^CapEff:\s*(\w+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0'}`);

test('the start of the container leaves seven capabilities, no way to more, and lifts the limits', (context) => {
  skipBecause(context, process.getuid?.() === 0 ? '' : 'not root');
  const shown =
    'grep -E "^(CapEff|CapBnd|NoNewPrivs)" /proc/self/status; cat /proc/self/oom_score_adj; ulimit -l; ulimit -n';
  const { stdout } = spawnSync('sh', ['-ec', script], { env: stub('node', `${shown}; echo "$@"`), encoding: 'utf8' });
  const lines = stdout.trim().split('\n');
  // Where we have not all of them ourselves (a container), the rest.
  const mask = (KEPT & effective()).toString(16).padStart(16, '0');
  expect(lines.slice(0, 3)).toEqual([`CapEff:\t${mask}`, `CapBnd:\t${mask}`, 'NoNewPrivs:\t1']);
  if ((effective() & SYS_RESOURCE) !== 0n) expect(lines.slice(3, 6)).toEqual(['-1000', 'unlimited', '65536']);
  expect(lines.at(-1)).toMatch(/\/usr\/lib\/oomwatchd\/dist\/main\.js run$/);
});

test('before it starts the reporter gets its two directories, and nobody else what root has in the third', () => {
  const [init] = pod.initContainers as [Container];
  expect(
    init.volumeMounts.map(({ mountPath }) => mountPath).filter((path) => !init.command.at(-1)?.includes(path)),
  ).toEqual([]);
  const ours = (path: string): string => join(folder, path);
  for (const { mountPath } of init.volumeMounts) mkdirSync(ours(mountPath), { recursive: true, mode: 0o755 });
  chmodSync(ours('/run/oomwatchd'), 0o777);
  stub('chgrp', 'echo "chgrp $*"');
  const env = stub('chown', 'echo "chown $*"');
  const lines = init.command.at(-1)?.replaceAll(' /', ` ${folder}/`) ?? '';
  const { stdout } = spawnSync('sh', ['-ec', lines], { env, encoding: 'utf8' });
  expect(stdout.replaceAll(folder, '')).toBe(
    'chgrp oomwatchd /textfile\nchown oomwatchd:oomwatchd /var/lib/oomwatchd/incidents\n',
  );
  const modes = ['/textfile', policy.report.incidents?.directory ?? '', '/run/oomwatchd'].map(
    (path) => statSync(ours(path)).mode & 0o777,
  );
  expect(modes).toEqual([0o775, 0o750, 0o755]);
});

describe('the plugin of node-problem-detector', () => {
  const CHECK = `${FOLDER}node-problem-detector/oomwatchd-check`;
  const { rules, conditions, pluginConfig } = customPlugin.parse(
    JSON.parse(readFileSync(`${FOLDER}node-problem-detector/oomwatchd.json`, 'utf8')),
  );

  test('asks for a condition that it has a default for, within its time', () => {
    expect(rules.map(({ type, condition }) => [type, condition])).toEqual([['permanent', conditions[0]?.type]]);
    expect(rules[0]?.path.endsWith('/oomwatchd-check')).toBe(true);
    // It refuses a rule that may take longer than all of them.
    expect(Number.parseInt(rules[0]?.timeout ?? '', 10)).toBeLessThan(Number.parseInt(pluginConfig.timeout, 10));
    expect(Number.parseInt(pluginConfig.timeout, 10)).toBeLessThan(Number.parseInt(pluginConfig.invoke_interval, 10));
    expect(statSync(CHECK).mode & 0o111).toBe(0o111);
  });

  test.each([
    ['all is well', 0, 0],
    ['a warning, which is for people', 1, 0],
    ['critical', 2, 1],
    ['no answer', 3, 2],
    ['no such program', 127, 2],
  ])('%s: exit code %i of `status --check` is %i for it', (_, code, wanted) => {
    const env = stub(
      'oomwatchd',
      `[ "$*" = "status --check" ] || exit 9\necho "first line"\necho "second line"\nexit ${code}`,
    );
    const { status, stdout } = spawnSync(CHECK, { env, encoding: 'utf8' });
    expect([status, stdout]).toEqual([wanted, 'first line\n']);
  });
});
