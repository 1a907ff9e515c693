/** Prints what systeminformation finds out about the host, a JSON line a fact; run by host-facts.ts, which ends it in time. */
import { osInfo, system } from 'systeminformation';
import type { Probed } from './host-facts.ts';

const tell = (found: Probed): void => {
  process.stdout.write(`${JSON.stringify(found)}\n`);
};

/** What stands where nothing could be read: its own fallback for a host without DMI. */
const NO_MODEL = 'Computer';

const told = [
  osInfo().then(({ distro, release }) => {
    const words = [distro, release].filter((word) => word !== '' && word !== 'unknown');
    tell({ distro: words.join(' ') });
  }),
  system().then(({ manufacturer, model, virtual, virtualHost }) => {
    if (virtual) tell({ virtualization: virtualHost || 'unknown' });
    else if (model === 'Docker Container') tell({ virtualization: 'docker' });
    else if (manufacturer !== '' || model !== NO_MODEL) tell({ virtualization: 'none' });
  }),
];
// A fact that cannot be found costs itself alone.
await Promise.allSettled(told);
