/** Every command of README.md: how it is tried here, or why it is not. */

export type Trial =
  /** Run by a shell in the checkout; `code` is what it ends with, `says` what its output holds. */
  | { readonly kind: 'run'; readonly codes: readonly number[]; readonly says: RegExp }
  /** Part of the installation, which is tried as a whole in a mount namespace. */
  | { readonly kind: 'install' }
  | { readonly kind: 'elsewhere'; readonly why: string };

const run = (says: RegExp, ...codes: number[]): Trial => ({ kind: 'run', codes, says });
const install: Trial = { kind: 'install' };
const elsewhere = (why: string): Trial => ({ kind: 'elsewhere', why });

/** `timeout` ends it: that is its success. */
const TIMED_OUT = 124;

export const TRIALS: Readonly<Record<string, Trial>> = {
  'npm ci && npm start': elsewhere(
    'npm ci would replace the packages that run this test; npm start has a test of its own',
  ),
  'npm ci && npm test': elsewhere('this is it; .ci/run begins with it in a fresh clone'),
  'node dist/main.js doctor': run(/^STATE +WHAT/, 0, 1),
  'oomwatchd status --check': elsewhere('needs a daemon: test/e2e/status.test.ts'),
  'oomwatchd top': elsewhere('needs a daemon: test/e2e/status.test.ts'),
  'node dist/main.js rank --top 5': run(/^RANK +PID/, 0),
  'node dist/main.js explain $$': run(/badness in pages/, 0),
  [String.raw`printf 'detect: { term: { mem_available: "100%%", swap_free: "100%%" } }\n' > dist/always-short.yaml`]:
    run(/^$/, 0),
  'timeout 10 node dist/main.js run --observe --config dist/always-short.yaml': run(
    /observing, nothing will be signalled[\s\S]*(would send SIG|nothing was done)/,
    0,
    TIMED_OUT,
  ),
  'npm ci && npm run build && npm prune --omit=dev': elsewhere('the test of the installation prunes a copy'),
  'install -d /usr/lib/oomwatchd /etc/oomwatchd/config.yaml.d': install,
  'cp -r dist config systemd node_modules package.json README.md OPERATING.md LIVELOCKS.md LICENSE /usr/lib/oomwatchd/':
    install,
  'chmod 755 /usr/lib/oomwatchd/dist/main.js': install,
  'ln -sf ../lib/oomwatchd/dist/main.js /usr/bin/oomwatchd': install,
  'install -m 644 config/oomwatchd.yaml /etc/oomwatchd/config.yaml': install,
  'install -m 644 config/schema.json /etc/oomwatchd/schema.json': install,
  'install -m 644 systemd/oomwatchd.service /usr/lib/systemd/system/oomwatchd.service': install,
  'install -m 644 systemd/oomwatchd.sysusers /usr/lib/sysusers.d/oomwatchd.conf': install,
  'install -m 644 systemd/oomwatchd.tmpfiles /usr/lib/tmpfiles.d/oomwatchd.conf': install,
  'systemd-sysusers && systemd-tmpfiles --create oomwatchd.conf': install,
  'systemctl daemon-reload && systemctl enable --now oomwatchd': elsewhere(
    'needs systemd as pid 1: test/e2e/systemd boots a guest with it',
  ),
  'oomwatchd doctor': install,
  'oomwatchd kill-now --observe': elsewhere('needs a running daemon: test/e2e/kill-now.test.ts has one'),
  'oomwatchd kill-now --reason "deploy stuck"': elsewhere('kills: test/e2e/kill-now.test.ts has victims for it'),
};
