// What guest.mjs needs of the harness, through one entry.
import { Daemon, type DaemonOptions } from './daemon.ts';
import { Guest } from './guest.ts';

export const resumeGuest = (): Promise<Guest> => Guest.resume();
export const resumeDaemon = (options: DaemonOptions): Promise<[Guest, Daemon]> => Daemon.resume(options);
