import { expect, it } from 'vitest';
import { installDropIn } from '../../../src/linux/probe/drop-in.ts';
import { probeWatchdog } from '../../../src/linux/probe/watchdog.ts';

it('asks for nothing while another last resort is in force', () => {
  expect(probeWatchdog({ lastResort: 'reboot', watchdogDevice: '/dev/oomwatchd-none' })).toEqual([]);
});

it('looks for the device without opening it', () => {
  const [found] = probeWatchdog({ lastResort: 'watchdog', watchdogDevice: '/dev/null' });
  expect(found).toMatchObject({ name: 'watchdog_device', status: 'ok', found: '/dev/null is there' });
});

it.each(['/dev/oomwatchd-none', '/dev/fd'])('%s is none, and the remedy names the drop-in', (watchdogDevice) => {
  const [found] = probeWatchdog({ lastResort: 'watchdog', watchdogDevice });
  expect(found).toMatchObject({ status: 'warn', found: `${watchdogDevice} is no writable device` });
  expect(found?.remedy).toContain(installDropIn('watchdog'));
});
