/** SIGHUP: the configuration is read anew by a loader process, and taken over whole or not at all. */
import type { OomwatchdEvent } from '../../core/event.ts';
import type { Policy } from '../../core/policy.ts';
import type { Notifier } from '../../linux/notify.ts';
import type { PolicyResult } from './policy-source.ts';

export interface ReloadPorts {
  readonly load: () => Promise<PolicyResult>;
  readonly current: () => Policy;
  readonly take: (policy: Policy) => void;
  readonly publish: (event: OomwatchdEvent) => void;
  readonly notifier: Notifier;
}

export const statusLine = ({ mode, hash }: Policy): Buffer =>
  Buffer.from(`READY=1\nSTATUS=${mode === 'enforce' ? 'enforcing' : 'observing'}, configuration ${hash}`);

/** MONOTONIC_USEC is the clock's own time (sd_notify(3)), not that of the loop, which counts from its start. */
const reloadingLine = (): Buffer => Buffer.from(`RELOADING=1\nMONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`);

/** A request while one is under way is not lost: the file may have changed after it was read. */
export const createReload = (ports: ReloadPorts): (() => void) => {
  let running = false;
  let again = false;
  const reload = async (): Promise<void> => {
    ports.notifier.send(reloadingLine());
    const result = await ports.load();
    if ('policy' in result) {
      ports.take(result.policy);
      const { mode, hash: configHash, files } = result.policy;
      ports.publish({ kind: 'policy_loaded', configHash, mode, files });
    } else ports.publish({ kind: 'policy_rejected', errors: result.errors });
    ports.notifier.send(statusLine(ports.current()));
  };
  const request = (): void => {
    again = running;
    if (running) return;
    running = true;
    void reload().finally(() => {
      running = false;
      if (again) request();
    });
  };
  return request;
};
