/** Whether the watchdog device of act.last_resort is there. Never opened here: that would arm it. */
import type { Finding } from '../../core/event.ts';
import type { ActPolicy } from '../../core/policy.ts';
import { isCharacterDevice } from '../watchdog-device.ts';
import { installDropIn } from './drop-in.ts';
import { isWritable, ok, warn } from './host.ts';

const REMEDY =
  'load the driver of the hardware (or softdog) by /etc/modules-load.d/, name the device in act.watchdog_device, and: ' +
  installDropIn('watchdog');

export const probeWatchdog = ({
  lastResort,
  watchdogDevice,
}: Pick<ActPolicy, 'lastResort' | 'watchdogDevice'>): readonly Finding[] => {
  if (lastResort !== 'watchdog') return [];
  if (isCharacterDevice(watchdogDevice) && isWritable(watchdogDevice)) {
    return [
      ok(
        'watchdog_device',
        `${watchdogDevice} is there`,
        'act.last_resort is watchdog; what it takes is told at start',
      ),
    ];
  }
  const found = `${watchdogDevice} is no writable device`;
  return [warn('watchdog_device', found, 'act.last_resort is watchdog and would do nothing', REMEDY)];
};
