/** What to type for a drop-in of the unit: README.md installs them with the program, OPERATING.md has the same words. */
export const installDropIn = (name: 'remedies' | 'watchdog'): string =>
  `install -D -m 644 /usr/lib/oomwatchd/systemd/${name}.conf /etc/systemd/system/oomwatchd.service.d/${name}.conf && ` +
  'systemctl daemon-reload && systemctl restart oomwatchd';
